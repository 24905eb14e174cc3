import HTTPTypes

extension ManagedAccount {
  /// Finds what a request asks for: by its path, then by its verb.
  func answer(_ call: Call) async throws -> Reply {
    var path = call.path[...]
    func take(_ word: String) -> Bool {
      guard path.first?.lowercased() == word else { return false }
      path = path.dropFirst()
      return true
    }
    if take("providers") {
      guard take("microsoft.media"), path.map({ $0.lowercased() }) == ["operations"] else {
        throw ServiceError.notFound
      }
      try allow(call, [.get])
      return providerOperations()
    }
    guard take("subscriptions"), let subscription = path.popFirst() else { throw ServiceError.notFound }
    guard subscription.lowercased() == settings.subscription.lowercased() else {
      throw ServiceError(
        .notFound, "SubscriptionNotFound", "The subscription '\(subscription)' could not be found.")
    }
    var isInGroup = false
    if take("resourcegroups") {
      guard let group = path.popFirst() else { throw ServiceError.notFound }
      guard group.lowercased() == settings.resourceGroup.lowercased() else {
        throw ServiceError(
          .notFound, "ResourceGroupNotFound", "Resource group '\(group)' could not be found.")
      }
      isInGroup = true
    }
    guard take("providers"), take("microsoft.media") else { throw ServiceError.notFound }
    if !isInGroup, take("locations") { return try answerLocation(path, call) }
    guard take("mediaservices") else { throw ServiceError.notFound }
    guard let account = path.popFirst() else {
      try allow(call, [.get])
      return try list(call)
    }
    guard account.lowercased() == name.lowercased() else {
      throw ServiceError(
        .notFound, "ResourceNotFound",
        "The Resource 'Microsoft.Media/mediaServices/\(account)' under resource group '\(settings.resourceGroup)'"
          + " was not found. This endpoint serves the account '\(name)'.")
    }
    guard let collection = path.popFirst() else { return try await answerAccount(call, isInGroup: isInGroup) }
    guard isInGroup else { throw ServiceError.notFound }
    return try await answer(collection.lowercased(), Array(path), call)
  }

  private func answer(_ collection: String, _ path: [String], _ call: Call) async throws -> Reply {
    switch collection {
    case "assets": return try await answerAssets(path, call)
    case "accountfilters": return try await answerAccountFilters(path, call)
    case "contentkeypolicies": return try await answerContentKeyPolicies(path, call)
    case "streamingpolicies": return try await answerStreamingPolicies(path, call)
    case "streaminglocators": return try await answerStreamingLocators(path, call)
    case "streamingendpoints": return try await answerStreamingEndpoints(path, call)
    case "streamingendpointoperations": return try answerEndpointOperation(path, call)
    default: return try answerOther(collection, path, call)
    }
  }

  /// Refuses verbs that a path does not have.
  func allow(_ call: Call, _ methods: [HTTPRequest.Method]) throws(ServiceError) {
    guard !methods.contains(call.method) else { return }
    var error = ServiceError(
      .methodNotAllowed, "HttpMethodNotAllowed",
      "The resource does not support \(call.method.rawValue), but \(methods.map(\.rawValue).joined(separator: ", "))."
    )
    error.target = call.rawPath
    throw error
  }
}
