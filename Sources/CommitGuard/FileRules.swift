import CanonicalJSON
import Git
import MediaResources
import RegionRepository
import Sealing

extension CommitGuard {
  /// The largest file that a region holds, in bytes: 16 MiB.
  ///
  /// The longest documents are inventories, with about 200 bytes a file: this is room for 80,000 files of one asset, while
  /// reading the largest document takes a fraction of a second and some hundred MiB.
  package static let largestFile = 16 << 20
}

/// The rules that a file keeps to by itself.
struct FileRules {
  let source: any ObjectSource
  let region: RegionName?
  /// The data keys that there are in the end.
  let keys: Set<Fingerprint>

  private typealias Finding = CommitGuard.Finding

  /// What is wrong with a file that a commit brings or takes out.
  func judge(_ change: FileChange, in commit: ObjectID) throws -> [CommitGuard.Finding] {
    guard let entry = change.new else { return removal(change, commit) }
    let path = change.path
    func finding(_ rule: CommitGuard.Rule, _ message: String, _ mend: String) -> [CommitGuard.Finding] {
      [Finding(rule, commit: commit, path: path, message, mend: mend)]
    }
    let takeOut = "git rm --cached \(Self.quoted(path)) && \(Self.amend)"
    guard change.isNamedInUTF8 else {
      return finding(.ordinaryFile, "its name is no UTF-8", takeOut)
    }
    guard Self.isPlace(path) else {
      return finding(.place, "no document of a region has its place there", takeOut)
    }
    guard entry.mode == TreeMode.file else {
      let mend =
        entry.mode == 0o100755
        ? "git update-index --chmod=-x \(Self.quoted(path)) && \(Self.amend)"
        : Self.bringBack(change, commit) ?? takeOut
      return finding(
        .ordinaryFile, "it is a link, a program or a repository, and a region holds ordinary files only", mend
      )
    }
    let size = try source.size(of: entry.id)
    guard size <= CommitGuard.largestFile else {
      return finding(
        .size, "it has \(size) bytes, and a region's files have \(CommitGuard.largestFile) at most",
        Self.bringBack(change, commit) ?? takeOut)
    }
    let (kind, bytes) = try source.read(entry.id)
    guard kind == .blob else { return finding(.ordinaryFile, "it is no file", takeOut) }
    return try judge(bytes, at: path, commit)
  }

  /// What brings back the ordinary file that a parent has; nil where none has one.
  private static func bringBack(_ change: FileChange, _ commit: ObjectID) -> String? {
    let before = change.old.filter { $0.value?.mode == TreeMode.file }.keys.min()
    return before.map {
      "git checkout \(commit.abbreviated)^\($0 + 1) -- \(quoted(change.path)) && \(amend)"
    }
  }

  // MARK: Places

  /// Whether a document of a region can stand at a path.
  static func isPlace(_ path: String) -> Bool {
    let parts = path.pathComponents
    guard !parts.contains(where: { $0.isEmpty || $0.hasPrefix(".") }) else { return false }
    if path == RegionDocument.path || path == "mirrored/fleet.json" { return true }
    guard parts.count >= 2 else { return false }
    let inner = parts.dropFirst().joined(separator: "/")
    if parts[0] == "mirrored" {
      return SealingFiles.isOne(inner) || ResourcePath.kind(ofPath: inner) != nil
    }
    guard parts[0] == "local", path.hasSuffix(".json") else { return false }
    return parts[1] == "containers" && parts.count == 5 || ResourcePath.kind(ofPlace: path) != nil
  }

  private func removal(_ change: FileChange, _ commit: ObjectID) -> [CommitGuard.Finding] {
    guard change.path == RegionDocument.path, region != nil else { return [] }
    return [
      Finding(
        .region, commit: commit, path: change.path, "it is taken out, and says which region the tree is",
        mend: "git checkout \(commit.abbreviated)~ -- \(change.path) && \(Self.amend)")
    ]
  }

  // MARK: Contents

  private func judge(_ bytes: [UInt8], at path: String, _ commit: ObjectID) throws -> [CommitGuard.Finding] {
    if path.hasPrefix("mirrored/sealing/") { return recipients(bytes, path, commit) }
    let value: JSONValue
    do { value = try JSONValue.parse(bytes) } catch {
      return [
        Finding(
          .document, commit: commit, path: path, line: error.line, "it is no JSON document: \(error)",
          mend:
            "mend it at \(path):\(error.line):\(error.column), then git commit --amend \(Self.quoted(path))")
      ]
    }
    var findings: [CommitGuard.Finding] = []
    let canonical = value.canonicalBytes()
    let isCanonical = canonical == bytes
    func line(_ pointer: String) -> Int? { isCanonical ? JSONLines.line(of: pointer, in: value) : nil }
    if !isCanonical {
      findings.append(
        Finding(
          .canonical, commit: commit, path: path, line: JSONLines.firstDifference(bytes, canonical),
          "it is not written canonically",
          mend: "lockstep fmt \(Self.quoted(path)) && git commit --amend \(Self.quoted(path))"))
    }
    for clear in ClearSecrets.found(in: bytes, path: path) {
      findings.append(
        Finding(
          .secret, commit: commit, path: path, line: line(clear.pointer), clear.message,
          mend:
            "lockstep seal \(Self.quoted(path)) && git commit --amend \(Self.quoted(path)), and replace that"
            + " secret at its source"))
    }
    if path == RegionDocument.path { return findings + claim(bytes, commit) }
    if path == "mirrored/\(Fleet.path)" {
      findings += Fleet.problems(in: value).map {
        Finding(
          .schema, commit: commit, path: path, line: line($0.pointer), $0.description,
          mend: "lockstep fleet changes it; \(Self.oldFleet(commit))")
      }
    }
    guard let kind = ResourcePath.kind(ofPlace: path) else { return findings }
    return findings + resource(value, of: kind, at: path, commit, line: line)
  }

  /// What brings back the fleet that was there before a commit.
  static func oldFleet(_ commit: ObjectID) -> String {
    "bring the old one back: git checkout \(commit.abbreviated)~ -- mirrored/\(Fleet.path) && \(amend)"
  }

  private func resource(
    _ value: JSONValue, of kind: ResourceKind, at path: String, _ commit: ObjectID,
    line: (String) -> Int?
  ) -> [CommitGuard.Finding] {
    let resource: Resource
    do throws(ResourceError) {
      guard let document = value.objectValue else {
        throw ResourceError(.notAResource, "it is no JSON object")
      }
      resource = try Resource(document: document, kind: kind)
    } catch {
      return [
        Finding(
          .document, commit: commit, path: path, line: line(""), error.message,
          mend: "give it \"name\" and \"properties\", then git commit --amend \(Self.quoted(path))")
      ]
    }
    let place = ResourcePath.place(of: resource.id)
    guard place == path else {
      return [
        Finding(
          .path, commit: commit, path: path, line: line("/name"),
          "it holds \(resource.id.summary), whose place is \(place)",
          mend: "git mv \(Self.quoted(path)) \(Self.quoted(place)) && \(Self.amend)")
      ]
    }
    var findings: [CommitGuard.Finding] = Validation.check(resource).map {
      Finding(
        .schema, commit: commit, path: path, line: line($0.pointer), "\($0.pointer): \($0.message)",
        mend: "set it as the services document it, then git commit --amend \(Self.quoted(path))")
    }
    findings += SealedValues.fingerprints(in: resource).subtracting(keys).sorted().map {
      Finding(
        .unknownKey, commit: commit, path: path,
        line: SealedValues.pointer(toValueSealedWith: $0, in: resource).flatMap(line),
        "a value is sealed with data key \($0.abbreviated), whose file is not there",
        mend:
          "seal it anew: put the secret in clear, then lockstep seal \(Self.quoted(path)) && git commit --amend"
          + " \(Self.quoted(path))")
    }
    return findings
  }

  private static let ageBeginnings = ["age-encryption.org/v1\n", "-----BEGIN AGE ENCRYPTED FILE-----\n"]

  private func recipients(_ bytes: [UInt8], _ path: String, _ commit: ObjectID) -> [CommitGuard.Finding] {
    guard path == "mirrored/\(SealingFiles.recipientsPath)" else {
      let isAge = Self.ageBeginnings.contains { bytes.starts(with: $0.utf8) }
      return isAge
        ? []
        : [
          Finding(
            .recipients, commit: commit, path: path,
            "it is no age file, and nobody could open a data key with it",
            mend: "bring the old one back: git checkout \(commit.abbreviated)~ -- \(path) && \(Self.amend)")
        ]
    }
    do throws(SealingError) {
      _ = try RecipientList.Claim(bytes: bytes)
      return []
    } catch {
      return [
        Finding(
          .recipients, commit: commit, path: path, error.message,
          mend: "lockstep keys recipients changes it; bring the old one back:"
            + " git checkout \(commit.abbreviated)~ -- \(path) && \(Self.amend)")
      ]
    }
  }

  /// What is wrong with the region that a tree claims to be.
  func claim(_ bytes: [UInt8], _ commit: ObjectID) -> [CommitGuard.Finding] {
    func finding(_ message: String, _ mend: String) -> [CommitGuard.Finding] {
      [Finding(.region, commit: commit, path: RegionDocument.path, message, mend: mend)]
    }
    let bringBack = "git checkout \(commit.abbreviated)~ -- \(RegionDocument.path) && \(Self.amend)"
    let document: RegionDocument
    do throws(RegionError) { document = try RegionDocument(bytes: bytes) } catch {
      return finding(error.message, bringBack)
    }
    guard let region, document.name != region else { return [] }
    return finding(
      "the tree claims to be region \(document.name), and this is the repository of region \(region)",
      "push it to region \(document.name), or \(bringBack)")
  }

  // MARK: Words

  static let amend = "git commit --amend"

  /// A path as a shell takes it.
  static func quoted(_ path: String) -> String { ShellWord.quoted(path) }
}
