#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The `git` program: used to fetch from URLs, where the user's SSH, proxies and credential helpers must work, and for
/// the upkeep of a repository, which libgit2 has no part of.
package enum GitProgram {
  /// git's own environment of a repository (`git rev-parse --local-env-vars`), which a child must not inherit.
  static let localVariables: Set<String> = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR",
    "GIT_INTERNAL_SUPER_PREFIX", "GIT_QUARANTINE_PATH",
  ]

  /// Fetches from a URL into a repository.
  ///
  /// Only the transports file, git, http, https and ssh are allowed, and the URL can be no option.
  /// - Throws: `GitError` (`.transport`) with what git said.
  package static func fetch(into repository: Repository, url: String, refspecs: [String]) throws(GitError) {
    guard !url.hasPrefix("-") else { throw GitError(.invalid, "'\(url)' is no URL") }
    try run(
      [
        // What is fetched comes as one pack, flushed to disk before a ref names it.
        "git", "--git-dir", repository.gitDirectory, "-c", "fetch.unpackLimit=1", "-c", "core.fsync=all",
        "fetch",
        "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--", url,
      ] + refspecs, what: "cannot fetch from \(url)")
    try repository.refresh()
  }

  /// Starts git's own upkeep beside this process, where a repository has grown many packs; nobody waits for it.
  package static func startMaintenance(of repository: Repository) {
    let packs = FileCopy.names(in: repository.objectsDirectory + "/pack").count { $0.hasSuffix(".pack") }
    guard packs > packsBeforeMaintenance else { return }
    _ = try? spawn(
      ["git", "--git-dir", repository.gitDirectory, "maintenance", "run", "--auto", "--quiet"], output: nil,
      what: "upkeep")
  }

  /// git's own limit (gc.autoPackLimit).
  private static let packsBeforeMaintenance = 50

  private static func run(_ arguments: [String], what: String) throws(GitError) {
    var pipes: [Int32] = [0, 0]
    guard pipe(&pipes) == 0 else { throw Library.systemError(what) }
    defer { close(pipes[0]) }
    let started = Result { () throws(GitError) in
      try spawn(arguments, output: pipes[1], closing: pipes[0], what: what)
    }
    close(pipes[1])
    let process = try started.get()
    let said = output(of: pipes[0])
    var ended: Int32 = 0
    while waitpid(process, &ended, 0) < 0, errno == EINTR {}
    guard ended == 0 else {
      throw GitError(.transport, "\(what): \(said.isEmpty ? "git failed" : said)")
    }
  }

  /// Starts git; what it says goes to a descriptor, or nowhere, and then it has a session of its own.
  private static func spawn(
    _ arguments: [String], output: Int32?, closing other: Int32? = nil, what: String
  ) throws(GitError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    if let output {
      posix_spawn_file_actions_adddup2(&actions, output, 2)
      posix_spawn_file_actions_addclose(&actions, output)
      if let other { posix_spawn_file_actions_addclose(&actions, other) }
    } else {
      posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    }
    posix_spawn_file_actions_adddup2(&actions, 2, 1)
    // Worker threads block signals, and git would inherit that: Ctrl-C must reach it.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    sigemptyset(&signals)
    posix_spawnattr_setsigmask(&attributes, &signals)
    let flags = Int16(POSIX_SPAWN_SETSIGMASK) | (output == nil ? ownSession : 0)
    posix_spawnattr_setflags(&attributes, flags)
    var process = pid_t()
    let status = withCStrings(arguments) { argv in
      withCStrings(environment()) { envp in posix_spawnp(&process, "git", &actions, &attributes, argv, envp) }
    }
    guard status == 0 else {
      throw GitError(
        .transport, "\(what): the git program cannot be started: \(String(cString: strerror(status)))",
        hint: "install git")
    }
    return process
  }

  #if canImport(Glibc)
    /// POSIX_SPAWN_SETSID, which Swift does not see.
    private static let ownSession: Int16 = 0x80
  #else
    private static let ownSession = Int16(POSIX_SPAWN_SETSID)
  #endif

  private static func environment() -> [String] {
    var variables: [String] = []
    var next = environ
    while let variable = next.pointee {
      let text = String(cString: variable)
      let name = text.prefix { $0 != "=" }
      if !localVariables.contains(String(name)), name != "GIT_ALLOW_PROTOCOL" { variables.append(text) }
      next += 1
    }
    return variables + ["GIT_ALLOW_PROTOCOL=file:git:http:https:ssh"]
  }

  private static func output(of descriptor: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      if bytes.count < 64 * 1024 { bytes += buffer[..<count] }
    }
    while bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func withCStrings<Result>(
    _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = strings.map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers + [nil])
  }
}
