import Foundation
import Support
import Testing

@testable import Age

/// The `age` program opens what is made here, and the other way around.
///
/// Where it is not installed these tests fail.
@Suite struct ProgramTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ bytes: [UInt8], to name: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: folder[name]))
  }

  private func bytes(of name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: folder[name])))
  }

  @discardableResult
  private func run(_ name: String, _ arguments: String...) throws -> String { try run(name, arguments) }

  @discardableResult
  private func run(_ name: String, _ arguments: [String], input: String? = nil) throws -> String {
    let outcome = try Program.run(name, arguments, in: folder.path, input: input)
    try #require(outcome.status == 0, "\(name): \(outcome.errors)\(outcome.output)")
    return outcome.output
  }

  /// Lengths around those of a chunk.
  private static let lengths = [0, 1, 65_535, 65_536, 65_537, 131_072, 200_000]

  private static func content(_ length: Int) -> [UInt8] {
    (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 31) }
  }

  @Test(arguments: lengths, [false, true])
  func `age opens what is encrypted here to each of several recipients`(length: Int, armored: Bool) throws {
    let identities = (0..<3).map { _ in Identity.generate() }
    try write(
      try Age.encrypt(Self.content(length), to: identities.map(\.recipient), armored: armored), to: "file")
    for (index, identity) in identities.enumerated() {
      try write(Array("# a key\n\(identity.reveal())\n".utf8), to: "key")
      try run("age", "--decrypt", "-i", "key", "-o", "plain-\(index)", "file")
      // age makes no file where there is nothing to write.
      let isMissing = length == 0 && !folder.has("plain-\(index)")
      #expect(try isMissing || bytes(of: "plain-\(index)") == Self.content(length))
    }
  }

  @Test(arguments: lengths, [false, true])
  func `what age encrypts opens here with the identity file of age-keygen`(length: Int, armored: Bool) throws
  {
    try run("age-keygen", "-o", "key")
    let identities = try IdentityFile(bytes: try bytes(of: "key"))
    let recipient = try #require(identities.identities.first?.recipient)
    #expect(try run("age-keygen", "-y", "key") == "\(recipient)\n")
    try write(Self.content(length), to: "plain")
    try run("age", armored ? "-a" : "-e", "-r", recipient.text, "-o", "file", "plain")
    #expect(try Age.decrypt(try bytes(of: "file"), with: identities) == Self.content(length))
  }

  @Test func `age opens what is encrypted here under a passphrase`() throws {
    let content = Self.content(1000)
    try write(try Age.encrypt(content, passphrase: Array("correct horse".utf8), workFactor: 12), to: "file")
    // age asks at a terminal only, and script is one.
    #if os(Linux)
      let terminal = ["-qec", "age --decrypt -o plain file", "/dev/null"]
    #else
      let terminal = ["-q", "/dev/null", "age", "--decrypt", "-o", "plain", "file"]
    #endif
    try run("script", terminal, input: "correct horse\n")
    #expect(try bytes(of: "plain") == content)
  }

  @Test(arguments: [false, true])
  func `SSH keys go through the program, and mix with others`(armored: Bool) throws {
    try run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "tess@example.com", "-f", "ssh")
    let ssh = try Recipient(try folder.read("ssh.pub"))
    #expect(ssh.needsProgram && !ssh.text.contains("tess"))
    let identity = Identity.generate()
    let content = Self.content(300_000)
    let file = try Age.encrypt(content, to: [ssh, identity.recipient], armored: armored)
    #expect(IdentityFile.isEncrypted(file))
    let key = try IdentityFile(bytes: try bytes(of: "ssh"))
    #expect(key.needsProgram && key.identities.isEmpty)
    #expect(try Age.decrypt(file, with: key) == content)
    let own = try IdentityFile(bytes: Array(identity.reveal().utf8))
    #expect(try Age.decrypt(file, with: own) == content)
    // The identities of one file are all tried, by the program where it must.
    let other = try Age.encrypt(content, to: [identity.recipient])
    #expect { try Age.decrypt(other, with: key) } throws: { ($0 as? AgeError)?.code == .noMatch }
  }

  @Test func `an RSA key is a recipient, too`() throws {
    try run("ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-N", "", "-f", "ssh")
    let file = try Age.encrypt([1, 2, 3], to: [try Recipient(try folder.read("ssh.pub"))])
    #expect(try Age.decrypt(file, with: try IdentityFile(bytes: try bytes(of: "ssh"))) == [1, 2, 3])
  }

  @Test func `what the program says when it fails is passed on, and no plaintext`() throws {
    try run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "ssh")
    let key = try IdentityFile(bytes: try bytes(of: "ssh"))
    var file = try Age.encrypt(Self.content(100_000), to: [try Recipient(try folder.read("ssh.pub"))])
    file[file.count - 1] ^= 1
    #expect { try Age.decrypt(file, with: key) } throws: { ($0 as? AgeError)?.code == .program }
  }

  @Test func `a plugin that is not installed is an error of the program`() throws {
    let recipient = try Recipient(Bech32.encode(prefix: "age1nosuchplugin", [1, 2, 3]))
    #expect(recipient.needsProgram)
    #expect { try Age.encrypt([1], to: [recipient]) } throws: { ($0 as? AgeError)?.code == .program }
  }
}
