import HTTP
import MediaResources

/// What a listed resource is found by: its id in plain ASCII, since Swift holds two texts for one that Unicode calls
/// equivalent, and the services do not.
enum ListingKey {
  static func text(_ id: ResourceID) -> String {
    ([id.kind.noun] + [id.assetName, id.name].compactMap(\.self).map { PercentEncoding.encode($0) }).joined(
      separator: "/")
  }

  static func id(_ key: String) -> ResourceID? {
    let parts = key.split(separator: "/").map(String.init)
    guard let kind = parts.first.flatMap({ ResourceKind(noun: $0) }),
      parts.count == (kind.isChildOfAsset ? 3 : 2)
    else { return nil }
    let names = parts.dropFirst().compactMap { PercentEncoding.decode($0) }
    guard let name = names.last, names.count == parts.count - 1 else { return nil }
    return ResourceID(kind: kind, assetName: kind.isChildOfAsset ? names.first : nil, name: name)
  }
}
