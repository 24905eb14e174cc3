import Foundation
import Support
import Testing

/// What sealing must not break, and what must not break sealing: captures, plans, rollbacks, and the program around them.
@Suite struct SealingRulesTests {
  private func policy(_ name: String, options: [(name: String?, audience: String, key: String)]) throws
    -> String
  {
    let document: [String: Any] = [
      "name": name,
      "properties": [
        "options": options.map { option -> [String: Any] in
          var result: [String: Any] = [
            "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
            "restriction": [
              "@odata.type": "#Microsoft.Media.ContentKeyPolicyTokenRestriction", "audience": option.audience,
              "issuer": "i", "restrictionTokenType": "Jwt",
              "primaryVerificationKey": [
                "@odata.type": "#Microsoft.Media.ContentKeyPolicySymmetricTokenKey", "keyValue": option.key,
              ],
            ],
          ]
          result["name"] = option.name
          return result
        }
      ],
    ]
    return String(decoding: try JSONSerialization.data(withJSONObject: document), as: UTF8.self)
  }

  private static let accountFolder = "east-account/account/content-key-policies"

  @Test func `taking the first capture back takes no data key away`() throws {
    let regions = try TwoRegions()
    try regions.tokens("one", secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.tokens("two", secret: "dHdv")
    try regions.succeed(["capture", "-C", regions["east"]])
    try Program.git("revert", "--no-edit", "HEAD~1", in: regions["east"])
    try regions.succeed(["apply", "-C", regions["east"]])
    #expect(try regions.reveal("two").output == "dHdv\n")
    try regions.tokens("two", secret: "dHJpcGxl")
    try regions.succeed(["capture", "-C", regions["east"]])
    #expect(try regions.reveal("two").output == "dHJpcGxl\n")
  }

  @Test func `a branch that lost a data key is not applied`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let key = try regions.currentKey()
    try Program.git("rm", "--quiet", "mirrored/sealing/\(key).age", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Tidy up", in: regions["east"])
    for command in [["plan"], ["apply"]] {
      try regions.refuse(
        command + ["-C", regions["east"]], status: 4, "has lost data key \(key.prefix(8))", "checkout")
    }
    try regions.tokens(secret: "dHdv")
    #expect(try regions.run(["capture", "-C", regions["east"]]).status != 0)
  }

  @Test func `a rotation asks nothing of resources that no account could be given anew`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    // A locator whose asset has gone: the account holds it, and it has a secret.
    try regions.folder.write(
      """
      {"name":"orphan","properties":{"assetName":"gone","contentKeys":[{"id":"\(UUID().uuidString)",
      "labelReferenceInStreamingPolicy":"clearKeyDefault","value":"AAAAAAAAAAAAAAAAAAAAAA=="}],
      "streamingLocatorId":"\(UUID().uuidString)","streamingPolicyName":"Predefined_ClearKey"}}
      """, to: "east-account/account/streaming-locators/orphan.json")
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    #expect(try regions.run(["plan", "-C", regions["east"]]).status == 0)
    try regions.succeed(["apply", "-C", regions["east"]])
    #expect(try regions.run(["status", "-C", regions["east"]]).status == 0)
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 0)
  }

  @Test func `secrets of options without a name cannot change places unseen`() throws {
    let regions = try TwoRegions()
    try regions.folder.write(
      try policy("p", options: [(nil, "premium", "UFJFTUlVTQ=="), (nil, "partner", "UEFSVE5FUg==")]),
      to: "\(Self.accountFolder)/p.json")
    try regions.succeed(["capture", "-C", regions["east"]])
    let file = "mirrored/content-key-policies/p.json"
    let text = try Program.git("show", "HEAD:\(file)", in: regions["east"])
    let sealed = text.components(separatedBy: "\"").filter { $0.hasPrefix("sealed:") }
    try #require(sealed.count == 2)
    try regions.commit(file) {
      $0.replacingOccurrences(of: sealed[0], with: "X").replacingOccurrences(of: sealed[1], with: sealed[0])
        .replacingOccurrences(of: "\"X\"", with: "\"\(sealed[1])\"")
    }
    try regions.refuse(["apply", "-C", regions["east"]], status: 1, "does not open")
    // In the account itself it is a change of secrets, whatever the order.
    try Program.git("revert", "--no-edit", "HEAD", in: regions["east"])
    try regions.folder.write(
      try policy("p", options: [(nil, "partner", "UEFSVE5FUg=="), (nil, "premium", "UFJFTUlVTQ==")]),
      to: "\(Self.accountFolder)/p.json")
    try regions.succeed(["capture", "-C", regions["east"]])
    #expect(
      try regions.succeed(["diff", "--text", "-C", regions["east"], "HEAD~1"]).contains("value unchanged"))
  }

  @Test func `a region from before sealing is sealed by its next capture, and the same until then`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let sealed = try regions.sealedValue()
    let file = "mirrored/content-key-policies/tokens.json"
    // As an earlier version would have left it: in clear at live and at the head, no keys.
    try regions.folder.write(
      try regions.folder.read("east/\(file)").replacingOccurrences(of: sealed, with: "b25l"),
      to: "east/\(file)")
    try Program.git("rm", "-r", "--quiet", "mirrored/sealing", in: regions["east"])
    try Program.git("commit", "--all", "--quiet", "-m", "Of old", in: regions["east"])
    try Program.git("update-ref", "refs/lockstep/live", "HEAD", in: regions["east"])
    try FileManager.default.removeItem(atPath: regions["east"] + "/.git/lockstep")
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 0)
    try regions.succeed(["verify", regions["east"], regions["east"], "--deep"])
    // The document is edited in clear while the capture seals it: the merge must not bring the clear text back.
    try FileManager.default.removeItem(atPath: regions["east"] + "/.git/lockstep")
    try regions.commit(file) { $0.replacingOccurrences(of: "\"a\"", with: "\"audience\"") }
    let edited = try Program.git("rev-parse", "HEAD", in: regions["east"])
    try regions.succeed(["capture", "-C", regions["east"]])
    #expect(try regions.sealedValue().hasPrefix("sealed:"))
    #expect(
      try Program.git("show", "HEAD:\(file)", in: regions["east"]).contains("\"audience\": \"audience\""))
    let made = try Program.git("log", "--format=", "-p", "\(edited)..HEAD", in: regions["east"])
    #expect(!made.components(separatedBy: "\n").contains { $0.hasPrefix("+") && $0.contains("b25l") })
    #expect(try regions.reveal().output == "b25l\n")
  }

  @Test func `what needs no key asks for none`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.film()
    let nobody = ["LOCKSTEP_IDENTITY_FILE": regions.folder["nobody.txt"]]
    // A file that was written just now may change within one tick of the clock, and is read again until that is over.
    for _ in 0..<100
    where try regions.run(["drift", "-C", regions["east"]], environment: nobody).status != 0 {
      try regions.succeed(["drift", "-C", regions["east"]])
    }
    for arguments in [
      [
        "publish", regions.folder["film"], "-C", regions["east"], "--asset", "film", "--streaming-policy",
        "Predefined_ClearStreamingOnly",
      ], ["capture", "-C", regions["east"]], ["drift", "-C", regions["east"]],
      ["status", "-C", regions["east"]],
      ["plan", "-C", regions["east"]], ["apply", "-C", regions["east"]],
      ["mirror", regions["east"], regions["west"]], ["verify", regions["east"], regions["west"]],
      ["show", regions["west"], "content-key-policy/tokens"],
      ["diff", "--text", "-C", regions["east"], "HEAD~1"],
      ["fleet", "add", "west", regions["west"], "-C", regions["east"]],
      ["keys", "recipients", "-C", regions["west"]],
    ] {
      let outcome = try regions.run(arguments, environment: nobody)
      #expect(outcome.status == 0, "\(arguments): \(outcome.errors)")
    }
  }

  @Test func `a rotation that is applied costs no second reading of the account`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let nobody = ["LOCKSTEP_IDENTITY_FILE": regions.folder["nobody.txt"]]
    for _ in 0..<100
    where try regions.run(["drift", "-C", regions["east"]], environment: nobody).status != 0 {
      try regions.succeed(["drift", "-C", regions["east"]])
    }
    try regions.succeed(["keys", "rotate", "-C", regions["east"], "--yes"])
    try regions.succeed(["apply", "-C", regions["east"]])
    // Who has no key could not compare a secret that is read again.
    let drift = try regions.run(["drift", "-C", regions["east"]], environment: nobody)
    #expect(drift.status == 0, "\(drift.errors)")
    try regions.tokens(secret: "dHdv")
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 2, "a change is still seen")
  }

  @Test func `a broken document that somebody committed stops no capture`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.tokens("other", secret: "dHdv")
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.commit("mirrored/content-key-policies/other.json") { _ in "{ broken" }
    try regions.tokens(secret: "dHJpcGxl")
    try regions.succeed(["capture", "-C", regions["east"]])
    #expect(try regions.reveal().output == "dHJpcGxl\n")
    #expect(try regions.folder.read("east/mirrored/content-key-policies/other.json") == "{ broken")
  }

  @Test func `diff tells secrets apart that stand in clear, and those without a name`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let file = "mirrored/content-key-policies/tokens.json"
    let sealed = try regions.sealedValue()
    func diff(_ from: String = "HEAD~1") throws -> String {
      try regions.succeed(["diff", "--text", "-C", regions["east"], from])
    }
    try regions.commit(file) { $0.replacingOccurrences(of: sealed, with: "b25l") }
    #expect(try diff().contains("keyValue: value unchanged"), "sealed and in clear, the same")
    try regions.commit(file) { $0.replacingOccurrences(of: "b25l", with: "dHdv") }
    let changed = try diff()
    #expect(
      changed.contains("keyValue: value changed") && !changed.contains("dHdv") && !changed.contains("b25l"))
    try regions.commit(file) {
      $0.replacingOccurrences(of: "\"audience\": \"a\"", with: "\"audience\": \"b\"")
    }
    let other = try diff()
    #expect(other.contains("value unchanged") && other.contains("audience: \"a\" -> \"b\""), "\(other)")
    #expect(try diff("HEAD~4").contains("added content-key-policy/tokens"))
    #expect(try diff("HEAD~4").contains("keyValue: value added"))
  }

  @Test func `git diff is the same in every process, in clones and without an identity`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let clone = regions.folder["clone"]
    try Program.git("clone", "--quiet", regions["east"], clone, in: "/")
    try Program.git("config", "diff.lockstep.textconv", "lockstep textconv", in: clone)
    try regions.folder.write("mirrored/**/*.json diff=lockstep\n", to: "clone/.git/info/attributes")
    let file = "clone/mirrored/content-key-policies/tokens.json"
    try regions.folder.write(
      try regions.folder.read(file).replacingOccurrences(of: "\"a\"", with: "\"b\""), to: file)
    let path = URL(fileURLWithPath: Program.lockstep).deletingLastPathComponent().path
    let stranger = try regions.person("stranger")
    for environment in [[:], ["LOCKSTEP_IDENTITY_FILE": "/nowhere"], stranger.environment] {
      let variables = environment.merging(
        ["PATH": "\(path):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"]) { $1 }
      let diff = try Program.run("git", ["diff", "-U30"], in: clone, environment: variables)
      let lines = diff.output.split(separator: "\n").filter { $0.hasPrefix("+ ") || $0.hasPrefix("- ") }
      #expect(
        lines.count == 2 && lines.allSatisfy { $0.contains("audience") }, "\(diff.output)\(diff.errors)")
      #expect(diff.output.contains("<secret ") && !diff.output.contains("sealed:"), "\(diff.output)")
    }
    try regions.folder.write("{ \"keyValue\": \"marker", to: file)
    let broken = try Program.run(Program.lockstep, ["textconv", regions.folder[file]], in: clone)
    #expect(broken.status == 0 && !broken.output.contains("marker"), "\(broken.output)")
  }

  // MARK: The program around it

  @Test func `no program that is started finds the identity on a descriptor`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let person = try regions.person("person")
    try regions.succeed(["keys", "recipients", "-C", regions["east"], "--add", person.recipient, "--yes"])
    // A git that tells what it inherits.
    try regions.folder.write(
      "#!/bin/sh\n{ ls -l /proc/self/fd; env; cat <&5; } > \(regions.folder["seen"]) 2>/dev/null\nexec /usr/bin/git \"$@\"\n",
      to: "bin/git")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: regions.folder["bin/git"])
    let shell =
      "LOCKSTEP_IDENTITY_FD=5 PATH='\(regions.folder["bin"])':$PATH '\(Program.lockstep)' seal --index -C '\(regions["east"])'"
      + " 5< '\(regions.folder["person.txt"])'"
    let outcome = try Program.run("sh", ["-c", shell])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let seen = try regions.folder.read("seen")
    #expect(
      !seen.contains("person.txt") && !seen.contains("AGE-SECRET") && !seen.contains("LOCKSTEP_IDENTITY_FD"))
    let read =
      "LOCKSTEP_IDENTITY_FD=5 '\(Program.lockstep)' keys reveal content-key-policy/tokens -C '\(regions["east"])'"
      + " 5< '\(regions.folder["person.txt"])'"
    #expect(try Program.run("sh", ["-c", read]).output.hasSuffix("\tb25l\n"))
  }

  @Test func `an age program that fails is a failure, though nobody waits for children`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    try regions.folder.write("#!/bin/sh\ncat > /dev/null\nexit ${AGE_STATUS}\n", to: "bin/age")
    try FileManager.default.setAttributes(
      [.posixPermissions: 0o755], ofItemAtPath: regions.folder["bin/age"])
    let key = regions.folder["id_ed25519"]
    try Program.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", key])
    let recipient = try regions.folder.read("id_ed25519.pub").trimmingCharacters(in: .whitespacesAndNewlines)
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    for status in ["1", "0"] {
      let script = """
        import os, signal, sys
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        os.execv(sys.argv[1], sys.argv[1:])
        """
      let outcome = try Program.run(
        "python3",
        [
          "-c", script, Program.lockstep, "keys", "recipients", "-C", regions["east"], "--add", recipient,
          "--yes",
        ],
        environment: [
          "PATH": "\(regions.folder["bin"]):\(ProcessInfo.processInfo.environment["PATH"] ?? "")",
          "AGE_STATUS": status,
        ])
      #expect(outcome.status == 4, "\(outcome.errors)")
      #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
    }
  }

  @Test func `Ctrl-C at a passphrase leaves the terminal as it was, and at a question is a no`() throws {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    let person = try regions.person("person")
    // Types into a terminal of its own: waits for a text, types, and says how it ended and whether it echoes.
    let script = """
      import os, pty, select, sys, termios, time
      wait, keys = sys.argv[1], sys.argv[2].encode().decode('unicode_escape').encode()
      pid, fd = pty.fork()
      if pid == 0:
          os.execv(sys.argv[3], sys.argv[3:])
      seen, end = b'', time.time() + 60
      typed = False
      while time.time() < end:
          if select.select([fd], [], [], 0.1)[0]:
              try: data = os.read(fd, 4096)
              except OSError: break
              if not data: break
              seen += data
          if not typed and wait.encode() in seen:
              os.write(fd, keys)
              typed = True
      echo = bool(termios.tcgetattr(fd)[3] & termios.ECHO)
      status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
      sys.stdout.write('%d %s\\n%s' % (status, echo, seen.decode(errors='replace')))
      """
    func type(_ keys: String, after words: String, _ arguments: [String], identity: String? = nil) throws
      -> String
    {
      var environment: [String: String] = [:]
      environment["LOCKSTEP_IDENTITY_FILE"] = identity
      return try Program.run(
        "python3", ["-c", script, words, keys, Program.lockstep] + arguments, environment: environment
      ).output
    }
    let change = ["keys", "recipients", "-C", regions["east"], "--add", person.recipient]
    #expect(try type("\\x03", after: "[y/N]", change).hasPrefix("130 True\n"))
    #expect(try type("n\\n", after: "[y/N]", change).hasPrefix("4 True\n"))
    #expect(try regions.reveal(as: person.environment).status == 1)
    #expect(try type("y\\n", after: "[y/N]", change).hasPrefix("0 True\n"))
    #expect(try regions.reveal(as: person.environment).output == "b25l\n")
    // An identity under a passphrase; age made the file.
    let encrypted = regions.folder["encrypted.age"]
    try regions.folder.write("the passphrase", to: "passphrase")
    let export =
      "LOCKSTEP_NEW_PASSPHRASE_FD=4 '\(Program.lockstep)' keys export-backup -C '\(regions["east"])' --out '\(encrypted)'"
      + " --yes 4< '\(regions.folder["passphrase"])'"
    #expect(try Program.run("sh", ["-c", export]).status == 0)
    let reveal = ["keys", "reveal", "content-key-policy/tokens", "-C", regions["east"]]
    let stopped = try type("\\x03", after: "Passphrase", reveal, identity: encrypted)
    #expect(stopped.hasPrefix("130 True\n"), "\(stopped)")
    let opened = try type("the passphrase\\n", after: "Passphrase", reveal, identity: encrypted)
    #expect(
      opened.hasPrefix("0 True\n") && opened.contains("b25l") && !opened.contains("the passphrase"),
      "\(opened)")
  }
}
