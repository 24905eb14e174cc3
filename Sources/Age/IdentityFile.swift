import Crypto

/// The identities in a file as `age` takes it: lines of identities and comments, or a private key of OpenSSH.
///
/// Neither its description nor its mirror shows a key.
package struct IdentityFile: Sendable, CustomStringConvertible, CustomReflectable {
  /// Kinds of identities that only the `age` program knows: of plugins, and for keys of after X25519.
  private static let otherPrefixes = ["AGE-PLUGIN-", "AGE-SECRET-KEY-PQ-"]
  private static let sshBegin = Array("-----BEGIN OPENSSH PRIVATE KEY-----".utf8)
  private static let sshEnd = Array("-----END OPENSSH PRIVATE KEY-----".utf8)

  /// The identities that are known here.
  package let identities: [Identity]
  /// The whole file, where the program must read it.
  private let file: SymmetricKey?

  /// Reads a file.
  /// - Throws: `AgeError` (`.badIdentity`), which names a line by its number and never shows it.
  package init(bytes: [UInt8]) throws(AgeError) {
    guard !Self.isEncrypted(bytes) else {
      throw AgeError(
        .badIdentity, "the identity file is encrypted", hint: "it opens with its passphrase")
    }
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }
    if lines.first.map({ $0.elementsEqual(Self.sshBegin) }) == true {
      guard lines.contains(where: { $0.elementsEqual(Self.sshEnd) }) else {
        throw AgeError(.badIdentity, "the private key of OpenSSH is cut off")
      }
      identities = []
      file = SymmetricKey(data: bytes)
      return
    }
    var identities: [Identity] = []
    var needsProgram = false
    for (index, line) in lines.enumerated() where !line.isEmpty && line.first != UInt8(ascii: "#") {
      do throws(AgeError) {
        if let identity = try Self.identity(String(decoding: line, as: UTF8.self)) {
          identities.append(identity)
        } else {
          needsProgram = true
        }
      } catch {
        throw AgeError(
          error.code, "line \(index + 1) of the identity file: \(error.message)", hint: error.hint)
      }
    }
    guard needsProgram || !identities.isEmpty else {
      throw AgeError(
        .badIdentity, "the identity file holds no identity", hint: "make one with age-keygen")
    }
    self.identities = identities
    file = needsProgram ? SymmetricKey(data: bytes) : nil
  }

  /// Whether it holds identities that only the `age` program knows.
  package var needsProgram: Bool { file != nil }

  /// Whether these bytes are an age file rather than identities in clear text.
  package static func isEncrypted(_ bytes: [UInt8]) -> Bool {
    Armor.isArmored(bytes) || bytes.starts(with: Header.magic.utf8)
  }

  /// A copy of the whole file, which whoever asks for it wipes; nil where the program is not needed.
  func reveal() -> [UInt8]? { file?.withUnsafeBytes { [UInt8]($0) } }

  package var description: String {
    let names =
      identities.map(\.recipient.text) + (needsProgram ? ["others, which the age program knows"] : [])
    return "the identities of \(names.joined(separator: ", "))"
  }

  package var customMirror: Mirror {
    Mirror(self, children: ["identities": identities, "needsProgram": needsProgram])
  }

  /// The identity in a line; nil for one that only the program knows.
  private static func identity(_ line: String) throws(AgeError) -> Identity? {
    guard otherPrefixes.contains(where: line.hasPrefix) else { return try Identity(line) }
    do throws(Bech32.Failure) {
      let prefix = try Bech32.decode(line).prefix
      guard prefix.hasSuffix("-"), otherPrefixes.contains(where: prefix.hasPrefix) else {
        throw Bech32.Failure(reason: "is cut off")
      }
      return nil
    } catch { throw AgeError(.badIdentity, "this is no age identity: it \(error.reason)") }
  }
}
