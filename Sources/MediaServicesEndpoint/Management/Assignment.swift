import CanonicalJSON
import Crypto
import FolderAccount
import LiveAccount
import MediaResources

/// What the service itself sets for a resource.
struct Assignment: Sendable {
  /// `assetId` or `policyId`.
  var id: String
  /// When the resource was made; seven digits of a second.
  var created: String
  /// When it was changed last.
  var lastModified: String
  /// `policyOptionId` of each option of a content key policy.
  var optionIDs: [String] = []

  /// `systemData` of the envelope.
  var systemData: JSONObject {
    [
      "createdAt": .string(created), "createdBy": "lockstep-serve", "createdByType": "Application",
      "lastModifiedAt": .string(lastModified), "lastModifiedBy": "lockstep-serve",
      "lastModifiedByType": "Application",
    ]
  }

  /// The document that keeps it, with a digest of the resource that it was set for.
  func document(of resource: Resource) -> JSONObject {
    [
      "created": .string(created), "id": .string(id), "lastModified": .string(lastModified),
      "of": .string(Self.digest(resource)), "optionIds": .array(optionIDs.map { .string($0) }),
    ]
  }

  static func digest(_ resource: Resource) -> String {
    Hexadecimal.text(SHA256.hash(data: resource.canonicalBytes()))
  }
}

extension ManagedAccount {
  /// What a new resource gets.
  func newAssignment(options: Int = 0) -> Assignment {
    let time = UTCTime.text(nanoseconds: now())
    return Assignment(
      id: Random.guid(), created: time, lastModified: time,
      optionIDs: (0..<options).map { _ in Random.guid() })
  }

  /// What a resource has that is changed now: new ids for its options, as the service gives them.
  func changedAssignment(of old: Resource, options: Int = 0) throws -> Assignment {
    var assignment = try assignment(of: old)
    assignment.lastModified = UTCTime.text(nanoseconds: now())
    assignment.optionIDs = (0..<options).map { _ in Random.guid() }
    return assignment
  }

  /// What was set for a resource; where nothing was (`lockstep apply` made it, say), what follows from account, name and
  /// the time of its document.
  func assignment(of resource: Resource) throws -> Assignment {
    let kind = resource.id.kind.rawValue
    let owner = resource.id.assetName ?? ""
    let modified = UTCTime.text(nanoseconds: try account.modified(resource.id) ?? 0)
    let count = resource.properties["options"]?.arrayValue?.count ?? 0
    let derived = (0..<count).map { derivedGUID(kind, owner, resource.id.name, String($0)) }
    let kept = try account.assigned(to: resource.id)
    guard let kept, let created = kept["created"]?.stringValue, let id = kept["id"]?.stringValue else {
      return Assignment(
        id: containerGUID(of: resource) ?? derivedGUID(kind, owner, resource.id.name), created: modified,
        lastModified: modified, optionIDs: derived)
    }
    guard kept["of"]?.stringValue == Assignment.digest(resource) else {
      // Somebody else changed it since.
      return Assignment(id: id, created: min(created, modified), lastModified: modified, optionIDs: derived)
    }
    return Assignment(
      id: id, created: created, lastModified: kept["lastModified"]?.stringValue ?? created,
      optionIDs: (kept["optionIds"]?.arrayValue ?? []).compactMap(\.stringValue))
  }

  /// The id in a container's usual name, `asset-` and the asset's id.
  private func containerGUID(of resource: Resource) -> String? {
    guard resource.id.kind == .asset, let container = AssetView(resource).container,
      container.hasPrefix("asset-"), container.utf8.count == 42
    else { return nil }
    return String(container.dropFirst(6))
  }
}
