import Foundation
import Support
import Testing

/// `lockstep mirror --sign`, with git, ssh-keygen and gpg as they are.
@Suite(.enabled(if: Program.has("ssh-keygen"))) struct SignedMirrorTests {
  private let regions: TwoRegions

  init() throws {
    regions = try TwoRegions(bare: true)
    try makeKey("tess")
    try makeKey("eve")
    let trusted = try regions.folder.read("tess.pub")
    try regions.folder.write("tess@example.com namespaces=\"git\" \(trusted)", to: "allowed")
    for (key, value) in [
      ("gpg.format", "ssh"), ("user.signingKey", regions.folder["tess.pub"]),
      ("gpg.ssh.allowedSignersFile", regions.folder["allowed"]),
    ] { try Program.git("config", key, value, in: regions["west"]) }
    try regions.publish("one")
    try regions.succeed(["mirror", regions["east"], regions["west"], "--sign"])
  }

  private func makeKey(_ name: String) throws {
    let outcome = try Program.run(
      "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", regions.folder[name]])
    guard outcome.status == 0 else { throw Program.Failed(what: "ssh-keygen", outcome: outcome) }
  }

  private func git(_ arguments: String...) throws -> String {
    let outcome = try Program.run("git", arguments, in: regions["west"])
    guard outcome.status == 0 else { throw Program.Failed(what: "git \(arguments)", outcome: outcome) }
    return outcome.output.trimmingCharacters(in: .newlines)
  }

  private func verify() throws -> Program.Outcome {
    try regions.run(["audit", "verify", regions["east"], regions["west"]])
  }

  @Test func `the tip of a signed mirror has a tag that git verifies, and the commit its derived id`() throws
  {
    let tag = try git("tag", "--list")
    #expect(tag.hasPrefix("lockstep/mirror/east/"))
    #expect(try git("rev-parse", "\(tag)^{commit}") == git("rev-parse", "HEAD"))
    #expect(try Program.run("git", ["verify-tag", tag], in: regions["west"]).status == 0)
    let outcome = try verify()
    #expect(outcome.status == 0, "\(outcome.output)")
    #expect(outcome.errors.contains("1 signed tag"))
    // Once more: nothing new, and no second tag.
    let again = try regions.run(["mirror", regions["east"], regions["west"], "--sign"])
    #expect(again.status == 0 && again.errors.contains("the tag \(tag) of "), "\(again.errors)")
    #expect(again.errors.contains("is there already"), "\(again.errors)")
    #expect(try git("tag", "--list") == tag)
    try regions.publish("two")
    let signed = try regions.run(["mirror", regions["east"], regions["west"], "--sign"])
    #expect(
      signed.status == 0 && signed.errors.contains("signed the tag lockstep/mirror/east/"), "\(signed.errors)"
    )
    #expect(try git("tag", "--list").split(separator: "\n").count == 2)
    #expect(try verify().status == 0)
  }

  @Test func `a tag that somebody else signed, or nobody, is named`() throws {
    let tag = try git("tag", "--list")
    _ = try git("tag", "--delete", tag)
    _ = try git("-c", "user.signingKey=\(regions.folder["eve.pub"])", "tag", "-s", "-m", "m", tag, "HEAD")
    var outcome = try verify()
    #expect(outcome.status == 2)
    #expect(outcome.output.contains("the tag \(tag)"), "\(outcome.output)")
    #expect(outcome.output.contains("no signature that git trusts"))
    _ = try git("tag", "--delete", tag)
    _ = try git("tag", "-a", "-m", "m", tag, "HEAD")
    outcome = try verify()
    #expect(outcome.status == 2)
    #expect(outcome.output.contains("no signature that git trusts"))
    _ = try git("tag", "--delete", tag)
    _ = try git("tag", tag, "HEAD")
    #expect(try verify().status == 2)
  }

  @Test func `a good tag under another name, or of a tip that is gone, is named`() throws {
    let tag = try git("tag", "--list")
    let object = try git("rev-parse", "refs/tags/\(tag)")
    let other = "lockstep/mirror/east/0123456789abcdef"
    _ = try git("update-ref", "refs/tags/\(other)", object)
    var outcome = try verify()
    #expect(outcome.status == 2)
    #expect(outcome.output.contains("the tag \(other)"))
    #expect(outcome.output.contains("was made for something else"))
    _ = try git("update-ref", "-d", "refs/tags/\(other)")
    #expect(try verify().status == 0)
    _ = try git("update-ref", "HEAD", "HEAD~1")
    outcome = try verify()
    #expect(outcome.status == 2)
    #expect(outcome.output.contains("leads to no commit in the history of region west"), "\(outcome.output)")
  }

  @Test func `without a key the mirror is made, and what is missing is said`() throws {
    try Program.git("config", "user.signingKey", regions.folder["nowhere.pub"], in: regions["west"])
    try regions.publish("two")
    let outcome = try regions.run(["mirror", regions["east"], regions["west"], "--sign"])
    #expect(outcome.status == 3)
    #expect(outcome.errors.contains("mirrored 1 commit from east to west"), "\(outcome.errors)")
    #expect(outcome.errors.contains("error: region west holds every commit of east"), "\(outcome.errors)")
    #expect(outcome.errors.contains("cannot sign the tag lockstep/mirror/east/"))
    #expect(outcome.errors.contains("hint: "))
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    // So does one that has nothing to mirror, for programs and for the whole fleet.
    let json = try regions.run(["mirror", regions["east"], regions["west"], "--sign", "--json"])
    #expect(json.status == 3 && json.output.contains(#""exitCode": 3"#), "\(json.output)")
    #expect(json.output.contains(#""outcome": "current""#), "\(json.output)")
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    let fleet = try regions.run(["mirror", "--sign", "-C", regions["east"]])
    #expect(fleet.status == 3, "\(fleet.errors)")
    #expect(fleet.errors.contains("mirrored 1 commit from east to west"), "\(fleet.errors)")
    // The next run signs what is there.
    try Program.git("config", "user.signingKey", regions.folder["tess.pub"], in: regions["west"])
    try regions.succeed(["mirror", regions["east"], regions["west"], "--sign"])
    #expect(try git("tag", "--list").split(separator: "\n").count == 2)
    #expect(try verify().status == 0)
  }

  @Test(.enabled(if: Program.has("gpg")))
  func `an OpenPGP key will do as well`() throws {
    let home = regions.folder["gnupg"]
    try FileManager.default.createDirectory(
      atPath: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let variables = ["GNUPGHOME": home]
    let made = try Program.run(
      "gpg",
      [
        "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "Tess Ter <tess@example.com>",
        "ed25519", "sign",
      ], environment: variables)
    try #require(made.status == 0, "\(made.errors)")
    try Program.git("config", "gpg.format", "openpgp", in: regions["west"])
    try Program.git("config", "user.signingKey", "tess@example.com", in: regions["west"])
    _ = try git("tag", "--delete", git("tag", "--list"))
    let mirror = try regions.run(
      ["mirror", regions["east"], regions["west"], "--sign"], environment: variables)
    #expect(mirror.status == 0, "\(mirror.errors)")
    let outcome = try regions.run(
      ["audit", "verify", regions["east"], regions["west"]], environment: variables)
    #expect(outcome.status == 0, "\(outcome.output)")
    // Whoever does not have the public key cannot verify.
    try FileManager.default.createDirectory(
      atPath: home + "2", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let stranger = try regions.run(
      ["audit", "verify", regions["east"], regions["west"]], environment: ["GNUPGHOME": home + "2"])
    #expect(stranger.status == 2)
    _ = try? Program.run("gpgconf", ["--kill", "all"], environment: variables)
    _ = try? Program.run("gpgconf", ["--kill", "all"], environment: ["GNUPGHOME": home + "2"])
  }
}
