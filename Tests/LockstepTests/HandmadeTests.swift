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

  @Test func `what was committed in clear is not applied`() throws {
    let regions = try captured()
    try regions.commit(Self.policy) {
      $0.replacingOccurrences(of: (try? regions.sealedValue()) ?? "?", with: "dHdv")
    }
    try regions.refuse(["apply", "-C", regions["east"]], status: 4, "stands in clear", "lockstep seal")
    #expect(try regions.folder.read("east-account/account/content-key-policies/tokens.json").contains("b25l"))
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
    let diff = try regions.succeed(["diff", "-C", regions["east"], "HEAD~1"])
    #expect(diff.contains("keyValue: value changed") && !diff.contains("dHdv"))
    let revealed = try regions.succeed(["diff", "-C", regions["east"], "HEAD~1", "--reveal"])
    #expect(revealed.contains("\"b25l\" -> \"dHdv\""), "\(revealed)")
    let stranger = try regions.person("stranger")
    let unseen = try regions.run(
      ["diff", "-C", regions["east"], "HEAD~2"], environment: stranger.environment)
    #expect(unseen.output.contains("whether the value changed shows to who can open it"), "\(unseen.output)")
  }
}
