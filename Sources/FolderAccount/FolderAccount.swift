import CanonicalJSON
package import LiveAccount
import MediaResources
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A live account that is a folder: the embedded default.
///
/// The control plane is one canonical JSON document a resource; publishing a locator puts its player files where any
/// web server finds them, by one rename. See `FolderLayout` for what stands where. One process changes an account at a
/// time (the region's lock sees to that), with several steps at once.
package struct FolderAccount: LiveAccount {
  /// The account's folder; nothing outside it is ever touched.
  let root: RootedFolder
  /// Seconds since 1970, for `startTime` and `endTime`.
  package let now: @Sendable () -> Int64
  let cancellation: Cancellation
  let index: ReverseIndex
  let noted = NotedContainers()
  let folders = OpenFolders()
  /// Held while keys are put in their place or taken away: what one locator needs depends on the others.
  let keyLock = KeyLock()
  /// Held while a single file of an asset changes, and what is published follows.
  let fileLocks = AssetLocks()
  /// Held while what is published of an asset is made to follow its files.
  let publicationLocks = AssetLocks()

  /// The inode of the control plane's folder when the account was opened.
  private let control: UInt64

  private init(
    root: RootedFolder, control: UInt64, now: @escaping @Sendable () -> Int64, cancellation: Cancellation
  ) {
    self.root = root
    self.control = control
    self.now = now
    self.cancellation = cancellation
    index = ReverseIndex(root: root)
  }

  /// Opens the account in a folder.
  /// - Parameter git: git in the repository that says where the account is, as a shell takes it.
  /// - Throws: `AccountError` (`.missing`) where the folder is no account.
  package static func open(
    _ path: String, now: @escaping @Sendable () -> Int64, git: String = "git",
    cancellation: Cancellation = Cancellation()
  ) throws -> FolderAccount {
    let root: RootedFolder
    do { root = try RootedFolder.open(path, isTopFixed: true) } catch {
      guard error.code == .notFound else { throw error }
      throw AccountError(
        .missing, "the live account's folder \(path) is not there",
        hint: "bring it back, or say where it is: \(git) config lockstep.account folder:PATH")
    }
    guard let control = try root.stat(FolderLayout.control) else {
      throw AccountError(
        .missing, "\(path) is no folder account: it has no account/",
        hint: "say where the account is: \(git) config lockstep.account folder:PATH")
    }
    return FolderAccount(root: root, control: control.inode, now: now, cancellation: cancellation)
  }

  /// Makes an account in a new or empty folder; one that is there already is opened.
  /// - Throws: `AccountError` (`.exists`) for a folder with other things in it.
  package static func create(_ path: String, now: @escaping @Sendable () -> Int64) throws -> FolderAccount {
    // The one place that makes the folders at the top.
    let root = try RootedFolder.open(path, create: true)
    let isNew = try root.stat(FolderLayout.control) == nil
    if isNew, try !root.list().isEmpty || !root.folders().isEmpty {
      throw AccountError(
        .exists, "\(path) holds other things, and an account wants a folder of its own",
        hint: "choose a new folder for the account")
    }
    try root.makeFolder(FolderLayout.control, mode: 0o700)
    for folder in [FolderLayout.storage, FolderLayout.published, FolderLayout.keys] {
      try root.makeFolder(folder, mode: 0o755)
    }
    try root.linkFolder(FolderLayout.keys, into: FolderLayout.published)
    let account = try open(path, now: now)
    if isNew { try account.index.begin() }
    return account
  }

  /// What a folder account can do.
  package static let capabilities = AccountCapabilities(
    kind: "folder", kinds: Set(ResourceKind.allCases), movesAssets: true)

  package var place: String { "folder:\(root.path)" }

  package var capabilities: AccountCapabilities { Self.capabilities }

  /// Whether the account holds nothing at all.
  package func isEmpty() async throws -> Bool {
    for kind in ResourceKind.allCases {
      if try await !list(kind).isEmpty { return false }
    }
    return true
  }

  package func flush() async throws {
    try root.flushFileSystem()
    try index.noteFlushed()
  }

  // MARK: The control plane

  /// The control plane, open: what is read beneath it is of one and the same folder.
  /// - Throws: `AccountError` (`.missing`) where it is gone, so that nothing in it looks deleted.
  func controlPlane() throws -> RootedFolder {
    do { return try root.subfolder(FolderLayout.control) } catch {
      guard error.code == .notFound else { throw error }
      throw lostControlPlane
    }
  }

  package func checkPresence() async throws {
    guard try root.stat(FolderLayout.control)?.inode == control else { throw lostControlPlane }
    for folder in [FolderLayout.storage, FolderLayout.published, FolderLayout.keys] {
      guard try root.stat(folder)?.isFolder != true else { continue }
      throw AccountError(
        .missing, "the folder \(root.path)/\(folder) of \(place) is gone",
        hint: "bring it back as it was; nothing is written in its place meanwhile")
    }
  }

  private var lostControlPlane: AccountError {
    AccountError(
      .missing,
      "the control plane of \(place), \(root.path)/\(FolderLayout.control), has gone or is another one",
      hint: "bring it back: an account that is not there says nothing of its resources")
  }

  // MARK: Files of its own

  /// Puts a file in its place, or replaces it, by a rename; on its way it stands where no web server finds it.
  func put(_ path: String, _ bytes: [UInt8], mode: mode_t) throws(ContentError) {
    let temporary = "\(FolderLayout.staging)/\(Random.guid())"
    try root.create(temporary, bytes, mode: mode)
    do throws(ContentError) { try root.rename(from: temporary, to: path) } catch {
      try root.remove(temporary, pruning: false)
      throw error
    }
  }
}

/// Folders that stay open while an account is: those that are never replaced by others.
final class OpenFolders: Sendable {
  private let folders = Mutex<[String: RootedFolder]>([:])

  func folder(_ path: String, open: () throws -> RootedFolder) throws -> RootedFolder {
    if let folder = folders.withLock({ $0[path] }) { return folder }
    let folder = try open()
    folders.withLock { $0[path] = folder }
    return folder
  }
}

/// A lock that a value can hold a reference to.
final class KeyLock: Sendable {
  private let mutex = Mutex<Void>(())

  func locked<Result>(_ body: () throws -> Result) throws -> sending Result where Result: Sendable {
    try mutex.withLock { _ in try body() }
  }
}

/// Locks by asset; a few assets share one.
struct AssetLocks: Sendable {
  private let locks = (0..<64).map { _ in KeyLock() }

  func locked<Result>(_ asset: Resource, _ body: () throws -> Result) throws -> sending Result
  where Result: Sendable {
    try locks[Int(asset.id.hashValue.magnitude % UInt(locks.count))].locked(body)
  }
}
