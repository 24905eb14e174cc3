import Foundation
import Support
import Testing

/// Who may open the secrets: the rules of data keys and recipients, through the program.
@Suite struct KeysTests {
  @Test func `secrets are sealed from the first capture on, and age opens the data key`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "c2VjcmV0")
    try regions.succeed(["capture", "-C", regions["east"]])
    #expect(try regions.sealedValue().hasPrefix("sealed:\(regions.currentKey()):"))
    #expect(try regions.reveal().output == "c2VjcmV0\n")
    let person = try regions.person("age")
    try regions.succeed([
      "keys", "recipients", "-C", regions["east"], "--add", person.recipient, "--label", "Anna", "--yes",
    ])
    let opened = try Program.run(
      "age",
      [
        "--decrypt", "-i", regions.folder["age.txt"],
        regions["east"] + "/mirrored/sealing/\(regions.currentKey()).age",
      ])
    #expect(opened.status == 0 && opened.output.hasPrefix("lockstep data key 1\n"), "\(opened.errors)")
    #expect(opened.output.contains("for \(person.recipient)\n"))
  }

  @Test func `invariant 1: two captures of one state with one data key are one tree, on any machine`() throws
  {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let other = try regions.person("other")
    try regions.succeed(["keys", "recipients", "-C", regions["east"], "--add", other.recipient, "--yes"])
    let copy = regions.folder["copy"]
    try FileManager.default.createDirectory(atPath: copy, withIntermediateDirectories: true)
    for name in ["east", "east-account"] {
      try FileManager.default.copyItem(atPath: regions.folder[name], toPath: "\(copy)/\(name)")
    }
    try Program.git("config", "lockstep.account", "folder:\(copy)/east-account", in: "\(copy)/east")
    try regions.tokens(secret: "dHdv")
    try regions.tokens("more", secret: "dHdv")
    for name in ["tokens", "more"] {
      let file = "account/content-key-policies/\(name).json"
      let text = try regions.folder.read("east-account/\(file)")
      try regions.folder.write(text, to: "copy/east-account/\(file)")
    }
    try regions.succeed(["capture", "-C", regions["east"]])
    let outcome = try regions.run(["capture", "-C", "\(copy)/east"], environment: other.environment)
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(
      try Program.git("rev-parse", "HEAD:mirrored", in: "\(copy)/east") == regions.mirroredTree("east"))
    let values = try [regions.sealedValue("tokens"), regions.sealedValue("more")]
    #expect(values[0] != values[1], "two places must not show that they hold the same")
  }

  @Test func `a hub without an identity mirrors, verifies and serves the log`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "c2VjcmV0")
    try regions.succeed(["capture", "-C", regions["east"]])
    let nobody = ["LOCKSTEP_IDENTITY_FILE": "/dev/null/identity.txt"]
    let hub = regions.folder["hub"]
    let begun = try regions.run(
      [
        "init", hub, "--region", "hub", "--account", "folder:\(hub)-account", "--bare", "--user",
        "Tess Ter <tess@example.com>",
      ], environment: nobody)
    #expect(begun.status == 0 && begun.errors.contains("warning: no identity"), "\(begun.errors)")
    for arguments in [
      ["mirror", regions["east"], hub], ["verify", regions["east"], hub], ["mirror", hub, regions["west"]],
      ["verify", hub, regions["west"]],
    ] {
      let outcome = try regions.run(arguments, environment: nobody)
      #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
    }
    #expect(try Program.git("log", "--oneline", in: hub).contains("east"))
    let plan = try regions.run(["plan", "-C", hub], environment: nobody)
    #expect(plan.status == 2 && plan.output.contains("create content-key-policy/tokens"), "\(plan.errors)")
    let status = try regions.run(["status", "-C", hub, "--no-drift"], environment: nobody)
    #expect(status.status == 2 && !status.output.contains("problem"), "\(status.output)")
  }

  @Test func `without a key, what needs one says whose it is and how to get it`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let owner = try regions.succeed(["keys", "recipients", "-C", regions["east"]])
      .components(separatedBy: " ")[0]
    let stranger = try regions.person("stranger")
    let nobody = ["LOCKSTEP_IDENTITY_FILE": regions.folder["nobody.txt"]]
    try regions.tokens(secret: "dHdv")
    let commands = [
      ["capture", "-C", regions["east"]], ["apply", "-C", regions["west"]],
      ["verify", regions["east"], regions["west"], "--deep"],
      ["keys", "reveal", "content-key-policy/tokens", "-C", regions["west"]],
      ["show", regions["west"], "content-key-policy/tokens", "--reveal"],
      ["keys", "rotate", "-C", regions["east"], "--yes"],
    ]
    let heads = try ["east", "west"].map { try Program.git("rev-parse", "HEAD", in: regions[$0]) }
    for command in commands {
      try regions.refuse(
        command, status: 1, as: stranger.environment, owner,
        "lockstep keys recipients --add \(stranger.recipient)")
      try regions.refuse(command, status: 1, as: nobody, owner, "lockstep keys init", "nobody.txt")
    }
    #expect(try ["east", "west"].map { try Program.git("rev-parse", "HEAD", in: regions[$0]) } == heads)
    #expect(!regions.folder.has("west-account/account/content-key-policies/tokens.json"))
  }

  @Test func `a recipient who was taken out keeps the history and gets nothing new`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let otto = try regions.person("otto")
    #expect(try regions.reveal(as: otto.environment).status == 1)
    let change = ["keys", "recipients", "-C", regions["east"]]
    try regions.refuse(
      change + ["--add", otto.recipient, "--label", "Otto"], status: 4, otto.recipient, "--yes")
    try regions.succeed(change + ["--add", otto.recipient, "--label", "Otto", "--yes"])
    #expect(try regions.reveal(as: otto.environment).output == "b25l\n")
    let removed = try regions.run(change + ["--remove", "Otto", "--yes"])
    #expect(removed.status == 0 && removed.errors.contains("keeps what they have"), "\(removed.errors)")
    #expect(removed.errors.contains("lockstep keys rotate"))
    #expect(try regions.reveal(as: otto.environment).status == 1)
    try Program.git("branch", "before", in: regions["east"])
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    try regions.tokens(secret: "dHdv")
    try regions.succeed(["capture", "-C", regions["east"]])
    #expect(try regions.reveal(as: otto.environment).status == 1)
    #expect(try regions.reveal().output == "dHdv\n")
    // Who held the old key still reads what it sealed: a clone of that time opens.
    try Program.git("clone", "--quiet", "--branch", "before", regions["east"], regions.folder["old"], in: "/")
    try Program.git("checkout", "--quiet", "-B", "main", "HEAD~1", in: regions.folder["old"])
    try Program.git("config", "lockstep.region", "east", in: regions.folder["old"])
    let old = try regions.run(
      ["keys", "reveal", "content-key-policy/tokens", "-C", regions.folder["old"]],
      environment: otto.environment)
    #expect(old.output.hasSuffix("\tb25l\n"), "\(old.errors)")
  }

  @Test func `a list of recipients that was pushed or edited by hand gives nobody anything`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let mallory = try regions.person("mallory")
    let good = try Program.git("rev-parse", "HEAD", in: regions["east"])
    try regions.commit("mirrored/sealing/recipients.txt") {
      $0.replacingOccurrences(of: "# serial", with: "# Mallory\n\(mallory.recipient)\n# serial")
    }
    let bad = try Program.git("rev-parse", "HEAD", in: regions["east"])
    for arguments in [["rewrap"], ["rotate"], ["recipients", "--add", mallory.recipient], ["recipients"]] {
      let yes = arguments == ["recipients"] ? [] : ["--yes"]
      try regions.refuse(
        ["keys"] + arguments + ["-C", regions["east"]] + yes, status: 4, "\(mallory.recipient) (Mallory)")
    }
    #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == bad)
    #expect(try regions.reveal(as: mallory.environment).status != 0)
    // A replayed older list would bring an older key back.
    try Program.git("reset", "--quiet", "--hard", good, in: regions["east"])
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    try regions.tokens(secret: "dHdv")
    try Program.git(
      "checkout", "--quiet", good, "--", "mirrored/sealing/recipients.txt", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Replay", in: regions["east"])
    try regions.refuse(["capture", "-C", regions["east"]], status: 4, "does not lead to it")
  }

  @Test func `a rotation seals everything anew in one commit and changes nothing else`() throws {
    let regions = try TwoRegions()
    for index in 0..<40 { try regions.tokens("policy-\(index)", secret: "secret-\(index)") }
    try regions.film()
    try regions.publish()
    try regions.mirrorAndApply()
    let before = try regions.currentKey()
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    let after = try regions.currentKey()
    #expect(before != after)
    #expect(try Program.git("rev-parse", "HEAD~1", in: regions["east"]) == head, "one commit")
    for index in 0..<40 {
      #expect(try regions.sealedValue("policy-\(index)").hasPrefix("sealed:\(after):"))
      #expect(try regions.reveal("policy-\(index)").output == "secret-\(index)\n")
    }
    for arguments in [["plan"], ["drift"]] {
      #expect(try regions.run(arguments + ["-C", regions["east"]]).status == 0, "a reseal is not a change")
    }
    #expect(
      try regions.succeed(["diff", "--text", "-C", regions["east"], "HEAD~1"]).contains("value unchanged"))
    #expect(
      try !regions.succeed(["diff", "--text", "-C", regions["east"], "HEAD~1"]).contains("value changed"))
    try regions.mirrorAndApply()
    try regions.succeed(["verify", regions["east"], regions["west"], "--deep"])
    try regions.succeed(["capture", "-C", regions["west"]])
    #expect(try regions.mirroredTree("west") == regions.mirroredTree("east"))
    try Program.git("fsck", "--strict", in: regions["east"])
  }

  @Test func `a rotation while others edit loses neither`() throws {
    let regions = try TwoRegions()
    for name in ["one", "two", "three"] { try regions.tokens(name, secret: "\(name)-1") }
    try regions.succeed(["capture", "-C", regions["east"]])
    // Rotated, not applied; meanwhile the account changes one secret, gains one and loses one.
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    try regions.tokens("two", secret: "two-2")
    try regions.tokens("four", secret: "four-1")
    try FileManager.default.removeItem(
      atPath: regions.folder["east-account/account/content-key-policies/three.json"])
    try regions.succeed(["capture", "-C", regions["east"]])
    let current = try regions.currentKey()
    for (name, secret) in [("one", "one-1"), ("two", "two-2"), ("four", "four-1")] {
      #expect(try regions.reveal(name).output == "\(secret)\n")
      #expect(try regions.sealedValue(name).hasPrefix("sealed:\(current):"), "\(name)")
    }
    #expect(!regions.folder.has("east/mirrored/content-key-policies/three.json"))
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 0)
    #expect(try regions.run(["plan", "-C", regions["east"]]).status == 0)
    try regions.mirrorAndApply()
    try regions.succeed(["verify", regions["east"], regions["west"], "--deep"])
  }

  @Test func `a backup opens with its passphrase, and lets a new identity in`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    func run(_ arguments: [String], passphrase: String, identity: String? = nil) throws -> Program.Outcome {
      try regions.folder.write(passphrase + "\n", to: "passphrase")
      let words = ([Program.lockstep] + arguments).map { "'\($0)'" }.joined(separator: " ")
      var environment = [
        arguments.contains("export-backup") ? "LOCKSTEP_NEW_PASSPHRASE_FD" : "LOCKSTEP_PASSPHRASE_FD": "4"
      ]
      environment["LOCKSTEP_IDENTITY_FILE"] = identity
      return try Program.run(
        "sh", ["-c", "\(words) 4< '\(regions.folder["passphrase"])'"], environment: environment)
    }
    let backup = regions.folder["backup.age"]
    let export = ["keys", "export-backup", "-C", regions["east"], "--out", backup, "--yes"]
    #expect(try run(export, passphrase: "short").status == 4)
    #expect(!regions.folder.has("backup.age"))
    let exported = try run(export, passphrase: "correct horse battery")
    #expect(exported.status == 0, "\(exported.errors)")
    let mode = try FileManager.default.attributesOfItem(atPath: backup)[.posixPermissions] as? Int
    #expect(mode == 0o600)
    #expect(try run(export, passphrase: "correct horse battery").status == 4, "never replaced")
    let fresh = try regions.person("fresh")
    let add = ["keys", "recipients", "-C", regions["east"], "--add", fresh.recipient, "--yes"]
    let typo = try run(add, passphrase: "correct horse batterx", identity: backup)
    #expect(typo.status == 1 && typo.errors.contains("passphrase"), "\(typo.errors)")
    let added = try run(add, passphrase: "correct horse battery", identity: backup)
    #expect(added.status == 0, "\(added.errors)")
    #expect(try regions.reveal(as: fresh.environment).output == "b25l\n")
  }

  @Test func `an SSH key is a recipient through the age program`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let key = regions.folder["id_ed25519"]
    let made = try Program.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "Olga", "-f", key])
    try #require(made.status == 0, "\(made.errors)")
    let recipient = try regions.folder.read("id_ed25519.pub").trimmingCharacters(in: .whitespacesAndNewlines)
    try regions.succeed(["keys", "recipients", "-C", regions["east"], "--add", recipient, "--yes"])
    #expect(try regions.succeed(["keys", "recipients", "-C", regions["east"]]).contains("(Olga)"))
    let environment = ["LOCKSTEP_IDENTITY_FILE": key]
    #expect(try regions.reveal(as: environment).output == "b25l\n")
    let rotated = try regions.run(
      ["keys", "rotate", "-C", regions["east"], "--yes"], environment: environment)
    #expect(rotated.status == 0, "\(rotated.errors)")
    #expect(try regions.reveal().output == "b25l\n")
  }

  @Test func `a key of somebody else's in the place of the fleet's is refused until a person vouches for it`()
    throws
  {
    let regions = try TwoRegions()
    let mallory = try regions.person("mallory")
    for (region, environment) in [("east", [:]), ("west", mallory.environment)] {
      try regions.tokens(secret: region, in: region)
      let outcome = try regions.run(["capture", "-C", regions[region]], environment: environment)
      #expect(outcome.status == 0, "\(outcome.errors)")
    }
    let owner = try regions.succeed(["keys", "recipients", "-C", regions["east"]]).components(
      separatedBy: " ")[0]
    let wrapped = try regions.run(
      ["keys", "recipients", "-C", regions["west"], "--add", owner, "--yes"], environment: mallory.environment
    )
    #expect(wrapped.status == 0, "\(wrapped.errors)")
    // What Mallory pushes into east: a key and a list that are whole and open for everybody, and nobody's but theirs.
    let real = try regions.currentKey()
    let folder = "mirrored/sealing"
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(regions["west"])/\(folder)") {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: "\(regions["west"])/\(folder)/\(name)"))
      try bytes.write(to: URL(fileURLWithPath: "\(regions["east"])/\(folder)/\(name)"))
    }
    try Program.git("add", "-A", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Tidy up", in: regions["east"])
    try regions.tokens("new", secret: "bmV3")
    for command in [
      ["capture"], ["keys", "recipients"], ["keys", "rotate", "--yes"], ["keys", "rewrap", "--yes"],
      ["keys", "recipients", "--add", mallory.recipient, "--yes"],
    ] {
      try regions.refuse(
        command + ["-C", regions["east"]], status: 4, real.prefix(8).description, mallory.recipient)
    }
    #expect(try regions.reveal(as: mallory.environment).status != 0)
    // On a machine that has seen nothing, too.
    let clone = regions.folder["clone"]
    try Program.git("clone", "--quiet", regions["east"], clone, in: "/")
    try Program.git("config", "lockstep.region", "east", in: clone)
    try regions.refuse(
      ["keys", "recipients", "-C", clone], status: 4, "does not lead to", "lockstep keys trust")
    // A person may say so all the same.
    let theirs = try regions.currentKey(in: "west")
    try regions.refuse(["keys", "trust", theirs, "-C", clone], status: 4, "--yes")
    try regions.refuse(
      ["keys", "trust", String(real.reversed()), "-C", clone, "--yes"], status: 1, "no data key")
    try regions.succeed(["keys", "trust", theirs, "-C", clone, "--yes"])
    try regions.refuse(
      ["keys", "recipients", "-C", clone], status: 4, "data key \(real.prefix(8)) does not lead")
    try regions.succeed(["keys", "trust", real, "-C", clone, "--yes"])
    #expect(try regions.succeed(["keys", "recipients", "-C", clone]).contains(mallory.recipient))
    // Taking the commit back mends it.
    try Program.git("revert", "--no-edit", "HEAD", in: regions["east"])
    try regions.succeed(["capture", "-C", regions["east"]])
    #expect(try regions.reveal("new").output == "bmV3\n")
  }
}
