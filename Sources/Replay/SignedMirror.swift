package import Git
package import RegionRepository

/// Signed tags of what was mirrored: `lockstep/mirror/<source>/<first digits of the tip>`.
///
/// A signed commit would not have the id that deriving it gives everywhere; a tag beside it vouches for the tip, and so
/// for all of its history, and changes no commit. git signs and verifies, by its own settings: `gpg.format` (`ssh` or
/// `openpgp`), `user.signingKey`, `gpg.ssh.allowedSignersFile`.
package enum SignedMirror {
  /// What the refs begin with.
  package static let prefix = "refs/tags/lockstep/mirror/"

  /// The tag of a tip that was mirrored from a region.
  package static func tag(of tip: ObjectID, from source: RegionName) -> String {
    "lockstep/mirror/\(source)/\(tip.hex.prefix(16))"
  }

  /// Makes and signs the tag of a tip, where it is not there.
  ///
  /// The caller holds the region's lock.
  /// - Returns: the tag's name, and whether it was not there before.
  /// - Throws: `ReplayError` (`.unsigned`) with what git said.
  package static func sign(
    _ tip: ObjectID, from source: RegionName, in target: RegionRepository
  ) throws -> (name: String, isNew: Bool) {
    let tag = tag(of: tip, from: source)
    do throws(GitError) {
      let isNew = try target.git.reference("refs/tags/\(tag)") == nil
      if isNew {
        try GitProgram.signTag(
          tag, of: tip, message: "What region \(target.name) has mirrored from \(source), up to \(tip)",
          in: target.git)
      }
      return (tag, isNew)
    } catch {
      throw ReplayError(
        .unsigned,
        "region \(target.name) holds every commit of \(source), and its newest one, \(tip.abbreviated), is not signed:"
          + " \(error.message)",
        hint: (error.hint.map { "\($0); then " } ?? "")
          + "run the same mirror again with --sign: it signs what is there")
    }
  }

  /// Verifies every such tag of a region: signed by somebody whom git's configuration trusts, and the tag of a commit in
  /// the region's history by the name that it has.
  static func verify(
    in region: RegionRepository, history: Set<ObjectID>, _ report: inout AuditReport
  ) throws {
    let tags = try region.git.references(beneath: prefix)
    guard !tags.isEmpty else { return }
    report.tagsChecked += tags.count
    let names = tags.map { String($0.name.dropFirst("refs/tags/".count)) }
    let unverified = try GitProgram.unverifiedTags(names, in: region.git)
    for (tag, name) in zip(tags, names) {
      let commit = try target(of: tag.id, in: region.git)
      let problem: String
      if let said = unverified[name] {
        problem = "has no signature that git trusts: \(said)"
      } else if commit.map({ !history.contains($0.commit) }) ?? true {
        problem = "leads to no commit in the history of region \(region.name)"
      } else if commit.map({ $0.name != name || !name.hasSuffix("/" + $0.commit.hex.prefix(16)) }) ?? true {
        problem = "was made for something else"
      } else {
        continue
      }
      report.findings.append(
        AuditFinding(
          kind: .signature, region: region.name, commit: commit?.commit,
          message: "\(region.name): the tag \(name) of \(commit?.commit.hex ?? tag.id.hex) \(problem)"))
    }
  }

  /// The commit that a tag object names, and the name that the tag gives itself; nil for what is no tag of a commit.
  private static func target(
    of id: ObjectID, in source: some ObjectSource
  ) throws -> (commit: ObjectID, name: String)? {
    let (kind, bytes) = try source.read(id)
    guard kind == .tag else { return nil }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 3).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard lines.count >= 3, lines[0].hasPrefix("object "), lines[1] == "type commit",
      lines[2].hasPrefix("tag "), let commit = ObjectID(hex: lines[0].dropFirst("object ".count))
    else { return nil }
    return (commit, String(lines[2].dropFirst("tag ".count)))
  }
}
