import CLibgit2

/// A git repository, opened by one owner.
///
/// Not `Sendable`: libgit2 wants an object used by one thread at a time. Nothing that leaves it holds a pointer.
package final class Repository {
  let handle: Handle
  let objects: Handle

  private init(_ handle: consuming Handle) throws(GitError) {
    let pointer = handle.pointer
    objects = try Handle(freeing: git_odb_free, "cannot read the objects") {
      git_repository_odb($0, pointer)
    }
    self.handle = handle
  }

  /// Opens the repository that stands at a path: a bare one, or one with a working tree.
  /// - Throws: `GitError` (`.notFound`, `.notARepository`, …).
  package static func open(at path: String) throws(GitError) -> Repository {
    try open(path, flags: GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue)
  }

  /// Opens the repository that stands at a path or in the nearest folder above it.
  package static func discover(from path: String) throws(GitError) -> Repository { try open(path, flags: 0) }

  /// Opens the repository that git's environment names, with the objects of a push that is still in quarantine.
  package static func openByEnvironment() throws(GitError) -> Repository {
    try open(nil, flags: GIT_REPOSITORY_OPEN_FROM_ENV.rawValue)
  }

  private static func open(_ path: String?, flags: UInt32) throws(GitError) -> Repository {
    _ = Library.isReady
    do throws(GitError) {
      return try Repository(
        Handle(freeing: git_repository_free, "cannot open the repository \(path ?? "")") {
          git_repository_open_ext($0, path, flags, nil)
        })
    } catch {
      let isSearching = flags & GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue == 0
      let mayBeForeign = [.notFound, .notARepository].contains(error.code)
      throw mayBeForeign ? path.flatMap { foreignOwner(at: $0, isSearching: isSearching) } ?? error : error
    }
  }

  /// Makes a repository in a folder, which is made where it is missing.
  /// - Throws: `GitError` (`.exists`) where a repository stands there.
  package static func create(at path: String, bare: Bool, initialBranch: String) throws(GitError)
    -> Repository
  {
    _ = Library.isReady
    return try Repository(
      Handle(freeing: git_repository_free, "cannot make a repository in \(path)") { out in
        initialBranch.withCString { branch in
          var options = git_repository_init_options()
          git_repository_init_options_init(&options, UInt32(GIT_REPOSITORY_INIT_OPTIONS_VERSION))
          options.flags =
            GIT_REPOSITORY_INIT_NO_REINIT.rawValue | GIT_REPOSITORY_INIT_MKDIR.rawValue
            | GIT_REPOSITORY_INIT_MKPATH.rawValue | (bare ? GIT_REPOSITORY_INIT_BARE.rawValue : 0)
          options.initial_head = branch
          return git_repository_init_ext(out, path, &options)
        }
      })
  }

  /// The folder with the repository itself: `.git`, or the bare repository; without a final slash.
  package var gitDirectory: String { Self.folder(git_repository_commondir(handle.pointer)) ?? "" }

  /// The folder with the working tree, or nil for a bare repository; without a final slash.
  package var workingDirectory: String? { Self.folder(git_repository_workdir(handle.pointer)) }

  /// Whether this is a working tree beside the repository's own, with a HEAD of its own (`git worktree add`).
  package var isLinkedWorkingTree: Bool { git_repository_is_worktree(handle.pointer) != 0 }

  /// Whether there is no working tree.
  package var isBare: Bool { git_repository_is_bare(handle.pointer) != 0 }

  private static func folder(_ path: UnsafePointer<CChar>?) -> String? {
    guard let path else { return nil }
    var text = String(cString: path)
    while text.count > 1, text.hasSuffix("/") { text.removeLast() }
    return text
  }

  /// The folder with the objects.
  var objectsDirectory: String { gitDirectory + "/objects" }
}
