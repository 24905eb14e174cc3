/// Somebody whom a file can be encrypted to; nothing about it is secret.
package struct Recipient: Sendable, Hashable, CustomStringConvertible {
  static let prefix = "age"
  private static let keyByteCount = 32

  /// The recipient as `age` takes it: one line, without a comment.
  package let text: String
  /// The X25519 key; nil for a kind that only the `age` program knows.
  let key: [UInt8]?

  /// Reads a recipient: `age1…` of any kind, or a line of an SSH public key file with an Ed25519 or RSA key.
  package init(_ text: String) throws(AgeError) {
    let words = text.split { $0 == " " || $0 == "\t" || $0.isNewline }
    guard let first = words.first.map(String.init) else {
      throw AgeError(.badRecipient, "a recipient is empty")
    }
    if first.hasPrefix("ssh-") {
      self.text = "\(first) \(try Self.sshKey(first, words.dropFirst().first.map(String.init) ?? ""))"
      key = nil
    } else {
      guard words.count == 1 else {
        throw AgeError(.badRecipient, "several words stand where one age recipient is wanted")
      }
      self.text = first
      key = try Self.ageKey(first)
    }
  }

  /// The recipient that an X25519 key belongs to.
  init(key: [UInt8]) {
    text = Bech32.encode(prefix: Self.prefix, key)
    self.key = key
  }

  /// Whether only the `age` program can encrypt to this.
  package var needsProgram: Bool { key == nil }

  package var description: String { text }

  private static func ageKey(_ text: String) throws(AgeError) -> [UInt8]? {
    // What is no recipient is not repeated: it may be a secret that was put into the wrong place.
    if text.uppercased().hasPrefix("AGE-") {
      throw AgeError(
        .badRecipient, "an identity stands where a recipient is wanted",
        hint: "print the identity's recipient with age-keygen -y")
    }
    guard text.hasPrefix("age1") else {
      throw AgeError(
        .badRecipient, "this is no age recipient: it begins with none of age1, ssh-ed25519 and ssh-rsa")
    }
    let decoded: (prefix: String, bytes: [UInt8])
    do { decoded = try Bech32.decode(text) } catch {
      throw AgeError(.badRecipient, "\(Self.shown(text)) is no age recipient: it \(error.reason)")
    }
    if decoded.prefix == prefix {
      guard decoded.bytes.count == keyByteCount else {
        throw AgeError(
          .badRecipient, "\(Self.shown(text)) is no age recipient: its key is of the wrong length")
      }
      return decoded.bytes
    }
    guard decoded.prefix.hasPrefix("age1"), decoded.prefix.count > 4 else {
      throw AgeError(.badRecipient, "\(Self.shown(text)) is no age recipient")
    }
    return nil
  }

  /// The beginning of a text that is no recipient: the rest may be a secret.
  private static func shown(_ text: String) -> String { "'\(text.prefix(9))…'" }

  /// The key of an SSH recipient, as it is written, once it proves to be one.
  private static func sshKey(_ kind: String, _ text: String) throws(AgeError) -> String {
    guard kind == "ssh-ed25519" || kind == "ssh-rsa" else {
      throw AgeError(
        .badRecipient, "SSH keys of the kind \(kind) cannot be age recipients",
        hint: "use a key of the kind ssh-ed25519 or ssh-rsa")
    }
    let padding = text.suffix(2).filter { $0 == "=" }.count
    guard text.utf8.count % 4 == 0, let bytes = RawBase64.decode(String(text.dropLast(padding))),
      let fields = fields(of: bytes), fields.first.map({ $0.elementsEqual(kind.utf8) }) == true,
      kind == "ssh-rsa"
        ? fields.count == 3 : fields.count == 2 && fields[1].count == keyByteCount
    else { throw AgeError(.badRecipient, "the \(kind) recipient is malformed or cut off") }
    return text
  }

  /// The fields of an SSH key, each behind its length; nil where they do not add up.
  private static func fields(of bytes: [UInt8]) -> [ArraySlice<UInt8>]? {
    var fields: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      guard rest.count >= 4 else { return nil }
      let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(4)
      guard rest.count >= count else { return nil }
      fields.append(rest.prefix(count))
      rest = rest.dropFirst(count)
    }
    return fields
  }
}
