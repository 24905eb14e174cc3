import CanonicalJSON
import FolderAccount
import HTTPTypes
import LiveAccount
import MediaResources

/// Filters of the account and of one asset: replaced as a whole, and patched.
extension ManagedAccount {
  func answerAccountFilters(_ path: [String], _ call: Call) async throws -> Reply {
    try await answerFilters(
      .accountFilter, asset: nil, path, call, limit: settings.limits.accountFilters,
      "account filters in an account")
  }

  func answerAssetFilters(of asset: String, _ path: [String], _ call: Call) async throws -> Reply {
    _ = try existing(Self.assetID(asset))
    return try await answerFilters(
      .assetFilter, asset: asset, path, call, limit: settings.limits.assetFilters,
      "asset filters for an asset")
  }

  private func answerFilters(
    _ kind: ResourceKind, asset: String?, _ path: [String], _ call: Call, limit: Int, _ noun: String
  ) async throws -> Reply {
    guard let name = path.first else {
      try allow(call, [.get])
      return try list(kind, asset: asset, call, .plain) { shown(filter: $0, $1, call.version) }
    }
    guard path.count == 1 else { throw ServiceError.notFound }
    let id = ResourceID(kind: kind, assetName: asset, name: name)
    switch call.method {
    case .get:
      let filter = try existing(id)
      return Reply(.ok, shown(filter: filter, try assignment(of: filter), call.version))
    case .put:
      return try await change { account in
        if let asset { _ = try existing(Self.assetID(asset)) }
        let old = try account.resource(id)
        if old == nil { try check(kind, asset: asset, limit: limit, noun) }
        let filter = try resource(id, properties: call.properties)
        let assignment = try old.map { try changedAssignment(of: $0) } ?? newAssignment()
        try await store(filter, assignment, in: account)
        return Reply(old == nil ? .created : .ok, shown(filter: filter, assignment, call.version))
      }
    case .patch:
      return try await change { account in
        let old = try existing(id)
        let filter = try patched(old, by: call.properties)
        let assignment = try changedAssignment(of: old)
        try await store(filter, assignment, in: account)
        return Reply(.ok, shown(filter: filter, assignment, call.version))
      }
    case .delete: return try await deletion(id)
    default:
      try allow(call, [.get, .put, .patch, .delete])
      throw ServiceError.notFound
    }
  }

  private func shown(filter: Resource, _ assignment: Assignment, _ version: APIVersion) -> JSONValue {
    var properties = filter.properties
    if properties["tracks"] == nil { properties["tracks"] = [] }
    return envelope(filter, properties, assignment, version)
  }
}
