import Programs

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
    try? ChildProgram.startDetached(
      ["git", "--git-dir", repository.gitDirectory, "maintenance", "run", "--auto", "--quiet"],
      environment: environment)
  }

  /// git's own limit (gc.autoPackLimit).
  private static let packsBeforeMaintenance = 50

  private static let environment = EnvironmentChanges(
    removing: localVariables, adding: ["GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh"])

  private static func run(_ arguments: [String], what: String) throws(GitError) {
    let outcome: ChildProgram.Outcome
    do { outcome = try ChildProgram.run(arguments, environment: environment) } catch {
      throw GitError(.transport, "\(what): \(error.message)", hint: error.hint)
    }
    guard outcome.status != 0 else { return }
    var output = outcome.output
    while output.last == UInt8(ascii: "\n") { output.removeLast() }
    let said = [String(decoding: output, as: UTF8.self), outcome.errors].filter { !$0.isEmpty }
      .joined(separator: "\n")
    throw GitError(.transport, "\(what): \(said.isEmpty ? "git failed" : said)")
  }
}
