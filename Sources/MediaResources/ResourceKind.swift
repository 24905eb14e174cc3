/// The kinds of resource, in the order in which one needs the other.
///
/// The raw value is the folder under `mirrored/`, or under `local/` for a kind that is each region's own.
package enum ResourceKind: String, CaseIterable, Sendable {
  /// Who may have a content key.
  case contentKeyPolicy = "content-key-policies"
  /// How media is encrypted and which protocols serve it.
  case streamingPolicy = "streaming-policies"
  /// A filter that every asset can use.
  case accountFilter = "account-filters"
  /// A container of encoded files.
  case asset = "assets"
  /// The inventory of an asset's files, named as its asset.
  case content = "contents"
  /// A filter of one asset.
  case assetFilter = "asset-filters"
  /// A track of one asset.
  case assetTrack = "asset-tracks"
  /// What makes an asset playable under an id, with its keys.
  case streamingLocator = "streaming-locators"
  /// What players connect to: each region has its own.
  case streamingEndpoint = "streaming-endpoints"

  /// The noun by which commands name one resource: `locator/NAME`.
  package var noun: String {
    switch self {
    case .contentKeyPolicy: "content-key-policy"
    case .streamingPolicy: "streaming-policy"
    case .accountFilter: "account-filter"
    case .asset: "asset"
    case .content: "content"
    case .assetFilter: "asset-filter"
    case .assetTrack: "asset-track"
    case .streamingLocator: "locator"
    case .streamingEndpoint: "streaming-endpoint"
    }
  }

  /// The kind of a noun; `streaming-locator` counts too.
  package init?(noun: some StringProtocol) {
    let noun = noun == "streaming-locator" ? "locator" : String(noun)
    guard let kind = Self.allCases.first(where: { $0.noun == noun }) else { return nil }
    self = kind
  }

  /// Whether regions share the resources of this kind; those of others are a region's own, and never mirrored.
  package var isShared: Bool { self != .streamingEndpoint }

  /// The half of a region's tree with the resources of this kind.
  package var half: String { isShared ? "mirrored" : "local" }

  /// Whether a resource of this kind belongs to an asset, and is named within it.
  package var isChildOfAsset: Bool { self == .assetFilter || self == .assetTrack }

  /// Whether files of this kind are spread over two levels of folders.
  package var isFannedOut: Bool {
    switch self {
    case .contentKeyPolicy, .streamingPolicy, .accountFilter, .streamingEndpoint: false
    case .asset, .content, .assetFilter, .assetTrack, .streamingLocator: true
    }
  }
}

extension ResourceKind: Comparable {
  private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }

  package static func < (a: ResourceKind, b: ResourceKind) -> Bool { a.rank < b.rank }
}
