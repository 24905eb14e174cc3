import Testing

@testable import Age

/// Recipients, identities and identity files as text.
@Suite struct KeyTests {
  private static let identity = "AGE-SECRET-KEY-1EGTZVFFV20835NWYV6270LXYVK2VKNX2MMDKWYKLMGR48UAWX40Q2P2LM0"

  private func expect(
    _ code: AgeError.Code, _ comment: Comment? = nil, location: SourceLocation = #_sourceLocation,
    _ body: () throws -> some Any
  ) {
    #expect(comment, sourceLocation: location) { try body() } throws: { ($0 as? AgeError)?.code == code }
  }

  @Test func `texts of recipients and identities come back as they were`() throws {
    #expect(try Identity(Self.identity).reveal() == Self.identity)
    let recipient = try Identity(Self.identity).recipient
    #expect(try Recipient(recipient.text) == recipient)
    #expect(try Recipient(" \(recipient.text)\r\n") == recipient)
    #expect(!recipient.needsProgram)
  }

  @Test func `every typing error in a recipient is found`() throws {
    let text = Array(try Identity(Self.identity).recipient.text.utf8)
    for index in text.indices {
      for character in Array("qpzry9x8gf2tvdw0s3jn54khce6mua7l1b-A".utf8) where character != text[index] {
        var wrong = text
        wrong[index] = character
        expect(.badRecipient) { try Recipient(String(decoding: wrong, as: UTF8.self)) }
      }
      var shorter = text
      shorter.remove(at: index)
      expect(.badRecipient) { try Recipient(String(decoding: shorter, as: UTF8.self)) }
    }
  }

  @Test func `what is no recipient is refused, and a secret among it is not repeated`() throws {
    let recipient = try Identity(Self.identity).recipient.text
    for text in [
      "", " ", "age", "age1", "age11", recipient.uppercased(), "\(recipient) \(recipient)",
      "\(recipient)\u{e9}",
      Bech32.encode(prefix: "age", [1, 2, 3]),
      Bech32.encode(prefix: "aged", [UInt8](repeating: 1, count: 32)),
      Bech32.encode(prefix: "age1", [1]), "ssh-ed25519", "ssh-ed25519 AAAA", "ssh-dss AAAAB3NzaC1kc3M=",
      "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA==", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIA==", "github:someone",
      "-o", "tess",
    ] { expect(.badRecipient, "\(text)") { try Recipient(text) } }
    for text in [Self.identity, Self.identity.lowercased(), "\(recipient) \(Self.identity)"] {
      do {
        _ = try Recipient(text)
        Issue.record("\(text) is taken")
      } catch { #expect(!"\(error)\(error.hint ?? "")".uppercased().contains("EGTZV")) }
    }
  }

  @Test func `recipients of plugins are for the program`() throws {
    let text = Bech32.encode(prefix: "age1yubikey", [1, 2, 3])
    #expect(try Recipient(text).needsProgram)
    #expect(try Recipient(text).text == text)
  }

  @Test func `the key of an SSH recipient is checked, and its comment dropped`() throws {
    let field: ([UInt8]) -> [UInt8] = { [0, 0, 0, UInt8($0.count)] + $0 }
    let key = RawBase64.encode(field(Array("ssh-ed25519".utf8)) + field([UInt8](repeating: 7, count: 32)))
    #expect(key.utf8.count % 4 == 0)
    let recipient = try Recipient("ssh-ed25519 \(key) tess@example.com at home\n")
    #expect(recipient.text == "ssh-ed25519 \(key)")
    #expect(recipient.needsProgram)
    expect(.badRecipient) { try Recipient("ssh-rsa \(key)") }
    expect(.badRecipient) { try Recipient("ssh-ed25519 \(key.dropLast(4))") }
  }

  @Test func `what is no identity is refused without being repeated`() throws {
    for text in [
      "", Self.identity.lowercased(), String(Self.identity.dropLast()), Self.identity + "Q",
      Self.identity.replacing("EGTZV", with: "EGTZW"), "AGE-SECRET-KEY-1", " \(Self.identity)",
      Bech32.encode(prefix: "age-secret-key-", [1, 2]).uppercased(),
    ] {
      do {
        _ = try Identity(text)
        Issue.record("\(text) is taken")
      } catch {
        #expect(error.code == .badIdentity)
        #expect(!error.message.contains("EGTZ"))
      }
    }
  }

  @Test func `an identity file holds identities, comments and empty lines`() throws {
    let plugin = Bech32.encode(prefix: "age-plugin-yubikey-", [1, 2]).uppercased()
    let postQuantum = Bech32.encode(prefix: "age-secret-key-pq-", [UInt8](repeating: 1, count: 32))
      .uppercased()
    let file = try IdentityFile(
      bytes: Array("# one\r\n\r\n\(Self.identity)\r\n#two\n\(Identity.generate().reveal())".utf8))
    #expect(file.identities.count == 2 && !file.needsProgram)
    for other in [plugin, postQuantum] {
      let file = try IdentityFile(bytes: Array("\(other)\n\(Self.identity)\n".utf8))
      #expect(file.identities.count == 1 && file.needsProgram)
    }
    #expect(try IdentityFile(bytes: Array(plugin.utf8)).identities.isEmpty)
  }

  @Test func `a wrong line is named by its number only`() throws {
    let wrong = Self.identity.replacing("EGTZV", with: "EGTZW")
    for bad in [
      wrong, "hello-secret", " \(Self.identity)", "AGE-PLUGIN-YUBIKEY-1QQQQ", "\(Self.identity) # mine",
    ] {
      do {
        _ = try IdentityFile(bytes: Array("# comment\n\n\(Self.identity)\n\(bad)\n".utf8))
        Issue.record("taken")
      } catch {
        #expect(error.code == .badIdentity)
        #expect(error.message.contains("line 4"))
        for part in ["EGTZ", "hello", "QQQQ"] { #expect(!"\(error)".contains(part)) }
      }
    }
    for empty in ["", "\n", "# only a comment\n"] {
      expect(.badIdentity) { try IdentityFile(bytes: Array(empty.utf8)) }
    }
    expect(.badIdentity) {
      try IdentityFile(bytes: Array("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n".utf8))
    }
    expect(.badIdentity) { try IdentityFile(bytes: [0xff, 0xfe, 0, 10]) }
  }

  @Test func `descriptions and dumps of identities do not hold the secret`() throws {
    let identity = try Identity(Self.identity)
    let plugin = Bech32.encode(prefix: "age-plugin-yubikey-", [1, 2]).uppercased()
    let ssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nSECRETSECRET\n-----END OPENSSH PRIVATE KEY-----\n"
    let files = [
      try IdentityFile(bytes: Array("\(Self.identity)\n\(plugin)\n".utf8)),
      try IdentityFile(bytes: Array(ssh.utf8)),
    ]
    var texts: [String] = []
    func show(_ value: some Any) {
      var dumped = ""
      dump(value, to: &dumped)
      texts += ["\(value)", String(describing: value), String(reflecting: value), dumped]
      texts += [String(reflecting: [value]), "\(Optional(value) as Any)"]
    }
    show(identity)
    for file in files { show(file) }
    show([identity])
    show((files, ["key": identity]))
    let raw = try Bech32.decode(Self.identity).bytes
    for text in texts {
      for secret in ["EGTZV", "egtzv", "SECRETSECRET", plugin, "\(raw[0]), \(raw[1]), \(raw[2])"] {
        #expect(!text.contains(secret))
      }
      // The bytes, one a line, as dump shows an array.
      #expect(!text.contains("- \(raw[0])\n"))
    }
    #expect(texts[0].contains(identity.recipient.text))
  }
}
