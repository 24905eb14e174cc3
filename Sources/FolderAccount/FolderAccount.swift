import CanonicalJSON
package import LiveAccount
import MediaResources

/// A live account that is a folder: the embedded default.
///
/// The control plane is one canonical JSON document a resource; publishing a locator puts its player files where any
/// web server finds them, by one rename. See `FolderLayout` for what stands where.
package struct FolderAccount: LiveAccount {
  /// The account's folder; nothing outside it is ever touched.
  let root: RootedFolder
  /// Seconds since 1970, for `startTime` and `endTime`.
  let now: @Sendable () -> Int64

  private init(root: RootedFolder, now: @escaping @Sendable () -> Int64) {
    self.root = root
    self.now = now
  }

  /// Opens the account in a folder.
  /// - Throws: `AccountError` (`.missing`) where the folder is no account.
  package static func open(_ path: String, now: @escaping @Sendable () -> Int64) throws -> FolderAccount {
    let root: RootedFolder
    do { root = try RootedFolder.open(path) } catch {
      guard error.code == .notFound else { throw error }
      throw AccountError(
        .missing, "the live account's folder \(path) is not there",
        hint: "bring it back, or say where it is: git config lockstep.account folder:PATH")
    }
    guard try root.stat(FolderLayout.control) != nil else {
      throw AccountError(
        .missing, "\(path) is no folder account: it has no account/",
        hint: "say where the account is: git config lockstep.account folder:PATH")
    }
    return FolderAccount(root: root, now: now)
  }

  /// Makes an account in a new or empty folder; one that is there already is opened.
  package static func create(_ path: String, now: @escaping @Sendable () -> Int64) throws -> FolderAccount {
    let root = try RootedFolder.open(path, create: true)
    try root.makeFolder(FolderLayout.control, mode: 0o700)
    for folder in [FolderLayout.storage, FolderLayout.published, FolderLayout.keys] {
      try root.makeFolder(folder, mode: 0o755)
    }
    try root.linkFolder(FolderLayout.keys, into: FolderLayout.published)
    return FolderAccount(root: root, now: now)
  }

  /// What a folder account can do.
  package static let capabilities = AccountCapabilities(
    kind: "folder", kinds: Set(ResourceKind.allCases), replacesImmutableKinds: true, encryptsOnTheFly: false)

  package var place: String { "folder:\(root.path)" }

  package var capabilities: AccountCapabilities { Self.capabilities }

  /// Whether the account holds nothing at all.
  package func isEmpty() async throws -> Bool {
    for kind in ResourceKind.allCases {
      if try await !list(kind).isEmpty { return false }
    }
    return true
  }

  var index: ReverseIndex { ReverseIndex(root: root) }
}
