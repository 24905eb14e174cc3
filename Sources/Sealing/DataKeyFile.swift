import Age
import Crypto

/// `sealing/<fingerprint>.age`: a data key wrapped for its recipients, an ordinary age file.
///
/// What `age --decrypt` prints of it:
///
///     lockstep data key 1
///     generation 1
///     key <32 bytes in base64url>
///     after <fingerprint> <base64url>
///     for age1…
///
/// with a line `after` for each data key that vouches for this one, and a line `for` for each recipient that it was
/// wrapped for. Only who knows the key can write a file whose key has the fingerprint that the file is named by, so where
/// the key is believed (`TrustedKeys`), those lines can be.
struct DataKeyFile: Sendable {
  let key: DataKey
  /// Whom the key was wrapped for.
  let recipients: [String]
  /// The keys that vouch for this one.
  let predecessors: [Link]

  /// A key that vouches for another one.
  struct Link: Sendable {
    let fingerprint: Fingerprint
    let code: [UInt8]

    init(fingerprint: Fingerprint, code: [UInt8]) {
      self.fingerprint = fingerprint
      self.code = code
    }

    init(from older: DataKey, to key: DataKey) {
      self.init(fingerprint: older.fingerprint, code: older.code(forSuccessor: key))
    }
  }

  private static let magic = "lockstep data key "
  private static let version = "1"
  /// A file for some hundred recipients.
  private static let longest = 64 * 1024
  /// More rotations than any fleet sees.
  private static let generations = 1...(1 << 30)

  init(key: DataKey, recipients: [String], predecessors: [Link]) {
    self.key = key
    self.recipients = recipients
    self.predecessors = predecessors
  }

  /// Wraps the key.
  func wrapped(for recipients: [Recipient]) throws(SealingError) -> [UInt8] {
    var text: [UInt8] = []
    // Reserved at once, so that no copy of the key is left behind when the array grows.
    text.reserveCapacity(Self.longest)
    defer { wipe(&text) }
    text += Array("\(Self.magic)\(Self.version)\ngeneration \(key.generation)\nkey ".utf8)
    key.withBytes { bytes in
      for index in stride(from: 0, to: bytes.count, by: 3) {
        var part = Array(bytes[index..<min(index + 3, bytes.count)])
        text += Array(RawBase64.encode(part, alphabet: .urlSafe).utf8)
        wipe(&part)
      }
    }
    text += Array("\n".utf8)
    for link in predecessors {
      text += Array("after \(link.fingerprint) \(RawBase64.encode(link.code, alphabet: .urlSafe))\n".utf8)
    }
    for recipient in recipients { text += Array("for \(recipient.text)\n".utf8) }
    let file: [UInt8]
    do { file = try Age.encrypt(text, to: recipients) } catch {
      throw SealingError(
        .badRecipients, "the data key cannot be wrapped: \(error.message)", hint: error.hint)
    }
    guard file.count <= Self.longest else {
      throw SealingError(.badRecipients, "there are too many recipients for one data key")
    }
    return file
  }

  /// Unwraps the key that a fingerprint names.
  /// - Throws: `SealingError` (`.badKeyFile`, `.notARecipient`, `.badIdentity`).
  init(
    opening file: [UInt8], named fingerprint: Fingerprint, with identities: IdentityFile
  ) throws(SealingError) {
    guard file.count <= Self.longest else {
      throw SealingError(
        .badKeyFile, "\(Self.path(fingerprint)) is too long for a data key", hint: Self.mend)
    }
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
    let lines = text.split(separator: UInt8(ascii: "\n")).map {
      $0.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
    }
    let noKey = SealingError(
      .badKeyFile, "\(Self.path(fingerprint)) opens, but holds no data key", hint: Self.mend)
    guard let first = lines.first, text.starts(with: Self.magic.utf8), first.count == 4 else { throw noKey }
    guard first[3] == Self.version else {
      throw SealingError(
        .badKeyFile,
        "\(Self.path(fingerprint)) is of version \(first[3].prefix(20)), and this program knows version \(Self.version)",
        hint: "install a newer lockstep")
    }
    func values(_ name: String, _ count: Int) -> [[String]] {
      lines.filter { $0.first == name && $0.count == count + 1 }.map { Array($0.dropFirst()) }
    }
    guard let generation = values("generation", 1).first.flatMap({ Int($0[0]) }),
      Self.generations.contains(generation),
      var bytes = values("key", 1).first.flatMap({ RawBase64.decode($0[0], alphabet: .urlSafe) }),
      bytes.count == 32
    else { throw noKey }
    defer { wipe(&bytes) }
    key = DataKey(root: SymmetricKey(data: bytes), generation: generation)
    // They are shown at the terminal: nothing but recipients counts.
    recipients = lines.filter { $0.first == "for" }.compactMap {
      try? Recipient($0.dropFirst().joined(separator: " ")).text
    }
    predecessors = values("after", 2).compactMap { words in
      guard let older = Fingerprint(words[0]), let code = RawBase64.decode(words[1], alphabet: .urlSafe)
      else {
        return nil
      }
      return Link(fingerprint: older, code: code)
    }
    guard key.fingerprint == fingerprint else {
      throw SealingError(
        .badKeyFile, "\(Self.path(fingerprint)) holds another data key than its name says", hint: Self.mend)
    }
  }

  private static func path(_ fingerprint: Fingerprint) -> String {
    "mirrored/\(SealingFiles.path(of: fingerprint))"
  }

  private static let mend = SealingFiles.bringBack
}
