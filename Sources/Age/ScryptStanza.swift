import Crypto
import CryptoExtras

/// A file's key for those who know a passphrase.
struct ScryptStanza {
  static let kind = "scrypt"
  private static let label = Array("age-encryption.org/v1/scrypt".utf8)
  private static let saltByteCount = 16
  private static let blockSize = 8
  /// The largest factor for which the format's numbers make sense.
  private static let largestWorkFactor = 30

  private let salt: [UInt8]
  private let workFactor: Int
  private let body: [UInt8]

  /// Reads the passphrase's stanza of a header; nil where there is none.
  ///
  /// Such a stanza must be the only one, so that whoever opens the file knows that it comes from one who knows the
  /// passphrase.
  init?(_ stanzas: [Stanza]) throws(AgeError) {
    guard let stanza = stanzas.first(where: { $0.kind == Self.kind }) else { return nil }
    guard stanzas.count == 1 else {
      throw AgeError(.malformed, "the header of the age file holds a passphrase beside other recipients")
    }
    guard stanza.arguments.count == 2, let salt = RawBase64.decode(stanza.arguments[0]),
      salt.count == Self.saltByteCount, let workFactor = Self.workFactor(stanza.arguments[1]),
      stanza.body.count == FileKey.wrappedByteCount
    else { throw AgeError(.malformed, "the passphrase in the header of the age file is malformed") }
    self.salt = salt
    self.workFactor = workFactor
    body = stanza.body
  }

  /// Wraps a file's key under a passphrase.
  static func wrap(_ fileKey: SymmetricKey, _ passphrase: [UInt8], workFactor: Int) throws(AgeError) -> Stanza
  {
    guard (1...largestWorkFactor).contains(workFactor) else {
      throw AgeError(.tooMuchWork, "the work factor \(workFactor) is not between 1 and \(largestWorkFactor)")
    }
    let salt = randomBytes(saltByteCount)
    let key = try derive(passphrase, salt, workFactor)
    do {
      return Stanza(
        kind: kind, arguments: [RawBase64.encode(salt), String(workFactor)],
        body: try FileKey.wrap(fileKey, under: key))
    } catch { throw AgeError(.program, "the key of the age file could not be encrypted") }
  }

  /// The file's key.
  func unwrap(_ passphrase: [UInt8], maximumWorkFactor: Int) throws(AgeError) -> SymmetricKey {
    guard workFactor <= min(maximumWorkFactor, Self.largestWorkFactor) else {
      throw AgeError(
        .tooMuchWork,
        "the age file's passphrase has the work factor \(workFactor); \(maximumWorkFactor) is the most that is tried"
      )
    }
    guard !passphrase.isEmpty,
      let fileKey = FileKey.unwrap(body, under: try Self.derive(passphrase, salt, workFactor))
    else { throw AgeError(.wrongPassphrase, "the passphrase does not open the age file") }
    return fileKey
  }

  /// A number as the format writes it: without a sign and leading zeros.
  private static func workFactor(_ text: String) -> Int? {
    guard !text.hasPrefix("0"), text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
    else { return nil }
    return Int(text)
  }

  private static func derive(
    _ passphrase: [UInt8], _ salt: [UInt8], _ workFactor: Int
  ) throws(AgeError) -> SymmetricKey {
    do {
      return try KDF.Scrypt.deriveKey(
        from: passphrase, salt: label + salt, outputByteCount: 32, rounds: 1 << workFactor,
        blockSize: blockSize, parallelism: 1)
    } catch {
      throw AgeError(
        .tooMuchWork, "there is not enough memory for a passphrase of the work factor \(workFactor)")
    }
  }
}
