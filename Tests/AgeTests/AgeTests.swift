import Testing

@testable import Age

@Suite struct AgeTests {
  private static func file(of identity: Identity) throws -> IdentityFile {
    try IdentityFile(bytes: Array("\(identity.reveal())\n".utf8))
  }

  private static let secret = Array("attack at dawn".utf8)

  private func expect(
    _ code: AgeError.Code, _ comment: Comment? = nil, location: SourceLocation = #_sourceLocation,
    _ body: () throws -> some Any
  ) {
    #expect(comment, sourceLocation: location) { try body() } throws: { ($0 as? AgeError)?.code == code }
  }

  @Test func `what is encrypted to an identity's recipient opens with it, and with no other`() throws {
    let identity = Identity.generate()
    let file = try Age.encrypt(Self.secret, to: [identity.recipient])
    #expect(try Age.decrypt(file, with: Self.file(of: identity)) == Self.secret)
    expect(.noMatch) { try Age.decrypt(file, with: Self.file(of: .generate())) }
    expect(.noMatch) { try Age.decrypt(file, passphrase: [1]) }
  }

  @Test func `what is encrypted under a passphrase opens with it, and with no other`() throws {
    let passphrase = Array("correct horse".utf8)
    for armored in [false, true] {
      let file = try Age.encrypt(Self.secret, passphrase: passphrase, workFactor: 4, armored: armored)
      #expect(IdentityFile.isEncrypted(file))
      #expect(try Age.decrypt(file, passphrase: passphrase) == Self.secret)
      expect(.wrongPassphrase) { try Age.decrypt(file, passphrase: Array("correct hose".utf8)) }
      expect(.wrongPassphrase) { try Age.decrypt(file, passphrase: []) }
      expect(.tooMuchWork) { try Age.decrypt(file, passphrase: passphrase, maximumWorkFactor: 3) }
      expect(.noMatch) { try Age.decrypt(file, with: Self.file(of: .generate())) }
      expect(.badIdentity) { try IdentityFile(bytes: file) }
    }
    expect(.wrongPassphrase) { try Age.encrypt(Self.secret, passphrase: []) }
    for factor in [Int.min, 0, 31, Int.max] {
      expect(.tooMuchWork) { try Age.encrypt(Self.secret, passphrase: passphrase, workFactor: factor) }
    }
  }

  @Test func `no recipients and recipients named twice are refused`() throws {
    let recipient = Identity.generate().recipient
    expect(.badRecipient) { try Age.encrypt(Self.secret, to: []) }
    expect(.badRecipient) { try Age.encrypt(Self.secret, to: [recipient, recipient]) }
    let spaced = try Recipient("  \(recipient)\n")
    expect(.badRecipient) { try Age.encrypt(Self.secret, to: [recipient, spaced]) }
  }

  @Test func `a recipient that nothing can be encrypted to is refused`() {
    expect(.badRecipient) {
      try Age.encrypt(
        Self.secret, to: [try Recipient(Bech32.encode(prefix: "age", [UInt8](repeating: 0, count: 32)))])
    }
  }

  @Test func `a file that was cut off anywhere does not open`() throws {
    let identity = Identity.generate()
    let identities = try Self.file(of: identity)
    let passphrase = Array("p".utf8)
    let file = try Age.encrypt(Self.secret, to: [identity.recipient])
    let locked = try Age.encrypt(Self.secret, passphrase: passphrase, workFactor: 1, armored: false)
    let armored = try Age.encrypt(Self.secret, to: [identity.recipient], armored: true)
    for count in file.indices { expectRefusal { try Age.decrypt(Array(file[..<count]), with: identities) } }
    for count in locked.indices {
      expectRefusal { try Age.decrypt(Array(locked[..<count]), passphrase: passphrase) }
    }
    // Without its last line end it is whole.
    for count in armored.indices.dropLast() {
      expectRefusal { try Age.decrypt(Array(armored[..<count]), with: identities) }
    }
  }

  @Test func `a file with any bit changed does not open`() throws {
    let identity = Identity.generate()
    let identities = try Self.file(of: identity)
    let passphrase = Array("p".utf8)
    for armored in [false, true] {
      let file = try Age.encrypt(Self.secret, to: [identity.recipient], armored: armored)
      let locked = try Age.encrypt(Self.secret, passphrase: passphrase, workFactor: 1, armored: armored)
      for bit in 0..<(file.count * 8) {
        expectRefusal { try Age.decrypt(Self.flip(bit, in: file), with: identities) }
      }
      for bit in 0..<(locked.count * 8) {
        expectRefusal {
          try Age.decrypt(Self.flip(bit, in: locked), passphrase: passphrase, maximumWorkFactor: 12)
        }
      }
    }
  }

  private static func flip(_ bit: Int, in file: [UInt8]) -> [UInt8] {
    var file = file
    file[bit / 8] ^= 1 << UInt8(bit % 8)
    return file
  }

  private func expectRefusal(_ body: () throws -> [UInt8], location: SourceLocation = #_sourceLocation) {
    #expect(sourceLocation: location) { try body() } throws: { error in
      [.malformed, .unsupportedVersion, .noMatch, .wrongPassphrase, .corrupt, .tooMuchWork]
        .contains((error as? AgeError)?.code)
    }
  }

  @Test func `base64 has one text for given bytes`() {
    for count in 0..<200 {
      let bytes = randomBytes(count)
      for alphabet in [RawBase64.Alphabet.standard, .urlSafe] {
        let text = RawBase64.encode(bytes, alphabet: alphabet)
        #expect(RawBase64.decode(text, alphabet: alphabet) == bytes)
        #expect(!text.contains("="))
      }
    }
    #expect(RawBase64.encode([0xfb, 0xff], alphabet: .urlSafe) == "-_8")
    #expect(RawBase64.encode([0xfb, 0xff]) == "+/8")
    for text in ["A", "AB", "AAB", "AA==", "AAA=", "AAAAA", "AA\n", " AA", "+/9", "-_8", "Ä"] {
      #expect(RawBase64.decode(text) == nil, "\(text)")
    }
    #expect(RawBase64.decode("+/8", alphabet: .urlSafe) == nil)
  }
}
