import Foundation
import Support
import Testing

/// Commits made by hand: secrets are sealed before they enter a commit, and refused where they did not.
@Suite struct HandmadeTests {
  private static let policy = "mirrored/content-key-policies/tokens.json"
  private static let hooks = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("hooks").path

  /// Git with `lockstep` on its path, as its hooks need it.
  private func git(
    _ arguments: [String], in folder: String, environment: [String: String] = [:]
  ) throws -> Program.Outcome {
    let path = URL(fileURLWithPath: Program.lockstep).deletingLastPathComponent().path
    let variables = ["PATH": "\(path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"]
    return try Program.run(
      "git", arguments, in: folder, environment: variables.merging(environment) { $1 })
  }

  private func install(_ hook: String, in repository: String) throws {
    let folder = try Program.git("rev-parse", "--absolute-git-dir", in: repository) + "/hooks"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: "\(Self.hooks)/\(hook)", toPath: "\(folder)/\(hook)")
  }

  private func captured(_ secret: String = "b25l") throws -> TwoRegions {
    let regions = try TwoRegions()
    try regions.tokens(secret: secret)
    try regions.succeed(["capture", "-C", regions["east"]])
    return regions
  }

  /// Writes a secret in clear into the document in the working tree.
  private func writeClear(_ secret: String, in regions: TwoRegions, file: String = Self.policy) throws {
    let sealed = try regions.sealedValue()
    let text = try regions.folder.read("east/\(file)")
    try regions.folder.write(text.replacingOccurrences(of: sealed, with: secret), to: "east/\(file)")
  }

  @Test func `seal seals what stands in clear in a document, and leaves the rest`() throws {
    let regions = try captured()
    let before = try regions.folder.read("east/\(Self.policy)")
    try writeClear("b25l", in: regions)
    try regions.succeed(["seal", regions["east"] + "/" + Self.policy])
    #expect(try regions.folder.read("east/\(Self.policy)") == before, "the same secret is the same line")
    try writeClear("dHdv", in: regions)
    try regions.succeed(["seal", regions["east"] + "/" + Self.policy])
    let after = try regions.folder.read("east/\(Self.policy)")
    #expect(after != before && !after.contains("dHdv"))
    try Program.git("commit", "--all", "--quiet", "-m", "Another secret", in: regions["east"])
    #expect(try regions.reveal().output == "dHdv\n")
    try regions.succeed(["apply", "-C", regions["east"], "--force-identity", "--force-deletions"])
    #expect(try regions.folder.read("east-account/account/content-key-policies/tokens.json").contains("dHdv"))
  }

  @Test func `a name with a line break is no line of its own in what the pre-commit hook says`() throws {
    let regions = try captured()
    try install("pre-commit", in: regions["east"])
    try regions.folder.write("{\"a\":1}", to: "east/local/a\nerror: forged.json")
    try Program.git("add", "-A", in: regions["east"])
    let outcome = try git(["commit", "--quiet", "-m", "A note"], in: regions["east"])
    #expect(
      outcome.status == 0 && outcome.errors.contains("local/a?error: forged.json: formatted"),
      "\(outcome.errors)")
  }

  @Test func `the pre-commit hook formats and seals what is staged`() throws {
    let regions = try captured()
    try install("pre-commit", in: regions["east"])
    try writeClear("  dHdv", in: regions)
    try regions.folder.write(
      #"{"properties":{},"name":"plain"}"#, to: "east/mirrored/account-filters/plain.json")
    try Program.git("add", "-A", in: regions["east"])
    let outcome = try git(["commit", "-m", "By hand"], in: regions["east"])
    #expect(outcome.status == 0 && outcome.errors.contains("\(Self.policy): sealed"), "\(outcome.errors)")
    #expect(outcome.errors.contains("plain.json: formatted") && outcome.errors.contains("git gc --prune=now"))
    #expect(try !Program.git("show", "HEAD", in: regions["east"]).contains("dHdv"))
    #expect(try Program.git("status", "--porcelain", in: regions["east"]).isEmpty)
    #expect(try regions.reveal().output == "  dHdv\n")
    // git commit --all hands the hook an index of its own.
    try writeClear("dHJpcGxl", in: regions)
    let all = try git(["commit", "--all", "-m", "By hand"], in: regions["east"])
    #expect(all.status == 0, "\(all.errors)")
    #expect(try regions.reveal().output == "dHJpcGxl\n")
    #expect(try Program.git("status", "--porcelain", in: regions["east"]).isEmpty)
  }

  @Test func `a commit with a secret that cannot be sealed here does not happen`() throws {
    let regions = try captured()
    try install("pre-commit", in: regions["east"])
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    try writeClear("dHdv", in: regions)
    let stranger = try regions.person("stranger")
    let outcome = try git(
      ["commit", "--all", "-m", "By hand"], in: regions["east"], environment: stranger.environment)
    #expect(
      outcome.status != 0 && outcome.errors.contains("--add \(stranger.recipient)"), "\(outcome.errors)")
    #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
    try regions.folder.write("{", to: "east/\(Self.policy)")
    let broken = try git(["commit", "--all", "-m", "By hand"], in: regions["east"])
    #expect(broken.status != 0 && broken.errors.contains("\(Self.policy):1"), "\(broken.errors)")
  }

  @Test func `a push that brings a secret in clear is refused, by file and place`() throws {
    let regions = try captured()
    try install("pre-receive", in: regions["east"])
    try Program.git("config", "receive.denyCurrentBranch", "updateInstead", in: regions["east"])
    let clone = regions.folder["clone"]
    try Program.git("clone", "--quiet", regions["east"], clone, in: "/")
    let text = try regions.folder.read("clone/\(Self.policy)")
    let sealed = try regions.sealedValue()
    try regions.folder.write(text.replacingOccurrences(of: sealed, with: "dHdv"), to: "clone/\(Self.policy)")
    try Program.git("commit", "--all", "--quiet", "-m", "In clear", in: clone)
    // Taking it back in a second commit does not take it out of the history.
    try regions.folder.write(text, to: "clone/\(Self.policy)")
    try Program.git("commit", "--all", "--quiet", "-m", "Sealed again", in: clone)
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    let refused = try git(["push", "origin", "HEAD"], in: clone)
    #expect(refused.status != 0 && refused.errors.contains(Self.policy), "\(refused.errors)")
    #expect(refused.errors.contains("/options/token/restriction/primaryVerificationKey/keyValue"))
    #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
    try Program.git("reset", "--quiet", "--hard", "origin/HEAD", in: clone)
    try regions.folder.write(
      "{\n  \"name\": \"plain\",\n  \"properties\": {}\n}\n", to: "clone/mirrored/account-filters/plain.json")
    try Program.git("add", "-A", in: clone)
    try Program.git("commit", "--quiet", "-m", "A filter", in: clone)
    let accepted = try git(["push", "origin", "HEAD"], in: clone)
    #expect(accepted.status == 0, "\(accepted.errors)")
  }

  @Test func `what was committed in clear is neither applied nor mirrored`() throws {
    let regions = try captured()
    try regions.commit(Self.policy) {
      $0.replacingOccurrences(of: (try? regions.sealedValue()) ?? "?", with: "dHdv")
    }
    try regions.refuse(["apply", "-C", regions["east"]], status: 4, "stands in clear", "lockstep seal")
    try regions.refuse(
      ["mirror", regions["east"], regions["west"]], status: 4, "stands in clear", Self.policy)
    #expect(
      try !Program.git("cat-file", "--batch-all-objects", "--batch", in: regions["west"]).contains("dHdv"))
    #expect(try regions.folder.read("east-account/account/content-key-policies/tokens.json").contains("b25l"))
  }

  @Test func `a commit of named files only is refused where a secret would stay in git's index`() throws {
    let regions = try captured()
    try install("pre-commit", in: regions["east"])
    try writeClear("dHdv", in: regions)
    let refused = try git(["commit", "-m", "By hand", Self.policy], in: regions["east"])
    #expect(refused.status != 0 && refused.errors.contains("git add FILE"), "\(refused.errors)")
    try Program.git("add", Self.policy, in: regions["east"])
    #expect(try git(["commit", "-m", "By hand"], in: regions["east"]).status == 0)
    #expect(try !Program.git("show", ":\(Self.policy)", in: regions["east"]).contains("dHdv"))
  }

  @Test func `an amended commit does not take over what the first one brought in clear`() throws {
    let regions = try captured()
    try writeClear("dHdv", in: regions)
    try Program.git("commit", "--all", "--quiet", "-m", "In clear", in: regions["east"])
    try install("pre-commit", in: regions["east"])
    let amended = try git(["commit", "--amend", "-m", "Sealed"], in: regions["east"])
    #expect(amended.status == 0, "\(amended.errors)")
    #expect(try !Program.git("show", "HEAD:\(Self.policy)", in: regions["east"]).contains("dHdv"))
    #expect(try regions.reveal().output == "dHdv\n")
  }

  @Test func `names that git quotes, links that become documents, and clones`() throws {
    let regions = try captured()
    let clone = regions.folder["clone"]
    try Program.git("clone", "--quiet", regions["east"], clone, in: "/")
    try install("pre-commit", in: clone)
    let name = "two words \"quoted\" é"
    let text = try regions.folder.read("clone/\(Self.policy)").replacingOccurrences(
      of: regions.sealedValue(), with: "dHdv")
    try regions.folder.write(text, to: "clone/mirrored/content-key-policies/\(name).json")
    let link = clone + "/mirrored/content-key-policies/link.json"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "nowhere")
    try Program.git("add", "mirrored/content-key-policies/link.json", in: clone)
    try Program.git("commit", "--no-verify", "--quiet", "-m", "A link", in: clone)
    try FileManager.default.removeItem(atPath: link)
    try regions.folder.write(text, to: "clone/mirrored/content-key-policies/link.json")
    try Program.git("add", "-A", in: clone)
    let committed = try git(["commit", "-m", "By hand"], in: clone)
    #expect(committed.status == 0, "\(committed.errors)")
    for file in ["link", name] {
      let stored = try Program.git("show", "HEAD:mirrored/content-key-policies/\(file).json", in: clone)
      #expect(stored.contains("sealed:") && !stored.contains("dHdv"), "\(file)")
    }
    // A name that is no UTF-8 cannot be told apart from others.
    let shell =
      "cp 'mirrored/content-key-policies/link.json' mirrored/content-key-policies/$(printf 'x\\377y').json"
    try Program.run("sh", ["-c", shell], in: clone)
    try Program.git("add", "-A", in: clone)
    #expect(try git(["commit", "-m", "Not UTF-8"], in: clone).status != 0)
  }

  @Test func `the guard of a push knows secrets by their names, and what cannot be opened again`() throws {
    let regions = try captured()
    try install("pre-receive", in: regions["east"])
    try Program.git("config", "receive.denyCurrentBranch", "updateInstead", in: regions["east"])
    let clone = regions.folder["clone"]
    try Program.git("clone", "--quiet", regions["east"], clone, in: "/")
    let good = try regions.folder.read("clone/\(Self.policy)")
    let sealed = try regions.sealedValue()
    let key = try regions.currentKey()
    let refused: [(String, String?, String)] = [
      (Self.policy, good.replacingOccurrences(of: sealed, with: "sealed:in my own words"), "stands in clear"),
      (
        Self.policy,
        good.replacingOccurrences(of: "\"keyValue\"", with: "\"KeyValue\"").replacingOccurrences(
          of: sealed, with: "x"), "stands in clear"
      ),
      (Self.policy, good.replacingOccurrences(of: "\"\(sealed)\"", with: "1234"), "stands in clear"),
      (
        Self.policy,
        good.replacingOccurrences(of: "TokenRestriction", with: "OpenRestriction").replacingOccurrences(
          of: sealed, with: "x"), "stands in clear"
      ),
      (
        Self.policy, good.replacingOccurrences(of: "TokenRestriction", with: "FutureRestriction"),
        "stands in clear"
      ),
      (
        Self.policy,
        good.replacingOccurrences(
          of: "\"properties\"",
          with: "\"Properties\": {\"options\": [{\"x\": {\"rawBody\": \"x\"}}]}, \"properties\""),
        "stands in clear"
      ),
      (
        Self.policy, good.replacingOccurrences(of: key, with: String(key.reversed())),
        "whose file is not there"
      ),
      (Self.policy, "{", "1:2"),
      ("mirrored/Content-Key-Policies/tokens.json", good, "has its place there"),
      ("mirrored/content-key-policies/tokens.json~", good, "has its place there"),
      (
        "local/streaming-endpoints/default.json",
        #"{"properties": {"accessControl": {"akamai": {"akamaiSignatureHeaderAuthenticationKeyList": [{"base64Key": "x"}]}}}}"#,
        "base64Key"
      ),
      ("mirrored/sealing/\(key).age", nil, "never taken out"),
      ("mirrored/sealing/recipients.txt", "age1\n", "recipients.txt"),
    ]
    for (file, text, words) in refused {
      if let text {
        try regions.folder.write(text, to: "clone/\(file)")
      } else {
        try FileManager.default.removeItem(atPath: "\(clone)/\(file)")
      }
      try Program.git("add", "-A", in: clone)
      try Program.git("commit", "--quiet", "-m", "By hand", in: clone)
      let pushed = try git(["push", "origin", "HEAD"], in: clone)
      #expect(pushed.status != 0 && pushed.errors.contains(words), "\(file): \(words): \(pushed.errors)")
      try Program.git("reset", "--quiet", "--hard", "origin/HEAD", in: clone)
      try Program.git("clean", "-fdq", in: clone)
    }
    // A merge whose first parent never had any keys takes them away all the same.
    let local = try Program.git("rev-parse", "HEAD:local", in: clone)
    let tree = try Program.git("mktree", in: clone, input: "040000 tree \(local)\tlocal\n")
    let root = try Program.git("commit-tree", tree, "-m", "A root", in: clone)
    let merge = try Program.git("commit-tree", tree, "-p", root, "-p", "HEAD", "-m", "Ours", in: clone)
    let lost = try git(["push", "origin", "\(merge):refs/heads/main"], in: clone)
    #expect(lost.status != 0 && lost.errors.contains("never taken out"), "\(lost.errors)")
    // Tags of blobs neither come in nor, where one is, block others.
    let blob = try Program.git("rev-parse", "HEAD:\(Self.policy)", in: clone)
    try Program.git("tag", "blob", blob, in: clone)
    #expect(try git(["push", "origin", "blob"], in: clone).status != 0)
    try Program.git("update-ref", "refs/tags/blob", blob, in: regions["east"])
    try Program.git("commit", "--allow-empty", "--quiet", "-m", "Nothing", in: clone)
    let pushed = try git(["push", "origin", "HEAD"], in: clone)
    #expect(pushed.status == 0, "\(pushed.errors)")
  }

  @Test func `git diff shows whether a secret changed, and not the secret`() throws {
    let regions = try captured()
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    let resealed = try git(["show", "--format=", "HEAD", "--", Self.policy], in: regions["east"])
    #expect(resealed.status == 0 && !resealed.output.contains("+ "), "\(resealed.output)")
    try regions.tokens(secret: "dHdv")
    try regions.succeed(["capture", "-C", regions["east"]])
    let changed = try git(["log", "-1", "-p", "--format=", "--", Self.policy], in: regions["east"])
    #expect(
      changed.output.contains("-") && changed.output.contains("+") && changed.output.contains("<secret "))
    #expect(!changed.output.contains("dHdv") && !changed.output.contains("sealed:"))
    // A git that finds no lockstep shows the document as it stands.
    let plain = try Program.run(
      "git", ["log", "-1", "-p", "--format=", "--", Self.policy], in: regions["east"])
    #expect(plain.status == 0 && plain.output.contains("sealed:"), "\(plain.errors)")
    let diff = try regions.succeed(["diff", "--text", "-C", regions["east"], "HEAD~1"])
    #expect(diff.contains("keyValue: value changed") && !diff.contains("dHdv"))
    let revealed = try regions.succeed(["diff", "--text", "-C", regions["east"], "HEAD~1", "--reveal"])
    #expect(revealed.contains("\"b25l\" -> \"dHdv\""), "\(revealed)")
    let stranger = try regions.person("stranger")
    let unseen = try regions.run(
      ["diff", "--text", "-C", regions["east"], "HEAD~2"], environment: stranger.environment)
    #expect(unseen.output.contains("whether the value changed shows to who can open it"), "\(unseen.output)")
  }
}
