import CanonicalJSON
import FolderAccount
import HTTPTypes
import LiveAccount
import MediaResources

/// Streaming endpoints: what they are configured to is kept and shown; what serves players is a web server over
/// `published/`, whatever state they are in.
extension ManagedAccount {
  func answerStreamingEndpoints(_ path: [String], _ call: Call) async throws -> Reply {
    guard let name = path.first else {
      try allow(call, [.get])
      _ = try ListOptions(call, .plain)
      return Reply(.ok, ["value": .array(try streamingEndpoints().map { shown($0, call) })])
    }
    if path.count == 3, path[1].lowercased() == "operationlocations" {
      try allow(call, [.get])
      let operation = try operations.operation(path[2])
      guard operation.isOver else { return Reply(.accepted) }
      return Reply(.ok, try streamingEndpoint(name).map { shown($0, call) })
    }
    if path.count == 2 { return try await act(path[1].lowercased(), on: name, call) }
    guard path.count == 1 else { throw ServiceError.notFound }
    switch call.method {
    case .get: return Reply(.ok, shown(try existingEndpoint(name), call))
    case .put: return try await put(endpoint: name, call)
    case .patch: return try await patch(endpoint: name, call)
    case .delete: return try await delete(endpoint: name, call)
    default:
      try allow(call, [.get, .put, .patch, .delete])
      throw ServiceError.notFound
    }
  }

  func answerEndpointOperation(_ path: [String], _ call: Call) throws -> Reply {
    try allow(call, [.get])
    guard path.count == 1 else { throw ServiceError.notFound }
    let operation = try operations.operation(path[0])
    let url = operationURL(operation, call)
    return Reply(.ok, operation.status).following(url, result: url)
  }

  // MARK: Reading

  private func streamingEndpoints() throws -> [StreamingEndpointForm] {
    var names: [String] = []
    try account.forEachName(of: .streamingEndpoint) { names.append($0) }
    if !names.contains(StreamingEndpointForm.defaultName) { names.append(StreamingEndpointForm.defaultName) }
    return try names.sorted().compactMap(streamingEndpoint)
  }

  /// An endpoint; the default one is there without a document, too, stopped as in a new account.
  private func streamingEndpoint(_ name: String) throws -> StreamingEndpointForm? {
    let id = Self.endpointID(name)
    let stored = try account.resource(id)
    guard stored != nil || name == StreamingEndpointForm.defaultName else { return nil }
    let assigned = try account.assigned(to: id)
    let modified = UTCTime.text(nanoseconds: try account.modified(id) ?? 0)
    let unsaid: JSONObject = [
      "location": .string(settings.location), "properties": ["scaleUnits": 0], "tags": [:],
    ]
    return StreamingEndpointForm(
      name: name, document: stored?.document ?? unsaid,
      created: assigned?["created"]?.stringValue ?? modified,
      lastModified: assigned?["lastModified"]?.stringValue ?? modified,
      state: assigned?["resourceState"]?.stringValue ?? "Stopped")
  }

  private static func endpointID(_ name: String) -> ResourceID {
    ResourceID(kind: .streamingEndpoint, assetName: nil, name: name)
  }

  private func existingEndpoint(_ name: String) throws -> StreamingEndpointForm {
    guard let endpoint = try streamingEndpoint(name) else { throw ServiceError.notFound }
    return endpoint
  }

  private func thing(_ name: String) -> String { "streaming-endpoint/\(name)" }

  private func shown(_ endpoint: StreamingEndpointForm, _ call: Call, isAnswerToChange: Bool = false)
    -> JSONValue
  {
    let host = settings.originHost ?? String(call.base.split(separator: "/").last ?? "")
    return endpoint.shown(
      accountID: id, host: host, running: operations.running(on: thing(endpoint.name))?.state, call.version,
      isAnswerToChange: isAnswerToChange)
  }

  // MARK: Changing

  private func store(_ endpoint: StreamingEndpointForm, in account: FolderAccount) async throws {
    var document = endpoint.document
    document["name"] = .string(endpoint.name)
    let resource = try Resource(document: document, kind: .streamingEndpoint)
    try await account.replace(resource)
    try account.assign(endpoint.assigned, to: resource.id)
  }

  private func put(endpoint name: String, _ call: Call) async throws -> Reply {
    guard name.utf8.count <= 24, name.wholeMatch(of: /[a-zA-Z0-9]+(-*[a-zA-Z0-9])*/) != nil else {
      throw ServiceError.invalidProperty(
        "name", "A streaming endpoint's name has at most 24 letters, digits and hyphens.")
    }
    let starts = call.query["autostart"]?.lowercased() == "true"
    let sent = try StreamingEndpointForm.rewritten(call.properties)
    guard let location = call.member("location")?.stringValue else {
      throw ServiceError.invalidProperty("location", "The location of a streaming endpoint is missing.")
    }
    guard sent["scaleUnits"] != nil else {
      throw ServiceError.invalidProperty(
        "properties.scaleUnits", "The scale units of a streaming endpoint are missing.")
    }
    return try await operate(on: name, showing: "InProgress", call) { account in
      let old = try streamingEndpoint(name)
      let time = UTCTime.text(nanoseconds: now())
      var endpoint =
        old
        ?? StreamingEndpointForm(
          name: name, document: [:], created: time, lastModified: time, state: "Stopped")
      if let old {
        try check(location: location, sent, stayOf: old)
      } else {
        let count = try streamingEndpoints().count
        guard count < settings.limits.streamingEndpoints else {
          throw ServiceError(
            .badRequest, "QuotaExceeded",
            "The limit of \(settings.limits.streamingEndpoints) streaming endpoints in an account is reached."
          )
        }
        if starts { endpoint.state = "Running" }
      }
      endpoint.document = [
        "location": .string(StreamingEndpointForm.location(location)), "properties": .object(sent),
        "tags": call.member("tags") ?? [:],
      ]
      endpoint.lastModified = time
      try await store(endpoint, in: account)
      return call.version.showsNulls ? (old == nil ? .created : .ok) : .accepted
    }
  }

  private func patch(endpoint name: String, _ call: Call) async throws -> Reply {
    try await operate(on: name, showing: "InProgress", call) { account in
      var endpoint = try existingEndpoint(name)
      let sent = try StreamingEndpointForm.rewritten(call.properties)
      try check(location: call.member("location")?.stringValue, sent, stayOf: endpoint)
      var properties = endpoint.properties
      for (key, value) in call.properties where value == .null { properties[key] = nil }
      for (key, value) in sent { properties[key] = value }
      endpoint.properties = properties
      if let tags = call.member("tags") { endpoint.document["tags"] = tags }
      endpoint.lastModified = UTCTime.text(nanoseconds: now())
      try await store(endpoint, in: account)
      return .accepted
    }
  }

  private func check(location: String?, _ sent: JSONObject, stayOf old: StreamingEndpointForm)
    throws(ServiceError)
  {
    var problems: [String] = []
    if let location, StreamingEndpointForm.location(location) != old.document["location"]?.stringValue {
      problems.append("Property 'StreamingEndpoint.Location' is read-only and cannot be changed.")
    }
    if let units = sent["scaleUnits"], units != old.properties["scaleUnits"] {
      problems.append(
        "Property 'StreamingEndpoint.Properties.ScaleUnits' is read-only and cannot be changed.")
    }
    if !problems.isEmpty { throw ServiceError.badRequest(problems.joined(separator: "; ")) }
  }

  private func delete(endpoint name: String, _ call: Call) async throws -> Reply {
    guard try streamingEndpoint(name) != nil else { return Reply(.noContent) }
    return try await operate(on: name, showing: "Deleting", call, answersBody: false) { account in
      let endpoint = try existingEndpoint(name)
      if name == StreamingEndpointForm.defaultName {
        throw ServiceError.badRequest(
          "The streaming endpoint 'default' belongs to the account and cannot be deleted.")
      }
      guard endpoint.state == "Stopped" else {
        throw ServiceError.badRequest(
          "The streaming endpoint '\(name)' is running. Stop it before it is deleted.")
      }
      _ = try await remove(Self.endpointID(name), from: account)
      return .accepted
    }
  }

  private func act(_ verb: String, on name: String, _ call: Call) async throws -> Reply {
    if verb == "skus" {
      try allow(call, [.get])
      _ = try existingEndpoint(name)
      return Reply(.ok, ["value": .array(["Standard", "Premium"].map(Self.sku))])
    }
    guard let shown = ["start": "Starting", "stop": "Stopping", "scale": "Scaling"][verb] else {
      throw ServiceError.notFound
    }
    try allow(call, [.post])
    return try await operate(on: name, showing: shown, call, answersBody: false) { account in
      var endpoint = try existingEndpoint(name)
      switch verb {
      case "start": endpoint.state = "Running"
      case "stop": endpoint.state = "Stopped"
      default:
        guard let units = call.member("scaleUnit")?.int64Value, (0...10).contains(units) else {
          throw ServiceError.invalidProperty("scaleUnit", "The scale unit is a number from 0 to 10.")
        }
        endpoint.properties["scaleUnits"] = .number(.int64(units))
      }
      endpoint.lastModified = UTCTime.text(nanoseconds: now())
      try await store(endpoint, in: account)
      return .accepted
    }
  }

  private static func sku(_ name: String) -> JSONValue {
    let isPremium = name == "Premium"
    return [
      "capacity": [
        "default": isPremium ? 1 : 600, "maximum": isPremium ? 10 : 600, "minimum": isPremium ? 1 : 600,
        "scaleType": .string(isPremium ? "Manual" : "None"),
      ], "resourceType": "Microsoft.Media/mediaservices/streamingEndpoints", "sku": ["name": .string(name)],
    ]
  }

  // MARK: Operations

  private func operationURL(_ operation: OperationRegister.Operation, _ call: Call) -> String {
    "\(call.base)\(id)/streamingendpointoperations/\(operation.id)?api-version=\(call.version.text)"
  }

  private func operate(
    on name: String, showing shown: String, _ call: Call, answersBody: Bool = true,
    _ body: @Sendable (FolderAccount) async throws -> HTTPResponse.Status
  ) async throws -> Reply {
    let (status, operation) = try await change { account in
      try operations.checkIdle(thing(name))
      let status = try await body(account)
      return (status, operations.begin(on: thing(name), showing: shown))
    }
    var reply = Reply(status)
    if answersBody {
      reply.body = try streamingEndpoint(name).map { self.shown($0, call, isAnswerToChange: true) }
    }
    let url = operationURL(operation, call)
    let result =
      "\(call.base)\(id)/streamingEndpoints/\(name)/operationLocations/\(operation.id)?api-version=\(call.version.text)"
    return reply.following(url, result: call.version.showsSystemData ? result : url)
  }
}
