extension GitProgram {
  /// The commit that HEAD names in another repository, or nil where that has none.
  ///
  /// Asks for one line and transfers no object.
  /// - Parameters:
  ///   - repository: whose configuration says how to reach it.
  ///   - stopping: asked now and then; the program is ended when it says so.
  /// - Throws: `GitError` (`.transport`) with what git said.
  package static func head(
    of url: String, from repository: Repository, stopping: @escaping () -> Bool
  ) throws(GitError) -> ObjectID? {
    guard !url.hasPrefix("-") else { throw GitError(.invalid, "'\(url)' is no URL") }
    let said = try run(
      ["git", "--git-dir", repository.gitDirectory, "ls-remote", "--", url, "HEAD"],
      what: "cannot ask \(url)", hint: "see what git says of it: git ls-remote '\(url)'", stopping: stopping)
    for line in said.split(separator: "\n") {
      let words = line.split(separator: "\t")
      if words.count == 2, words[1] == "HEAD" { return ObjectID(hex: words[0]) }
    }
    return nil
  }
}
