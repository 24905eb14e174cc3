import Crypto

/// The text before the payload: who can open the file, and a code that nobody else can make.
struct Header {
  /// The beginning of every version's first line.
  static let magic = "age-encryption.org/"
  private static let version = "v1"
  private static let end = Array("---".utf8)
  private static let start = Array("-> ".utf8)

  /// The ways into the file.
  let stanzas: [Stanza]
  /// The code over the header, from its key.
  let code: [UInt8]
  /// What the code covers.
  let covered: [UInt8]

  /// Makes the header of a new file.
  init(stanzas: [Stanza], fileKey: SymmetricKey) {
    self.stanzas = stanzas
    covered = Array("\(Self.magic)\(Self.version)\n".utf8) + stanzas.flatMap(\.text) + Self.end
    code = [UInt8](HMAC<SHA256>.authenticationCode(for: covered, using: Self.key(fileKey)))
  }

  /// Reads the header of a file, strictly.
  /// - Returns: the header, and what follows it.
  static func read(_ file: [UInt8]) throws(AgeError) -> (header: Header, payload: ArraySlice<UInt8>) {
    let magic = Array(Self.magic.utf8)
    guard file.starts(with: magic) else { throw AgeError(.malformed, "this is no age file") }
    var lines = LineReader(file[...])
    guard let first = lines.next() else { throw AgeError(.malformed, "the age file ends in its first line") }
    let version = first.dropFirst(magic.count)
    guard version.allSatisfy({ (33...126).contains($0) }) else {
      throw AgeError(.malformed, "the first line of the age file is malformed")
    }
    guard version.elementsEqual(Self.version.utf8) else {
      throw AgeError(
        .unsupportedVersion, "the age file is of a version of the format that is not known here",
        hint: "install a newer Lockstep, or open the file with the age program")
    }
    var stanzas: [Stanza] = []
    while true {
      let start = lines.position
      guard let line = lines.next() else {
        throw AgeError(.malformed, "the header of the age file is cut off")
      }
      if line.starts(with: Self.start) {
        stanzas.append(try Stanza(first: line.dropFirst(Self.start.count), from: &lines))
        continue
      }
      let mark = Self.end + [UInt8(ascii: " ")]
      guard line.starts(with: mark), !stanzas.isEmpty,
        let code = RawBase64.decoded(line.dropFirst(mark.count)), code.count == SHA256.byteCount
      else { throw AgeError(.malformed, "a line in the header of the age file is malformed") }
      let header = Header(
        stanzas: stanzas, code: code, covered: Array(file[..<(start + Self.end.count)]))
      return (header, file[lines.position...])
    }
  }

  private init(stanzas: [Stanza], code: [UInt8], covered: [UInt8]) {
    self.stanzas = stanzas
    self.code = code
    self.covered = covered
  }

  /// The lines of the header.
  var text: [UInt8] { covered + [UInt8(ascii: " ")] + RawBase64.encoded(code[...]) + [UInt8(ascii: "\n")] }

  /// Refuses a header that was not made with the key that it holds.
  func check(_ fileKey: SymmetricKey) throws(AgeError) {
    guard HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: covered, using: Self.key(fileKey))
    else {
      throw AgeError(.corrupt, "the header of the age file was changed")
    }
  }

  private static func key(_ fileKey: SymmetricKey) -> SymmetricKey {
    HKDF<SHA256>.deriveKey(
      inputKeyMaterial: fileKey, info: Array("header".utf8), outputByteCount: SHA256.byteCount)
  }
}
