import Programs

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The `git` program: used to fetch from URLs, where the user's SSH, proxies and credential helpers must work, and for
/// the upkeep of a repository, which libgit2 has no part of.
package enum GitProgram {
  /// git's own environment of a repository (`git rev-parse --local-env-vars`), which a child must not inherit.
  package static let localVariables: Set<String> = [
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT",
    "GIT_OBJECT_DIRECTORY", "GIT_DIR", "GIT_WORK_TREE", "GIT_IMPLICIT_WORK_TREE", "GIT_GRAFT_FILE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS", "GIT_REPLACE_REF_BASE", "GIT_PREFIX", "GIT_SHALLOW_FILE", "GIT_COMMON_DIR",
    "GIT_INTERNAL_SUPER_PREFIX", "GIT_QUARANTINE_PATH",
  ]

  /// Fetches from a URL into a repository.
  ///
  /// Only the transports file, git, http, https and ssh are allowed, and the URL can be no option.
  /// - Parameter stopping: asked now and then; the program is ended when it says so.
  /// - Throws: `GitError` (`.transport`) with what git said.
  package static func fetch(
    into repository: Repository, url: String, refspecs: [String], stopping: (() -> Bool)? = nil
  ) throws(GitError) {
    guard !url.hasPrefix("-") else { throw GitError(.invalid, "'\(url)' is no URL") }
    try run(
      [
        // What is fetched comes as one pack, flushed to disk before a ref names it.
        "git", "--git-dir", repository.gitDirectory, "-c", "fetch.unpackLimit=1", "-c", "core.fsync=all",
        "fetch",
        "--quiet", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--", url,
      ] + refspecs, what: "cannot fetch from \(url)",
      hint: "see what git says of it: git ls-remote \(ShellWord.quoted(url))",
      stopping: stopping)
    try repository.refresh()
  }

  /// Whether the repository at a URL has a commit that its HEAD names; true where it does not answer.
  package static func hasHead(_ url: String, as repository: Repository) throws(GitError) -> Bool {
    guard !url.hasPrefix("-") else { return true }
    let outcome = try outcome(of: ["ls-remote", "--", url, "HEAD"], in: repository)
    return outcome.status != 0 || !outcome.output.isEmpty
  }

  /// Starts git's own upkeep beside this process, where a repository has grown many packs; nobody waits for it.
  package static func startMaintenance(of repository: Repository) {
    let packs = FolderNames.list(repository.objectsDirectory + "/pack").count { $0.hasSuffix(".pack") }
    guard packs > packsBeforeMaintenance else { return }
    try? ChildProgram.startDetached(
      ["git", "--git-dir", repository.gitDirectory, "maintenance", "run", "--auto", "--quiet"],
      environment: environment)
  }

  /// A limit in time, in the words of git's `log`.
  package enum TimeLimit {
    case since(String), until(String)
  }

  /// The seconds since 1970 that git understands by words such as `yesterday`, `2026-11-25` or `2 weeks ago`.
  /// - Throws: `GitError` (`.invalid`).
  package static func seconds(of limit: TimeLimit, in repository: Repository) throws(GitError) -> Int64 {
    let argument =
      switch limit {
      case .since(let words): "--since=\(words)"
      case .until(let words): "--until=\(words)"
      }
    let said = try run(
      ["git", "--git-dir", repository.gitDirectory, "rev-parse", argument],
      what: "cannot tell which time is meant")
    guard let digits = said.split(separator: "=").last, let seconds = Int64(digits) else {
      throw GitError(.invalid, "git does not understand the time in '\(argument)'")
    }
    return seconds
  }

  /// git's own limit (gc.autoPackLimit).
  private static let packsBeforeMaintenance = 50

  private static let environment = EnvironmentChanges(
    removing: localVariables, adding: ["GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh"])

  /// Whether a person can be asked for a passphrase.
  ///
  /// What git starts must stay with the terminal then. Elsewhere git runs apart, so that an `ssh` that hangs can be ended
  /// with it.
  static var hasTerminal: Bool {
    let descriptor = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard descriptor >= 0 else { return false }
    close(descriptor)
    return true
  }

  /// Runs git in a repository to its end.
  static func outcome(
    of arguments: [String], in repository: Repository
  ) throws(GitError) -> ChildProgram.Outcome {
    do {
      return try ChildProgram.run(
        ["git", "--git-dir", repository.gitDirectory] + arguments, environment: environment)
    } catch {
      throw GitError(.transport, error.message, hint: error.hint)
    }
  }

  /// Runs git, which must succeed.
  /// - Returns: what it said on standard output, without the last line's end.
  @discardableResult
  static func run(
    _ arguments: [String], what: String, hint: String? = nil, stopping: (() -> Bool)? = nil
  ) throws(GitError) -> String {
    let outcome: ChildProgram.Outcome
    do {
      outcome = try ChildProgram.run(
        arguments, environment: environment, isApart: stopping != nil && !hasTerminal, stopping: stopping)
    } catch {
      throw GitError(.transport, "\(what): \(error.message)", hint: error.hint)
    }
    var output = outcome.output
    while output.last == UInt8(ascii: "\n") { output.removeLast() }
    let text = String(decoding: output, as: UTF8.self)
    guard outcome.status != 0 else { return text }
    let said = [text, outcome.errors].filter { !$0.isEmpty }
      .joined(separator: "\n")
    throw GitError(.transport, "\(what): \(said.isEmpty ? "git failed" : said)", hint: hint)
  }
}
