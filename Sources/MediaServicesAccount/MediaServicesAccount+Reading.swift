package import CanonicalJSON
package import LiveAccount
package import MediaResources

extension MediaServicesAccount {
  package func read(_ listed: ListedResource) async throws -> JSONObject? {
    guard let id = ListingKey.id(listed.key) else {
      throw AccountError(.invalid, "\(listed.key) is no resource of \(place)")
    }
    if id.kind == .content { return try await contents(ofAsset: id.name) }
    if let document = noted.take(listed.key) { return try await withSecrets(document, id) }
    return try await read(id)
  }

  package func read(_ id: ResourceID) async throws -> JSONObject? {
    if id.kind == .content { return try await contents(ofAsset: id.name) }
    guard let document = try await redacted(id) else { return nil }
    return try await withSecrets(document, id)
  }

  package func stillHolds(_ id: ResourceID) async throws -> Bool {
    // Files were looked for one by one.
    if id.kind == .content { return false }
    return try await redacted(id) != nil
  }

  /// A resource without its secrets.
  func redacted(_ id: ResourceID) async throws -> JSONObject? {
    let answer = try await explained {
      try await client.send(
        ServiceRequest(
          method: .get, url: addresses.resource(id), effect: .read, billing: .read, what: id.summary))
    }
    if answer.isAbsent { return nil }
    var document = try object(answer, id.summary)
    // The name that was asked for: a service may show it in another case.
    document["name"] = .string(id.name)
    document["assetName"] = id.assetName.map { .string($0) }
    return document
  }

  private func object(_ answer: ServiceAnswer, _ what: String) throws(AccountError) -> JSONObject {
    do {
      if let object = try JSONValue.parse(answer.body).objectValue { return object }
    } catch {
      throw AccountError(.invalid, "\(what): \(place) answered what is no JSON (\(error))")
    }
    throw AccountError(.invalid, "\(what): \(place) answered what is no resource")
  }

  // MARK: Secrets

  /// Completes a resource with its secrets, which no list and no plain reading shows.
  private func withSecrets(_ document: JSONObject, _ id: ResourceID) async throws -> JSONObject? {
    switch id.kind {
    case .streamingLocator: try await withKeys(document, id)
    case .contentKeyPolicy where Self.mayHoldSecrets(document): try await withPolicySecrets(document, id)
    default: document
    }
  }

  /// Whether a content key policy has options with secrets; others are not worth a write of the budget.
  static func mayHoldSecrets(_ document: JSONObject) -> Bool {
    let plain = [
      "ContentKeyPolicyClearKeyConfiguration", "ContentKeyPolicyWidevineConfiguration",
      "ContentKeyPolicyPlayReadyConfiguration", "ContentKeyPolicyOpenRestriction",
    ]
    return (document["properties"]?["options"]?.arrayValue ?? []).contains { option in
      ["configuration", "restriction"].contains { member in
        let type = option[member]?["@odata.type"]?.stringValue ?? ""
        return !plain.contains { type.hasSuffix($0) }
      }
    }
  }

  private func withPolicySecrets(_ document: JSONObject, _ id: ResourceID) async throws -> JSONObject? {
    guard let answer = try await secrets(id, "getPolicyPropertiesWithSecrets") else { return nil }
    var document = document
    // The bare properties, without an envelope; a service that sends one is understood too.
    document["properties"] = .object(answer["properties"]?.objectValue ?? answer)
    let resource = try normalised(document, id)
    for secret in SecretPlaces.secrets(of: resource) where secret.value.stringValue?.isEmpty ?? true {
      throw withheld(id, "the secret at \(secret.place)")
    }
    if let finding = Validation.check(resource).first(where: Self.isOfLackingSecret) {
      throw withheld(id, "the secret at \(finding.pointer)")
    }
    return document
  }

  private static func isOfLackingSecret(_ finding: Finding) -> Bool {
    ["ask", "fairPlayPfx", "fairPlayPfxPassword", "keyValue", "exponent", "modulus", "rawBody"].contains {
      finding.message == "\"\($0)\" is missing"
    }
  }

  private func withKeys(_ document: JSONObject, _ id: ResourceID) async throws -> JSONObject? {
    guard try await isEncrypting(document) else { return document }
    guard let answer = try await secrets(id, "listContentKeys") else { return nil }
    var properties = document["properties"]?.objectValue ?? JSONObject()
    let keys = answer["contentKeys"]?.arrayValue ?? []
    for key in keys where key["value"]?.stringValue?.isEmpty ?? true {
      throw withheld(id, "the value of the content key \(key["id"]?.stringValue ?? "without an id")")
    }
    properties["contentKeys"] = .array(keys)
    var document = document
    document["properties"] = .object(properties)
    return document
  }

  /// A resource as the service would have it written: a document with nothing in a secret's place never passes for one.
  private func withheld(_ id: ResourceID, _ what: String) -> AccountError {
    AccountError(
      .refused, "\(id.summary): \(place) withholds \(what)",
      hint: "secrets need the role Contributor on the Media Services account")
  }

  /// Asks for secrets, which is billed as a write; nil where the resource has gone meanwhile.
  private func secrets(_ id: ResourceID, _ action: String) async throws -> JSONObject? {
    let what = "the secrets of \(id.summary)"
    let answer = try await explained {
      try await client.send(
        ServiceRequest(
          method: .post, url: addresses.action(id, action), effect: .read, billing: .write, what: what))
    }
    return answer.isAbsent ? nil : try object(answer, what)
  }

  /// Whether a locator's streaming policy encrypts, so that it has keys.
  private func isEncrypting(_ locator: JSONObject) async throws -> Bool {
    if locator["properties"]?["contentKeys"]?.arrayValue?.isEmpty == false { return true }
    guard let name = locator["properties"]?["streamingPolicyName"]?.stringValue else { return true }
    return try await policy(name)?.isEncrypting ?? true
  }

  /// A streaming policy as it is in the account; nil where there is none.
  func policy(_ name: String) async throws -> StreamingPolicyView? {
    if StreamingPolicyView.isPredefined(name) { return .predefined(name) }
    if let known = policies[name] { return known }
    let id = ResourceID(kind: .streamingPolicy, assetName: nil, name: name)
    guard let document = try await redacted(id) else { return nil }
    let view = StreamingPolicyView(try normalised(document, id))
    policies[name] = view
    return view
  }

  func normalised(_ document: JSONObject, _ id: ResourceID) throws(AccountError) -> Resource {
    do { return try NormalForm.normalise(document, kind: id.kind, assetName: id.assetName) } catch {
      throw AccountError(.invalid, "\(place), \(id.summary): \(error.message)")
    }
  }
}
