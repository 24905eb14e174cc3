import CanonicalJSON
import LiveAccount
import MediaResources

/// The filters or tracks that assets had when an account was observed last, for those assets that are as they were then.
struct EarlierChildren {
  /// Assets as they were, by key.
  private let assets: [String: ObservationStamp]
  /// Their children, by the asset's key.
  private let children: [String: [ListedResource]]

  init(_ kind: ResourceKind, _ purpose: ListingPurpose) {
    assets = Dictionary(purpose.earlier(.asset).map { ($0.key, $0.stamp) }) { first, _ in first }
    children = Dictionary(grouping: purpose.earlier(kind)) { child in
      ListingKey.id(child.key)?.assetName.map(Self.key) ?? ""
    }
  }

  private static func key(ofAsset name: String) -> String {
    ListingKey.text(ResourceID(kind: .asset, assetName: nil, name: name))
  }

  /// The children of an asset as a list shows it; nil where it is new or another one, and has to be asked for them.
  func children(of item: JSONObject) -> [ListedResource]? {
    guard let name = item["name"]?.stringValue else { return nil }
    let key = Self.key(ofAsset: name)
    guard assets[key] == ListingMarks.stamp(of: JSONValue.object(item).compactBytes()) else { return nil }
    return children[key] ?? []
  }
}
