import Age
import Crypto

/// `sealing/<fingerprint>.age`: a data key wrapped for its recipients, an ordinary age file.
///
/// What `age --decrypt` prints of it:
///
///     lockstep data key 1
///     generation 1
///     key <32 bytes in base64url>
///     for age1…
///
/// with a line `for` for each recipient that it was wrapped for. Only who knows the key can write a file whose key has
/// the fingerprint that the file is named by, so those lines can be believed.
struct DataKeyFile {
  let key: DataKey
  /// Whom the key was wrapped for.
  let recipients: [String]

  private static let magic = "lockstep data key "
  private static let version = "1"

  /// Wraps a key.
  static func wrap(_ key: DataKey, for recipients: [Recipient]) throws(SealingError) -> [UInt8] {
    var text = Array("\(magic)\(version)\ngeneration \(key.generation)\nkey ".utf8)
    // Reserved at once, so that no copy of the key is left behind when the array grows.
    text.reserveCapacity(text.count + 64 + recipients.reduce(0) { $0 + $1.text.utf8.count + 8 })
    defer { wipe(&text) }
    var encoded = Array(key.withBytes { RawBase64.encode(Array($0), alphabet: .urlSafe) }.utf8)
    text += encoded
    wipe(&encoded)
    text += Array("\n".utf8)
    for recipient in recipients { text += Array("for \(recipient.text)\n".utf8) }
    do { return try Age.encrypt(text, to: recipients) } catch {
      throw SealingError(
        .badRecipients, "the data key cannot be wrapped: \(error.message)", hint: error.hint)
    }
  }

  /// Unwraps the key that a fingerprint names.
  /// - Throws: `SealingError` (`.badKeyFile`, `.notARecipient`, `.badIdentity`).
  init(
    opening file: [UInt8], named fingerprint: Fingerprint, with identities: IdentityFile
  ) throws(SealingError) {
    var text: [UInt8]
    do { text = try Age.decrypt(file, with: identities) } catch {
      guard error.code == .noMatch else {
        throw SealingError(
          error.code == .program ? .badIdentity : .badKeyFile,
          "\(Self.path(fingerprint)) cannot be opened: \(error.message)", hint: error.hint ?? Self.mend)
      }
      throw SealingError(
        .notARecipient, "the identity of this machine is no recipient of the data key")
    }
    defer { wipe(&text) }
    try self.init(text: text, named: fingerprint)
  }

  private init(text: [UInt8], named fingerprint: Fingerprint) throws(SealingError) {
    let lines = text.split(separator: UInt8(ascii: "\n")).map { String(decoding: $0, as: UTF8.self) }
    guard let first = lines.first, first.hasPrefix(Self.magic) else {
      throw SealingError(
        .badKeyFile, "\(Self.path(fingerprint)) opens, but holds no data key", hint: Self.mend)
    }
    let version = first.dropFirst(Self.magic.count)
    guard version == Self.version else {
      throw SealingError(
        .badKeyFile,
        "\(Self.path(fingerprint)) is of version \(version.prefix(20)), and this program knows version \(Self.version)",
        hint: "install a newer lockstep")
    }
    func value(_ name: String) -> String? {
      lines.first { $0.hasPrefix("\(name) ") }.map { String($0.dropFirst(name.utf8.count + 1)) }
    }
    guard let generation = value("generation").flatMap({ Int($0) }), generation > 0,
      var bytes = value("key").flatMap({ RawBase64.decode($0, alphabet: .urlSafe) }), bytes.count == 32
    else {
      throw SealingError(
        .badKeyFile, "\(Self.path(fingerprint)) opens, but holds no data key", hint: Self.mend)
    }
    defer { wipe(&bytes) }
    key = DataKey(root: SymmetricKey(data: bytes), generation: generation)
    recipients = lines.filter { $0.hasPrefix("for ") }.map { String($0.dropFirst(4)) }
    guard key.fingerprint == fingerprint else {
      throw SealingError(
        .badKeyFile, "\(Self.path(fingerprint)) holds another data key than its name says", hint: Self.mend)
    }
  }

  private static func path(_ fingerprint: Fingerprint) -> String {
    "mirrored/\(SealingFiles.path(of: fingerprint))"
  }

  private static let mend = "bring the file back as it was: git log -- mirrored/sealing"
}
