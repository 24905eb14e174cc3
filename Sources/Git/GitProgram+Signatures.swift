import Programs

/// Who signed a commit, as git says.
package struct VerifiedSignature: Sendable, Equatable {
  /// The fingerprints of the key: `SHA256:…` of an SSH key; of an OpenPGP key its own and its primary key's.
  package let fingerprints: [String]
}

extension GitProgram {
  /// The signatures of commits that are good by themselves; whose key that is, and whether to trust it, is the caller's to
  /// say by the fingerprint.
  ///
  /// Runs git with the environment as it is: within a `pre-receive` hook it sees what is still in quarantine. SSH
  /// signatures are checked against the key that they carry, whatever `gpg.ssh.allowedSignersFile` says; of OpenPGP the
  /// public key must be in the keyring of who runs this. A commit that is missing in the answer has no good signature.
  /// - Parameter other: has the commits that the repository has not got yet; git's settings are the repository's.
  /// - Throws: `GitError` (`.transport`) with what git said.
  package static func signatures(
    of commits: [ObjectID], in repository: Repository, besides other: Repository? = nil
  ) throws(GitError) -> [ObjectID: VerifiedSignature] {
    guard !commits.isEmpty else { return [:] }
    let arguments =
      [
        "git", "--git-dir", repository.gitDirectory, "-c", "gpg.ssh.allowedSignersFile=/dev/null", "-c",
        "core.pager=cat", "log", "--no-walk=unsorted", "--no-show-signature", "--no-color",
        "--format=%H %G? %GF %GP", "--stdin",
      ]
    let input = Array(commits.map { "\($0.hex)\n" }.joined().utf8)
    let outcome: ChildProgram.Outcome
    let environment = EnvironmentChanges(
      adding: other.map { ["GIT_ALTERNATE_OBJECT_DIRECTORIES": $0.objectsDirectory] } ?? [:])
    do { outcome = try ChildProgram.run(arguments, input: input, environment: environment) } catch {
      throw GitError(.transport, "cannot check signatures: \(error.message)", hint: error.hint)
    }
    guard outcome.status == 0 else {
      throw GitError(.transport, "cannot check signatures: \(outcome.errors)")
    }
    var signatures: [ObjectID: VerifiedSignature] = [:]
    for line in String(decoding: outcome.output, as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      // G: good. U: good, by a key that git knows nothing of.
      guard words.count >= 3, let id = ObjectID(hex: words[0]), words[1] == "G" || words[1] == "U" else {
        continue
      }
      signatures[id] = VerifiedSignature(fingerprints: words[2...].map(String.init))
    }
    return signatures
  }
}
