import HTTP
import MediaResources

/// Where the resources of an account stand in its API.
struct ResourceAddress: Sendable {
  let settings: MediaServicesSettings

  /// The name of a kind's collection, and beneath which asset it stands.
  static func collection(_ kind: ResourceKind) -> String {
    switch kind {
    case .contentKeyPolicy: "contentKeyPolicies"
    case .streamingPolicy: "streamingPolicies"
    case .accountFilter: "accountFilters"
    case .asset, .content: "assets"
    case .assetFilter: "assetFilters"
    case .assetTrack: "tracks"
    case .streamingLocator: "streamingLocators"
    case .streamingEndpoint: "streamingEndpoints"
    }
  }

  /// The URL of a kind's list; of one asset's for its children.
  func list(_ kind: ResourceKind, asset: String? = nil) -> String {
    url(path(kind, asset: asset), version: Self.collection(kind))
  }

  /// The URL of a resource.
  func resource(_ id: ResourceID) -> String { action(id, nil) }

  /// The URL of something that is done with a resource, such as `listContentKeys`.
  func action(_ id: ResourceID, _ action: String?) -> String {
    let path = path(id.kind, asset: id.assetName) + "/" + PercentEncoding.encode(id.name)
    return url(path + (action.map { "/\($0)" } ?? ""), version: Self.collection(id.kind))
  }

  private func path(_ kind: ResourceKind, asset: String?) -> String {
    let parent = asset.map { "/assets/\(PercentEncoding.encode($0))" } ?? ""
    return settings.path + parent + "/" + Self.collection(kind)
  }

  private func url(_ path: String, version collection: String) -> String {
    settings.origin + path
      + (settings.apiVersion(of: collection).map { "?api-version=\(PercentEncoding.encode($0))" } ?? "")
  }
}
