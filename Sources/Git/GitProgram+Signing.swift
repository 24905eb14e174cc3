import Programs

extension GitProgram {
  /// Makes a tag and signs it as git's configuration says (`gpg.format`, `user.signingKey`).
  /// - Throws: `GitError` (`.signature`) with what git said.
  package static func signTag(
    _ name: String, of commit: ObjectID, message: String, in repository: Repository
  ) throws(GitError) {
    let outcome = try outcome(of: ["tag", "-s", "-m", message, name, commit.hex], in: repository)
    var said = outcome.errors
    if outcome.status == 0 {
      // git 2.39 makes a tag without a signature where an SSH key cannot be read, and calls that success.
      guard let tag = try repository.reference("refs/tags/\(name)"), try !isSigned(tag, in: repository) else {
        return
      }
      try repository.setReference("refs/tags/\(name)", to: nil, expecting: tag, log: "")
      if said.isEmpty { said = "git made a tag without a signature" }
    }
    throw GitError(
      .signature, "cannot sign the tag \(name): \(said)",
      hint: signingHint)
  }

  /// Makes a commit and signs it as git's configuration says (`gpg.format`, `user.signingKey`); no ref names it yet.
  ///
  /// Durable when it returns. Author and committer are those of git's configuration.
  /// - Throws: `GitError` (`.signature`) with what git said.
  package static func signedCommit(
    tree: ObjectID, parent: ObjectID, message: String, in repository: Repository
  ) throws(GitError) -> ObjectID {
    let outcome = try outcome(
      of: ["-c", "core.fsync=all", "commit-tree", "-S", "-p", parent.hex, "-m", message, tree.hex],
      in: repository)
    let text = String(decoding: outcome.output.filter { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    guard outcome.status == 0, let id = ObjectID(hex: text) else {
      throw GitError(.signature, "cannot sign the commit: \(outcome.errors)", hint: signingHint)
    }
    try repository.refresh()
    return id
  }

  private static let signingHint =
    "tell git what to sign with, for an SSH key: git config --global gpg.format ssh && git config --global"
    + " user.signingKey ~/.ssh/id_ed25519.pub"

  /// Whether a tag holds a signature, good or bad.
  private static func isSigned(_ tag: ObjectID, in repository: Repository) throws(GitError) -> Bool {
    let (kind, bytes) = try repository.read(tag)
    guard kind == .tag else { return false }
    let begin = Array("-----BEGIN ".utf8)
    return bytes.split(separator: UInt8(ascii: "\n")).contains { $0.starts(with: begin) }
  }

  /// The tags whose signatures git does not verify, with what it says of each.
  ///
  /// Asks git for many at once, and one by one only where it finds something.
  package static func unverifiedTags(
    _ names: [String], in repository: Repository
  ) throws(GitError) -> [String: String] {
    var unverified: [String: String] = [:]
    var rest = names[...]
    while !rest.isEmpty {
      let batch = rest.prefix(verifiedAtOnce)
      rest = rest.dropFirst(batch.count)
      if try outcome(of: ["verify-tag", "--"] + batch, in: repository).status == 0 { continue }
      for name in batch {
        let outcome = try outcome(of: ["verify-tag", "--", name], in: repository)
        guard outcome.status != 0 else { continue }
        let said = outcome.errors.split(separator: "\n").last.map(String.init) ?? "it is not signed"
        unverified[name] = said
      }
    }
    return unverified
  }

  private static let verifiedAtOnce = 100
}
