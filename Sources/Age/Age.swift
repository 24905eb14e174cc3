import Crypto

/// Encrypts and decrypts files of the format age (age-encryption.org/v1), in memory.
///
/// Nothing is returned of a file of which any part is not right.
package enum Age {
  /// Encrypts to recipients.
  ///
  /// Where one of them needs the `age` program, that makes the whole file.
  /// - Throws: `AgeError` (`.badRecipient`) where there are none, or one stands there twice.
  package static func encrypt(
    _ plaintext: [UInt8], to recipients: [Recipient], armored: Bool = false
  ) throws(AgeError) -> [UInt8] {
    guard !recipients.isEmpty else { throw AgeError(.badRecipient, "there is no recipient to encrypt to") }
    var seen: Set<Recipient> = []
    for recipient in recipients where !seen.insert(recipient).inserted {
      throw AgeError(.badRecipient, "the recipient \(recipient) is named twice")
    }
    let keys = recipients.compactMap(\.key)
    guard keys.count == recipients.count else {
      return try AgeProgram.encrypt(plaintext, to: recipients, armored: armored)
    }
    let fileKey = FileKey.random()
    var stanzas: [Stanza] = []
    for key in keys { stanzas.append(try X25519Stanza.wrap(fileKey, forKey: key)) }
    return try file(plaintext, stanzas, fileKey, armored: armored)
  }

  /// Encrypts under a passphrase.
  /// - Parameter workFactor: the logarithm of the work that each try of a passphrase takes.
  package static func encrypt(
    _ plaintext: [UInt8], passphrase: [UInt8], workFactor: Int = 18, armored: Bool = true
  ) throws(AgeError) -> [UInt8] {
    guard !passphrase.isEmpty else { throw AgeError(.wrongPassphrase, "the passphrase is empty") }
    let fileKey = FileKey.random()
    let stanza = try ScryptStanza.wrap(fileKey, passphrase, workFactor: workFactor)
    return try file(plaintext, [stanza], fileKey, armored: armored)
  }

  /// Decrypts a file, armored or not, with the first identity that opens it.
  ///
  /// The `age` program is asked where no other identity does and the identity file holds some that only it knows.
  /// - Throws: `AgeError` (`.noMatch`) where none does.
  package static func decrypt(_ file: [UInt8], with identities: IdentityFile) throws(AgeError) -> [UInt8] {
    let file = try unarmored(file)
    let (header, payload) = try Header.read(file)
    guard try ScryptStanza(header.stanzas) == nil else {
      throw AgeError(.noMatch, "the age file opens with a passphrase, and with no identity")
    }
    var stanzas: [X25519Stanza] = []
    for stanza in header.stanzas { if let stanza = try X25519Stanza(stanza) { stanzas.append(stanza) } }
    for identity in identities.identities {
      for stanza in stanzas {
        guard let fileKey = try stanza.unwrap(identity) else { continue }
        try header.check(fileKey)
        return try PayloadStream.open(payload, fileKey)
      }
    }
    guard var identityFile = identities.reveal() else {
      throw AgeError(.noMatch, "no identity opens the age file")
    }
    defer { wipe(&identityFile) }
    return try AgeProgram.decrypt(file, with: identityFile)
  }

  /// Decrypts a file, armored or not, with a passphrase.
  /// - Parameter maximumWorkFactor: the most work that is done for a try: 20 takes 1 GiB of memory.
  /// - Throws: `AgeError` (`.wrongPassphrase`) where it does not open the file.
  package static func decrypt(
    _ file: [UInt8], passphrase: [UInt8], maximumWorkFactor: Int = 20
  ) throws(AgeError) -> [UInt8] {
    let (header, payload) = try Header.read(try unarmored(file))
    guard let stanza = try ScryptStanza(header.stanzas) else {
      throw AgeError(.noMatch, "the age file opens with an identity, and with no passphrase")
    }
    let fileKey = try stanza.unwrap(passphrase, maximumWorkFactor: maximumWorkFactor)
    try header.check(fileKey)
    return try PayloadStream.open(payload, fileKey)
  }

  private static func unarmored(_ file: [UInt8]) throws(AgeError) -> [UInt8] {
    Armor.isArmored(file) ? try Armor.decode(file) : file
  }

  private static func file(
    _ plaintext: [UInt8], _ stanzas: [Stanza], _ fileKey: SymmetricKey, armored: Bool
  ) throws(AgeError) -> [UInt8] {
    let file = Header(stanzas: stanzas, fileKey: fileKey).text + (try PayloadStream.seal(plaintext, fileKey))
    return armored ? Armor.encode(file) : file
  }
}
