import Dispatch
import Synchronization

extension GitProgram {
  /// What the HEADs of the repositories at some URLs name, nil where there is no commit yet; all are asked at once.
  ///
  /// Takes as long as the slowest answer.
  /// - Parameter stopping: asked now and then; git is ended when it says so.
  /// - Returns: by URL; `GitError` (`.transport`) with what git said where one does not answer.
  package static func heads(
    of urls: Set<String>, as repository: Repository, stopping: @escaping @Sendable () -> Bool
  ) -> [String: Result<ObjectID?, GitError>] {
    let answers = Mutex<[String: Result<ObjectID?, GitError>]>([:])
    let folder = repository.gitDirectory
    let group = DispatchGroup()
    for url in urls {
      DispatchQueue.global().async(group: group) {
        let answer = Result { () throws(GitError) in try head(of: url, from: folder, stopping: stopping) }
        answers.withLock { $0[url] = answer }
      }
    }
    group.wait()
    return answers.withLock { $0 }
  }

  /// What the HEAD of the repository at a URL names; nil where there is no commit yet.
  package static func head(
    of url: String, as repository: Repository, stopping: @escaping () -> Bool
  ) throws(GitError) -> ObjectID? {
    try head(of: url, from: repository.gitDirectory, stopping: stopping)
  }

  private static func head(
    of url: String, from folder: String, stopping: @escaping () -> Bool
  ) throws(GitError) -> ObjectID? {
    guard !url.hasPrefix("-") else { throw GitError(.invalid, "'\(url)' is no URL") }
    let said = try run(
      ["git", "--git-dir", folder, "ls-remote", "--", url, "HEAD"],
      what: "\(url) does not answer", hint: "see what git says of it: git ls-remote \(ShellWord.quoted(url))",
      stopping: stopping)
    return said.split(separator: "\t").first.flatMap { ObjectID(hex: String($0)) }
  }
}
