import CanonicalJSON
import LiveAccount
import MediaResources
import Rclone
import Synchronization

/// Finds the storage in which an asset's files are, and opens it for rclone.
///
/// A storage account that a remote of the person's own is named for is reached by that; for others the service signs a URL
/// of each container, which it bills as a write. A signed URL is kept in memory only.
struct Containers: Sendable {
  /// What is done with the files.
  enum Access: String {
    case read = "Read"
    case change = "ReadWriteDelete"
  }

  /// For how long URLs are signed: services refuse a day and more.
  private static let signedSeconds = 20 * 3_600.0
  /// For how long a signed URL is used again: what begins with it may last for hours.
  private static let reusedSeconds = 3_600.0

  private struct Signed {
    let remote: RcloneRemote
    let since: Double
  }

  let settings: MediaServicesSettings
  let client: RESTClient
  let addresses: ResourceAddress
  private let signed = KnownContainers()

  private final class KnownContainers: Sendable {
    let remotes = Mutex<[String: Signed]>([:])
  }

  init(settings: MediaServicesSettings, client: RESTClient, addresses: ResourceAddress) {
    self.settings = settings
    self.client = client
    self.addresses = addresses
  }

  /// Whether files can be reached at all.
  var areReachable: Bool {
    settings[.contents] != "false" && (settings.profile.signsContainers || !settings.storageRemotes.isEmpty)
  }

  /// Whether the service is asked for the way to files in a storage account, as far as is known.
  func isSigned(storageAccount: String?) -> Bool {
    settings.profile.signsContainers
      && storageAccount.flatMap { settings.storageRemotes[$0.lowercased()] } == nil
  }

  /// An asset's container; nil where the asset is gone.
  /// - Parameter asset: as the account holds it: with its storage account and container.
  /// - Throws: `AccountError` (`.unsupported`) where nothing opens it from here.
  func remote(of asset: Resource, for access: Access) async throws -> RcloneRemote? {
    let view = AssetView(asset)
    return try await remote(
      of: asset.id, in: view.container, storageAccount: view.storageAccountName, for: access)
  }

  /// The container of an asset of which no more is known than a list shows; nil where the asset is gone.
  func remote(
    of asset: ResourceID, in container: String?, storageAccount: String?, for access: Access
  ) async throws -> RcloneRemote? {
    if let configured = try storage(storageAccount) {
      guard let container, !container.isEmpty else {
        throw AccountError(.invalid, "\(asset.summary) names no container")
      }
      return configured.appending(container)
    }
    guard settings.profile.signsContainers else { throw unreachable(asset, storage: storageAccount) }
    // An asset that was made anew may have another container.
    let key = [access.rawValue, ListingKey.text(asset), storageAccount ?? "", container ?? ""].joined(
      separator: " ")
    let now = client.clock.now()
    if let known = signed.remotes.withLock({ $0[key] }), now - known.since < Self.reusedSeconds {
      return known.remote
    }
    guard let remote = try await sign(asset, for: access, until: now + Self.signedSeconds) else {
      return nil
    }
    signed.remotes.withLock { $0[key] = Signed(remote: remote, since: now) }
    return remote
  }

  /// The remote that a person named for a storage account.
  func storage(_ account: String?) throws(AccountError) -> RcloneRemote? {
    guard let account, let text = settings.storageRemotes[account.lowercased()] else { return nil }
    do throws(RcloneError) { return try RcloneRemote(configured: text) } catch {
      throw AccountError(
        .invalid, "\(MediaServicesSettings.storageKey(account)): \(error.message)",
        hint: "git config \(MediaServicesSettings.storageKey(account)) REMOTE:")
    }
  }

  private func sign(_ asset: ResourceID, for access: Access, until: Double) async throws -> RcloneRemote? {
    let what = "the way to the files of \(asset.summary)"
    let body: JSONObject = [
      "permissions": .string(access.rawValue),
      "expiryTime": .string(UTCTime.text(nanoseconds: Int64(until) * 1_000_000_000)),
    ]
    let answer: ServiceAnswer
    do {
      answer = try await client.send(
        ServiceRequest(
          method: .post, url: addresses.action(asset, "listContainerSas"),
          body: JSONValue.object(body).compactBytes(), effect: .read, billing: .write, what: what))
    } catch let failure as ServiceFailure { throw failure.error }
    if answer.isAbsent { return nil }
    // Nothing of the answer is shown: it is what opens the container.
    guard
      let url = (try? JSONValue.parse(answer.body))?["assetContainerSasUrls"]?.arrayValue?.first?.stringValue
    else {
      throw AccountError(
        .invalid, "\(what): the service answered without a signed URL",
        hint: "name a remote of rclone for its storage account: git config"
          + " \(MediaServicesSettings.storageKey("NAME")) REMOTE:")
    }
    do throws(RcloneError) { return try RcloneRemote(azureContainer: url) } catch {
      throw AccountError(.invalid, "\(what): \(error.message)")
    }
  }

  private func unreachable(_ asset: ResourceID, storage: String?) -> AccountError {
    AccountError(
      .unsupported,
      "\(asset.summary): the service opens no containers, and nothing else is known that reaches storage account"
        + " \(storage ?? "(unnamed)")",
      hint: "git config \(MediaServicesSettings.storageKey(storage ?? "NAME")) REMOTE: (a remote that rclone"
        + " listremotes shows)")
  }
}
