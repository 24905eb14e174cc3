import CanonicalJSON
package import HTTP
package import LiveAccount
import MediaResources
import Planning
import Synchronization

/// A live account behind a REST API of the AMS v3 kind: Azure's own, MK.IO, Ravnur, or a private one.
///
/// Lists stream page by page; secrets are asked for by the requests that the service bills as writes, and only where a
/// resource may have some. A write whose answer was lost is looked for, not repeated.
package struct MediaServicesAccount: LiveAccount {
  package let capabilities: AccountCapabilities
  let settings: MediaServicesSettings
  let client: RESTClient
  let addresses: ResourceAddress
  let notices: Notices
  let cancellation: Cancellation
  /// What listings said of resources that will be read next, until then.
  let noted = NotedDocuments()
  /// Policies that locators use, read once a run.
  let policies = KnownPolicies()
  /// How the files of assets are reached.
  let containers: Containers
  /// What the last lists said that tells whether files may have changed.
  let marks = ListingMarks()
  /// Assets whose files this run brought, and which the service must find before players do.
  let packaged = PackagedAssets()

  /// - Parameters:
  ///   - budgetPath: the file that keeps the budget of requests, shared by all runs of a region; nil for memory only.
  ///   - environment: reads a variable of the environment, for secrets that are named so.
  ///   - notices: shows a line to a person.
  package init(
    settings: MediaServicesSettings, transport: any HTTPTransport, budgetPath: String?,
    clock: ServiceClock = .system, environment: @escaping @Sendable (String) -> String?,
    cancellation: Cancellation, notices say: @escaping @Sendable (String) -> Void
  ) {
    let notices = Notices(say)
    self.settings = settings
    self.notices = notices
    self.cancellation = cancellation
    addresses = ResourceAddress(settings: settings)
    client = RESTClient(
      settings: settings, transport: transport,
      budget: RequestBudget(allowances: settings.allowances, path: budgetPath, now: clock.now), clock: clock,
      environment: environment, cancellation: cancellation, notices: notices)
    containers = Containers(settings: settings, client: client, addresses: addresses)
    let profile = settings.profile
    capabilities = AccountCapabilities(
      kind: "media-services (\(profile.name.rawValue))",
      kinds: containers.areReachable ? profile.kinds.union([.content]) : profile.kinds,
      containerDeletion: profile.containerDeletion, limits: profile.limits,
      replacesUsedPolicies: false, filesSeen: containers.areReachable ? .listing : .none)
  }

  package var place: String { "media-services:\(settings.origin)\(settings.path)" }

  /// Whether the account holds nothing at all.
  package func isEmpty() async throws -> Bool {
    for kind in capabilities.kinds where !kind.isChildOfAsset && kind != .content {
      if try await !list(kind).isEmpty { return false }
    }
    return true
  }

  /// The failure of a request in the words of an account.
  func explained<Result>(_ body: () async throws -> Result) async throws -> Result {
    do { return try await body() } catch let failure as ServiceFailure { throw failure.error }
  }
}

/// Documents of a listing, kept until they are read; as bytes, which take a quarter of the memory.
final class NotedDocuments: Sendable {
  private let documents = Mutex<[String: [UInt8]]>([:])

  func note(_ key: String, _ document: [UInt8]) { documents.withLock { $0[key] = document } }

  /// A document that stays noted.
  func look(_ key: String) -> JSONObject? {
    documents.withLock { $0[key] }.flatMap { (try? JSONValue.parse($0))?.objectValue }
  }

  func take(_ key: String) -> JSONObject? {
    let bytes = documents.withLock { $0.removeValue(forKey: key) }
    return bytes.flatMap { (try? JSONValue.parse($0))?.objectValue }
  }
}

/// Streaming policies that were read, by name.
final class KnownPolicies: Sendable {
  private let policies = Mutex<[[UInt8]: StreamingPolicyView]>([:])

  subscript(name: String) -> StreamingPolicyView? {
    get { policies.withLock { $0[Array(name.utf8)] } }
    set { policies.withLock { $0[Array(name.utf8)] = newValue } }
  }
}

/// Assets with a server manifest (`.ism`), whose paths a service lists only after a while (facts: trap 17).
final class PackagedAssets: Sendable {
  private let names = Mutex<Set<[UInt8]>>([])

  func insert(_ name: String) { names.withLock { _ = $0.insert(Array(name.utf8)) } }

  func contains(_ name: String) -> Bool { names.withLock { $0.contains(Array(name.utf8)) } }
}
