#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension Repository {
  /// Why a repository that stands at a path is not opened, though it is there: somebody else owns it.
  ///
  /// libgit2 says so for some configurations, and for others that there is no repository.
  /// - Parameter isSearching: whether the folders above count, too.
  /// - Returns: nil where no repository is there, or where it is this user's.
  static func foreignOwner(at path: String, isSearching: Bool) -> GitError? {
    guard let raw = realpath(path, nil) else { return nil }
    defer { free(raw) }
    var folder = String(cString: raw)
    while true {
      if isRepository(folder) {
        guard let owner = owner(of: folder), owner != geteuid() else { return nil }
        return GitError(
          .notARepository,
          "the repository \(folder) belongs to another user (\(owner)), and git does not trust it",
          hint: "if you do: git config --global --add safe.directory \(ShellWord.quoted(folder))")
      }
      guard isSearching, folder != "/", let slash = folder.lastIndex(of: "/") else { return nil }
      folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
    }
  }

  private static func isRepository(_ folder: String) -> Bool {
    access("\(folder)/.git", F_OK) == 0
      || ["HEAD", "objects", "refs"].allSatisfy { access("\(folder)/\($0)", F_OK) == 0 }
  }

  private static func owner(of path: String) -> uid_t? {
    var info = stat()
    return stat(path, &info) == 0 ? info.st_uid : nil
  }
}
