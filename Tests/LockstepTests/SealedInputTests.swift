import Foundation
import Support
import Testing

/// Sealed values, identities and key files that are not what they should be: a clear error each, and nothing written.
@Suite struct SealedInputTests {
  private static let policy = "mirrored/content-key-policies/tokens.json"

  /// East has two policies; what differs from it is committed by hand and mirrored, and west has to apply it.
  private func regions() throws -> TwoRegions {
    let regions = try TwoRegions()
    try regions.tokens(secret: "b25l")
    try regions.tokens("other", secret: "dHdv")
    try regions.succeed(["capture", "-C", regions["east"]])
    return regions
  }

  private func expectNothingApplied(_ regions: TwoRegions, _ words: String..., status: Int32 = 1) throws {
    // A secret that changes must be meant: without a word of it mirror would refuse the commit already.
    let trailer = "Lockstep-Allow-Identity-Change: content-key-policy/tokens"
    try Program.git("commit", "--quiet", "--amend", "--no-edit", "--trailer", trailer, in: regions["east"])
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let outcome = try regions.run(["apply", "-C", regions["west"]])
    #expect(outcome.status == status, "\(outcome.errors)")
    for word in words { #expect(outcome.errors.contains(word), "\(word): \(outcome.errors)") }
    #expect(outcome.errors.split(separator: "\n").filter { $0.hasPrefix("error: ") }.count == 1)
    #expect(outcome.errors.contains("hint: "), "\(outcome.errors)")
    for name in ["tokens", "other"] {
      #expect(!regions.folder.has("west-account/account/content-key-policies/\(name).json"))
    }
  }

  /// What is no sealed value at all goes neither on to another region nor into the account.
  private func expectStopped(_ regions: TwoRegions, _ words: String...) throws {
    try regions.refuse(["mirror", regions["east"], regions["west"]], status: 4, "or is no sealed value")
    let outcome = try regions.run(["apply", "-C", regions["east"]])
    #expect(outcome.status == 1 && outcome.errors.contains("hint: "), "\(outcome.errors)")
    for word in words { #expect(outcome.errors.contains(word), "\(word): \(outcome.errors)") }
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 0)
  }

  @Test func `a sealed value that was cut off`() throws {
    let regions = try regions()
    let sealed = try regions.sealedValue()
    try regions.commit(Self.policy) { $0.replacingOccurrences(of: sealed, with: String(sealed.dropLast(9))) }
    try expectStopped(regions, "content-key-policy/tokens", "cut off or was edited")
  }

  @Test func `a sealed value with one bit flipped`() throws {
    let regions = try regions()
    let sealed = try regions.sealedValue()
    let last = sealed.dropLast(20).last == "A" ? "B" : "A"
    try regions.commit(Self.policy) {
      $0.replacingOccurrences(of: sealed, with: sealed.dropLast(21) + last + sealed.suffix(20))
    }
    try expectNothingApplied(regions, "content-key-policy/tokens", "does not open")
  }

  @Test func `a sealed value that was moved to another resource`() throws {
    let regions = try regions()
    let (one, two) = try (regions.sealedValue(), regions.sealedValue("other"))
    try regions.commit(Self.policy) { $0.replacingOccurrences(of: one, with: two) }
    try expectNothingApplied(regions, "content-key-policy/tokens", "sealed for another resource or place")
  }

  @Test func `a sealed value that was relabelled with another data key`() throws {
    let regions = try regions()
    let sealed = try regions.sealedValue()
    let key = try regions.currentKey()
    let other = String(key.reversed())
    try regions.commit(Self.policy) {
      $0.replacingOccurrences(of: sealed, with: sealed.replacingOccurrences(of: key, with: other))
    }
    try expectNothingApplied(regions, "content-key-policy/tokens", "there is no data key \(other.prefix(8))")
  }

  @Test func `a text that only begins like a sealed value`() throws {
    let regions = try regions()
    let sealed = try regions.sealedValue()
    try regions.commit(Self.policy) { $0.replacingOccurrences(of: sealed, with: "sealed:my dog's name") }
    try expectStopped(regions, "content-key-policy/tokens", "begins like a sealed value and is none")
    let outcome = try regions.run(["seal", regions["east"] + "/" + Self.policy])
    #expect(outcome.status == 1 && !outcome.errors.contains("dog"), "\(outcome.errors)")
  }

  @Test func `a data key file that is broken, of another key, of an unknown version, or gone`() throws {
    for (kind, words) in [
      ("broken", "cannot be opened"), ("other", "holds another data key than its name says"),
      ("version", "is of version 2"), ("empty", "holds no data key"), ("gone", "there is no data key"),
    ] {
      let regions = try regions()
      let owner = try regions.succeed(["keys", "recipients", "-C", regions["east"]])
        .components(separatedBy: " ")[0]
      let file = "mirrored/sealing/\(try regions.currentKey()).age"
      func wrap(_ text: String) throws {
        let made = try Program.run(
          "age", ["-r", owner, "-o", regions["east"] + "/" + file], input: text)
        try #require(made.status == 0, "\(made.errors)")
      }
      let key = Data(repeating: 7, count: 32).base64EncodedString().dropLast()
      switch kind {
      case "broken": try regions.folder.write("age-encryption.org/v1\n-> X", to: "east/\(file)")
      case "other":
        try wrap("lockstep data key 1\ngeneration 1\nkey \(key)\n")
      case "version": try wrap("lockstep data key 2\nsuite ml-kem\n")
      case "empty": try wrap("hello\n")
      default: try FileManager.default.removeItem(atPath: regions["east"] + "/" + file)
      }
      try Program.git("commit", "--all", "--quiet", "-m", kind, in: regions["east"])
      try expectNothingApplied(regions, words)
    }
  }

  @Test func `a list of recipients with a double, a broken line, or without its last line`() throws {
    for (change, words) in [
      ({ (text: String) in text.replacingOccurrences(of: "# serial", with: "age1broken\n# serial") }, "line"),
      ({ $0 + "\n" }, "does not end in the lines"),
      (
        { text in
          let recipient = text.components(separatedBy: "\n").first { $0.hasPrefix("age1") } ?? ""
          return text.replacingOccurrences(of: "# serial", with: "\(recipient)\n# serial")
        }, "stands there twice"
      ),
    ] as [((String) -> String, String)] {
      let regions = try regions()
      try regions.commit("mirrored/sealing/recipients.txt", change)
      let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
      for command in [["keys", "recipients"], ["keys", "rotate", "--yes"], ["keys", "rewrap", "--yes"]] {
        try regions.refuse(command + ["-C", regions["east"]], status: 4, "recipients.txt", words)
      }
      #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
    }
  }

  @Test func `an identity that others can read, that is none, or that is a folder`() throws {
    let regions = try regions()
    let person = try regions.person("person")
    let file = regions.folder["person.txt"]
    for mode in [0o640, 0o604, 0o660] {
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
      let outcome = try regions.reveal(as: person.environment)
      #expect(outcome.status == 1 && outcome.errors.contains("chmod 600 \(file)"), "\(outcome.errors)")
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
    try regions.folder.write("AGE-SECRET-KEY-1TYPO\n", to: "person.txt")
    let typo = try regions.reveal(as: person.environment)
    #expect(
      typo.status == 1 && typo.errors.contains("line 1") && !typo.errors.contains("TYPO"), "\(typo.errors)")
    let folder = try regions.reveal(as: ["LOCKSTEP_IDENTITY_FILE": regions.folder.path])
    #expect(folder.status == 1 && folder.errors.contains("is no file"), "\(folder.errors)")
    for descriptor in ["x", "-1", "77"] {
      let outcome = try regions.reveal(as: ["LOCKSTEP_IDENTITY_FD": descriptor])
      #expect(outcome.status == 1 && outcome.errors.contains("LOCKSTEP_IDENTITY_FD"), "\(outcome.errors)")
    }
  }

  @Test func `a recipient that is none, or is there already, changes nothing`() throws {
    let regions = try regions()
    let owner = try regions.succeed(["keys", "recipients", "-C", regions["east"]])
      .components(separatedBy: " ")[0]
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    let change = ["keys", "recipients", "-C", regions["east"], "--yes"]
    try regions.refuse(change + ["--add", owner], status: 4, "is a recipient already")
    try regions.refuse(change + ["--add", String(owner.dropLast()) + "q"], status: 4)
    try regions.refuse(change + ["--add", "anna@example.com"], status: 4)
    try regions.refuse(change + ["--remove", owner], status: 4, "only recipient")
    try regions.refuse(change + ["--remove", "nobody"], status: 4, "no such recipient")
    #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
  }
}
