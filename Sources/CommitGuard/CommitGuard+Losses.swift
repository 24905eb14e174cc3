package import Git
import RegionRepository
import Sealing

extension CommitGuard {
  /// What would be lost of `sealing/`, from what a ref names to what it shall name; reads a few small files.
  package func losses(from old: ObjectID, to new: ObjectID) throws -> [Finding] {
    guard rules.contains(.lostKey) else { return [] }
    let reader = CommitReader(source)
    let before = try source.sealingFiles(in: reader.halves(of: old).mirrored)
    let after = try source.sealingFiles(in: reader.halves(of: new).mirrored)
    func finding(_ path: String, _ message: String) -> Finding {
      Finding(
        .lostKey, commit: new, path: "mirrored/\(path)", message,
        mend:
          "data keys stay when other things are taken back: git checkout \(old.abbreviated) -- mirrored/\(path)"
          + " && \(FileRules.amend)")
    }
    var findings = before.keys.keys.sorted().compactMap { fingerprint -> Finding? in
      let path = SealingFiles.path(of: fingerprint)
      guard let file = after.keys[fingerprint] else {
        return finding(path, "a data key is never taken out")
      }
      // Wrapping anew comes with a list of a higher number.
      return file != before.keys[fingerprint] && before.recipients == after.recipients
        ? finding(path, "it is another file, though the list of recipients is the same") : nil
    }
    if before.recipients != nil, after.recipients == nil {
      findings.append(finding(SealingFiles.recipientsPath, "the list of recipients is never taken out"))
    }
    return findings
  }
}
