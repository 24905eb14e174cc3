package import CanonicalJSON
package import MediaResources
package import Planning

/// What really serves: the account that a region repository describes.
///
/// Every call that changes something may be made again after a crash or a lost reply, so each is idempotent: creating
/// what is there already in the wanted form, or deleting what is gone, succeeds and changes nothing. Resources go in
/// and come out *bound*, with this region's own names, and with their secrets.
package protocol LiveAccount: Sendable {
  /// How a person would name the account, such as `folder:/srv/east`.
  var place: String { get }

  /// What this kind of account can do.
  var capabilities: AccountCapabilities { get }

  /// Every resource of a kind, cheaply: enough to see which ones changed since they were last read.
  ///
  /// Costs the number of resources. Order does not matter.
  func list(_ kind: ResourceKind) async throws -> [ListedResource]

  /// Every resource of some kinds, a portion at a time, of several kinds in turn; contents last, after all the others were
  /// taken.
  ///
  /// Goes on with a list when its last portion was taken. An account whose listing says all of a resource but its secrets
  /// keeps that much of what the caller wants until it is read, so that it need not be asked again.
  func list(
    _ kinds: Set<ResourceKind>, for purpose: ListingPurpose,
    taking take: @escaping @Sendable ([ListedResource]) async throws -> Void
  ) async throws

  /// Whether a resource that a listing lacks is there all the same: asked before it counts as removed, since the lists
  /// of some accounts are no snapshots.
  func stillHolds(_ id: ResourceID) async throws -> Bool

  /// Why the account cannot do a step as it is wanted, a line each; empty where it can.
  ///
  /// Asked of every step before anything changes.
  func obstacles(to step: PlanStep) -> [String]

  /// What some steps will cost, or nil where nobody counts.
  func forecast(of steps: [PlanStep]) async throws -> RequestForecast?

  /// Whether some readings count as writes of a budget, so that they are announced, kept, and not made unasked.
  var billsReading: Bool { get }

  /// Whether reading a listed resource counts as a write, as far as the listing says.
  func countsAsWrite(readingOf listed: ListedResource) -> Bool

  /// Tells a person what reading some listed resources will cost, where that is a matter of minutes.
  func announce(readingOf listed: [ListedResource])

  /// What a listed resource is, where its key says so; nil elsewhere.
  func id(of listed: ListedResource) -> ResourceID?

  /// A listed resource as the account holds it, secrets included, or nil when it has gone meanwhile.
  func read(_ listed: ListedResource) async throws -> JSONObject?

  /// Makes sure that all of the account is there, and that it is the one that was opened.
  ///
  /// Cheap. Asked before any command looks at the account or changes it, and again before a resource that was not found
  /// counts as removed.
  /// - Throws: the account's error where it vanished meanwhile.
  func checkPresence() async throws

  /// A resource by its name as the account holds it, secrets included, or nil where there is none.
  func read(_ id: ResourceID) async throws -> JSONObject?

  /// Makes a resource. A locator goes live by this, after its media has been checked.
  func create(_ resource: Resource) async throws

  /// Gives a resource another form. For a locator the old form stays live until the new one is.
  func replace(_ resource: Resource) async throws

  /// Removes a resource. An asset's files are kept.
  func delete(_ id: ResourceID) async throws

  /// Where an asset's files are, for reading; nil where they are not there, or cannot be reached from here.
  ///
  /// What is given lives for some hours at most: it may hold a signature that expires.
  func contentPlace(of asset: Resource) async throws -> ContentPlace?

  /// Replaces an asset's files: `fill` brings the stage to the new state (it may find what an earlier run left there).
  ///
  /// A folder is private until it is full: it is checked for every locator that publishes the asset, then takes the old
  /// one's place all at once, and what is live follows: new segments, manifests, then removals. When anything fails, the
  /// old files stay as they are. Storage elsewhere is changed in its place, in that order, by `fill` itself; when that
  /// fails, making it again goes on. This returns once the service finds what players ask for.
  /// - Parameter locators: the forms that locators of the asset are about to have; they are checked instead of the
  ///   stored ones, whose publications stay as they are until then.
  func replaceContent(
    of asset: Resource, for locators: [Resource], by fill: @Sendable (ContentStage) throws -> Void
  ) async throws

  /// Brings back files of an asset that the account has lost, as `replaceContent` does for locators as they are stored; a
  /// place of them that is gone is made anew, once it is full.
  func restoreContent(of asset: Resource, by fill: @Sendable (ContentStage) throws -> Void) async throws

  /// Takes away an asset's files, where no locator publishes them.
  func removeContent(of asset: Resource) async throws

  /// Brings what a run that was cut off left half done to its end; every command that changes the account begins so.
  /// What still cannot be done shows in `unfinished`, and is told by `settle`.
  func recover() async throws

  /// The locators whose publication a run could not complete.
  func unfinished() async throws -> [ResourceID]

  /// Why locators under an encrypting policy are not published although their asset has files: those are not encrypted for
  /// them. Reads the first of those files.
  func unencrypted() async throws -> [AccountError]

  /// Makes everything durable that was done before.
  func flush() async throws

  /// The locators that are published while a key of theirs is not: it needs a key server that checks tokens.
  func locatorsNeedingKeyServer() async throws -> [ResourceID]

  /// What is published and is not what it must be, a line each; reads every published file and key.
  func publicationProblems() async throws -> [String]

  /// Does what time asks for: publishes locators whose start has come and takes down those whose end has, and tries
  /// again what is unfinished.
  func settle() async throws -> Settlement
}

extension LiveAccount {
  package func checkPresence() async throws {}

  package func stillHolds(_ id: ResourceID) async throws -> Bool { false }

  package var billsReading: Bool { false }

  package func countsAsWrite(readingOf listed: ListedResource) -> Bool { false }

  package func announce(readingOf listed: [ListedResource]) {}

  package func id(of listed: ListedResource) -> ResourceID? { nil }

  package func restoreContent(
    of asset: Resource, by fill: @Sendable (ContentStage) throws -> Void
  ) async throws {
    try await replaceContent(of: asset, for: [], by: fill)
  }

  package func unencrypted() async throws -> [AccountError] { [] }

  package func obstacles(to step: PlanStep) -> [String] { [] }

  package func forecast(of steps: [PlanStep]) async throws -> RequestForecast? { nil }
}

/// The requests that an apply will make of a service that counts them.
package struct RequestForecast: Sendable, Equatable {
  /// Lists and single resources.
  package var reads = 0
  /// Changes, and requests for secrets.
  package var writes = 0
  /// Deletions.
  package var deletes = 0
  /// How long they take by what is allowed, in seconds.
  package var seconds = 0.0
  /// All of it for people, such as `this apply needs 412 writes, 1,200 an hour are allowed, about 21 minutes`.
  package var sentence = ""

  package init() {}
}

/// What time made of an account.
package struct Settlement: Sendable {
  /// The locators that went up or down.
  package var changed: [ResourceID] = []
  /// Why others could not, a line each.
  package var problems: [String] = []

  package init() {}
}

/// What a kind of account can do; the table in the documentation is generated from these.
package struct AccountCapabilities: Sendable, Equatable {
  /// The name of the kind of account, such as `folder`.
  package let kind: String
  /// The kinds of resource that it holds.
  package let kinds: Set<ResourceKind>
  /// What a deletion of an asset does to its files.
  package let containerDeletion: ContainerDeletion
  /// How many of a kind may be there at once: in the account, of a child in its asset, of a locator for its asset.
  package let limits: [ResourceKind: Int]

  /// Whether a streaming policy can be replaced while locators use it.
  package let replacesUsedPolicies: Bool
  /// Whether an asset can be given another container.
  package let movesAssets: Bool
  /// How a thorough look sees the files of assets.
  package let filesSeen: FilesSeen

  /// How the files of assets can be looked at.
  package enum FilesSeen: String, Sendable, Equatable {
    /// Byte by byte.
    case bytes
    /// By what the storage says of them: sizes, and the digests that it knows.
    case listing
    /// Not at all.
    case none
  }

  /// What becomes of an asset's container when the asset is deleted.
  package enum ContainerDeletion: Sendable, Equatable {
    /// It stays.
    case kept
    /// It goes, and every file in it.
    case deleted
    /// It goes, unless the asset's `containerDeletionPolicy` is absent or `Retain`.
    case asAssetSays
  }

  package init(
    kind: String, kinds: Set<ResourceKind>, containerDeletion: ContainerDeletion = .kept,
    limits: [ResourceKind: Int] = [:], replacesUsedPolicies: Bool = true, movesAssets: Bool = false,
    filesSeen: FilesSeen = .bytes
  ) {
    self.kind = kind
    self.kinds = kinds
    self.containerDeletion = containerDeletion
    self.limits = limits
    self.replacesUsedPolicies = replacesUsedPolicies
    self.movesAssets = movesAssets
    self.filesSeen = filesSeen
  }
}

/// What a listing is for.
package struct ListingPurpose: Sendable {
  /// Whether the caller goes on to read a resource.
  package let wants: @Sendable (ListedResource) -> Bool
  /// What the caller saw of a kind the last time, where that still counts for something.
  package let earlier: @Sendable (ResourceKind) -> [ListedResource]

  package init(
    wants: @escaping @Sendable (ListedResource) -> Bool,
    earlier: @escaping @Sendable (ResourceKind) -> [ListedResource] = { _ in [] }
  ) {
    self.wants = wants
    self.earlier = earlier
  }
}

/// One line of a listing.
package struct ListedResource: Sendable, Hashable {
  /// The kind that was listed.
  package let kind: ResourceKind
  /// What the account finds the resource by; means nothing to anybody else, and stays the same between listings.
  package let key: String
  /// Changes whenever the resource does.
  package let stamp: ObservationStamp

  package init(kind: ResourceKind, key: String, stamp: ObservationStamp) {
    self.kind = kind
    self.key = key
    self.stamp = stamp
  }
}

/// An opaque mark that differs whenever a resource was changed, such as a file's size, times and inode.
package struct ObservationStamp: Sendable, Hashable {
  /// The mark's four words.
  package let words: SIMD4<UInt64>

  package init(_ words: SIMD4<UInt64>) { self.words = words }

  /// A mark that is never the same again: the resource is read each time.
  package static let unknown = ObservationStamp(.zero)
}
