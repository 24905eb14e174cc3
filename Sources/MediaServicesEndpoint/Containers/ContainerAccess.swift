import CanonicalJSON
import Crypto
import FolderAccount
import Foundation
import HTTP
import LiveAccount
import MediaResources

/// Who may do what with containers: two keys of the endpoint's own, and shared access signatures by them.
///
///     let access = try ContainerAccess(region)
///     try access.sharedAccessURLs(
///       storageAccount: "main", container: "film", permissions: .readWrite, expiry: "2026-11-27T12:00:00Z",
///       at: "http://127.0.0.1:8080")   // two URLs, one by each key
///
/// The keys lie in the account's control plane, readable for its owner alone, and are read for every request: changing
/// one takes every URL that was signed by it out of force at once, while those by the other hold.
package struct ContainerAccess: Sendable {
  /// What a shared access signature lets its holder do, by the media service's words.
  package enum Permissions: String, Sendable, CaseIterable {
    /// Reading and listing.
    case read = "Read"
    /// Reading, listing and writing.
    case readWrite = "ReadWrite"
    /// Reading, listing, writing and deleting.
    case readWriteDelete = "ReadWriteDelete"

    var letters: String {
      switch self {
      case .read: "rl"
      case .readWrite: "rwl"
      case .readWriteDelete: "rwdl"
      }
    }
  }

  /// A signature lives less than this many seconds (source: the media service's `listContainerSas`).
  package static let longestLifeSeconds: Int64 = 24 * 3_600

  private static let path = "container-keys"
  private static let keyBytes = 64

  private let folder: RootedFolder
  private let now: @Sendable () -> Int64

  /// Opens an account's keys; they are made where there are none.
  package init(_ region: ServedRegion) throws {
    folder = try region.account.endpointFolder()
    now = region.account.now
    if try folder.stat(Self.path) == nil {
      try store([Random.bytes(Self.keyBytes), Random.bytes(Self.keyBytes)])
    }
    _ = try keys()
  }

  /// The URLs of a container with a signature by each key.
  /// - Parameters:
  ///   - expiry: a UTC time such as `2026-11-27T12:00:00Z`, less than a day ahead.
  ///   - origin: the endpoint's own address without a slash at its end, such as `http://127.0.0.1:8080`.
  /// - Throws: `AccountError` (`.invalid`) for an expiry that has passed, is too far ahead, or is no time.
  package func sharedAccessURLs(
    storageAccount: String, container: String, permissions: Permissions, expiry: String, at origin: String
  ) throws -> [String] {
    let signature = SharedAccessSignature(permissions: permissions.letters, expiry: expiry)
    guard signature.holds(at: now()), !signature.holds(at: now() + Self.longestLifeSeconds) else {
      throw AccountError(
        .invalid, "expiryTime '\(expiry)' must be a UTC time that is less than 24 hours ahead",
        hint: "ask for one such as \(ServerTime.iso(now() + 3_600))")
    }
    let place = PercentEncoding.encode("\(storageAccount)/\(container)", keeping: "/")
    return try keys().map { key in
      let code = signature.signed(with: key, storageAccount: storageAccount, container: container)
      return "\(origin)/\(place)?\(signature.query(signature: code))"
    }
  }

  /// Checks that a request may do something with a container.
  /// - Parameter permissions: letters of which the signature must have one.
  /// - Returns: the signature that says so.
  @discardableResult
  func check(
    _ query: RequestQuery, allows permissions: String, storageAccount: String, container: String,
    isEncrypted: Bool = true
  ) throws -> SharedAccessSignature {
    let signature = try SharedAccessSignature(query)
    guard try signature.isSigned(by: keys(), storageAccount: storageAccount, container: container) else {
      throw BlobError(
        .authenticationFailed,
        "the signature is not this endpoint's for container \(storageAccount)/\(container)")
    }
    guard signature.holds(at: now()) else {
      throw BlobError(
        .authenticationFailed,
        "the signature holds \(signature.start.isEmpty ? "" : "from \(signature.start) ")until \(signature.expiry),"
          + " and it is \(ServerTime.iso(now())); ask listContainerSas for another")
    }
    guard isEncrypted || signature.allowsPlainHTTP else {
      throw BlobError(.protocolMismatch, "the signature holds for https only")
    }
    guard permissions.contains(where: { signature.permissions.contains($0) }) else {
      throw BlobError(
        .permissionMismatch,
        "the signature allows '\(signature.permissions)'; this needs '\(permissions)' or one of its letters")
    }
    return signature
  }

  // MARK: Keys

  /// Gives a key another value: URLs that were signed by it hold no more.
  /// - Parameter number: 1 or 2.
  package func renewKey(_ number: Int) throws {
    guard (1...2).contains(number) else {
      throw AccountError(.invalid, "there are keys 1 and 2, and no \(number)")
    }
    var values = try stored()
    values[number - 1] = Random.bytes(Self.keyBytes)
    try store(values)
  }

  private func keys() throws -> [SymmetricKey] { try stored().map { SymmetricKey(data: $0) } }

  private func stored() throws -> [[UInt8]] {
    let document = try? JSONValue.parse(folder.read(Self.path))
    let values = (document?["keys"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap(Base64.decode) }
    guard values.count == 2, values.allSatisfy({ $0.count == Self.keyBytes }) else {
      throw AccountError(
        .invalid, "\(folder.path)/\(Self.path) does not hold the two keys of containers",
        hint:
          "take it away: the next start makes new ones, and every URL of a container must be asked for anew")
    }
    return values
  }

  private func store(_ keys: [[UInt8]]) throws {
    let document = JSONValue.object(["keys": .array(keys.map { .string(Base64.encode($0)) })])
    let temporary = "\(Self.path)-\(Random.guid())"
    try folder.create(temporary, document.canonicalBytes(), mode: 0o600)
    do { try folder.rename(from: temporary, to: Self.path) } catch {
      try folder.remove(temporary, pruning: false)
      throw error
    }
  }
}
