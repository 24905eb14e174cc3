package import LiveAccount
package import MediaResources

/// How one service that speaks the AMS v3 API differs from the others; data, no code (source: facts of the services).
package struct ServiceProfile: Sendable {
  /// The services that are known.
  package enum Name: String, Sendable, CaseIterable {
    /// Azure Media Services, and private services that copy it.
    case azure
    /// MediaKind MK.IO.
    case mkio
    /// Ravnur Media Services.
    case ravnur
  }

  /// How many requests of one sort may be made in a period.
  package struct Allowance: Sendable, Equatable {
    /// The number.
    package var count: Int
    /// The period.
    package var periodSeconds: Double
  }

  /// Its name.
  package let name: Name
  /// The path of the account beneath the base URL; `{subscription}` and the like stand for settings.
  package let path: String
  /// The api-version of every request, or nil where the service takes none.
  package let apiVersion: String?
  /// How requests are authenticated where no setting says otherwise.
  package let authentication: Authentication
  /// The kinds that it holds.
  package let kinds: Set<ResourceKind>
  /// Whether a locator's content keys need `type` and `policyName`, which others refuse.
  package let namesKeyPolicies: Bool
  /// Whether `labels` beside the properties are taken.
  package let takesLabels: Bool
  /// The largest timestamp of a filter that arrives as it was sent.
  package let largestTimestamp: Int64
  /// Members of an asset that can be set at all, and those that can be changed later.
  package let assetMembers: (all: Set<String>, changeable: Set<String>)
  /// What a deletion of an asset does to its container.
  package let containerDeletion: AccountCapabilities.ContainerDeletion
  /// Members of account filters that it takes, or nil where it takes all.
  package let accountFilterMembers: Set<String>?
  /// How many of a kind may be there at once.
  package let limits: [ResourceKind: Int] = [
    .accountFilter: 100, .assetFilter: 100, .streamingPolicy: 100, .streamingLocator: 100,
  ]
  /// What may be asked how often.
  package let allowances: [Billing: Allowance]
  /// How long key delivery may go on by the old form of a changed content key policy, where the service says so.
  package var keyDeliveryLagSeconds: Double?
  /// Whether it gives signed URLs of containers (`listContainerSas`).
  package let signsContainers: Bool

  /// The profile of a name.
  package static func named(_ name: Name) -> ServiceProfile {
    switch name {
    case .azure: azure
    case .mkio: mkio
    case .ravnur: ravnur
    }
  }

  private static let accountPath =
    "/subscriptions/{subscription}/resourceGroups/{resourceGroup}/providers/Microsoft.Media/mediaServices/{account}"
  private static let everything = Set(ResourceKind.allCases).subtracting([.content])
  private static let resourceManager: [Billing: Allowance] = [
    .read: Allowance(count: 12_000, periodSeconds: 3_600),
    .write: Allowance(count: 1_200, periodSeconds: 3_600),
    .resource: Allowance(count: 12_000, periodSeconds: 3_600),
    .delete: Allowance(count: 15_000, periodSeconds: 3_600),
  ]

  private static let azure = ServiceProfile(
    name: .azure, path: accountPath, apiVersion: "2023-01-01", authentication: .clientCredentials,
    kinds: everything, namesKeyPolicies: false, takesLabels: false, largestTimestamp: .max,
    assetMembers: (
      ["alternateId", "description", "container", "storageAccountName", "encryptionScope"],
      ["alternateId", "description"]
    ), containerDeletion: .deleted, accountFilterMembers: nil, allowances: resourceManager,
    keyDeliveryLagSeconds: 15 * 60, signsContainers: true)

  private static let mkio = ServiceProfile(
    name: .mkio, path: "/api/v1/projects/{project}/media", apiVersion: nil, authentication: .token,
    kinds: everything.subtracting([.assetTrack]), namesKeyPolicies: true, takesLabels: true,
    largestTimestamp: Int64(Int32.max),
    assetMembers: (
      ["alternateId", "description", "container", "storageAccountName", "containerDeletionPolicy"],
      ["description"]
    ), containerDeletion: .asAssetSays, accountFilterMembers: nil,
    allowances: [
      .read: Allowance(count: 2_000, periodSeconds: 60), .write: Allowance(count: 1_000, periodSeconds: 60),
    ], signsContainers: false)

  private static let ravnur = ServiceProfile(
    name: .ravnur, path: accountPath, apiVersion: "2022-08-01", authentication: .ravnur,
    kinds: everything.subtracting([.assetTrack]), namesKeyPolicies: false, takesLabels: false,
    largestTimestamp: .max,
    assetMembers: (
      ["alternateId", "description", "container", "storageAccountName"], ["alternateId", "description"]
    ), containerDeletion: .deleted, accountFilterMembers: ["presentationTimeRange", "tracks"],
    allowances: resourceManager, signsContainers: true)
}

/// How requests prove who makes them.
package enum Authentication: String, Sendable, CaseIterable {
  /// OAuth client credentials of Microsoft Entra, or another authority.
  case clientCredentials
  /// A bearer token that somebody else keeps fresh.
  case token
  /// Ravnur's exchange of an API key for a token.
  case ravnur
}

/// What a request counts as against what a service allows.
package enum Billing: String, Sendable, CaseIterable {
  /// Lists and single resources.
  case read
  /// What changes something, and every request for secrets.
  case write
  /// Making and deleting of assets and locators, where that is counted by itself.
  case resource
  /// Other deletions, where they are counted by themselves.
  case delete
}

extension Billing {
  /// What so many of it are called.
  func noun(_ count: Int) -> String {
    guard count == 1 else { return noun }
    switch self {
    case .read: return "read"
    case .write: return "write"
    case .resource: return "request for assets and locators"
    case .delete: return "delete"
    }
  }

  /// What it is called when there are several.
  var noun: String {
    switch self {
    case .read: "reads"
    case .write: "writes"
    case .resource: "requests for assets and locators"
    case .delete: "deletes"
    }
  }
}
