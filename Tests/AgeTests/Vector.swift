import CZlib
import Foundation
import Testing

/// One of the Community Cryptography Test Vectors for age.
struct Vector {
  /// What must come of decrypting it.
  let expected: String
  /// The SHA-256 of the plaintext, in hexadecimal.
  let payload: String?
  let identities: [String]
  let passphrases: [String]
  let file: [UInt8]

  static let folder = Bundle.module.url(forResource: "Vectors", withExtension: nil)

  static let names: [String] = {
    let names = folder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.path) } ?? []
    return names.filter { $0 != "README.md" }.sorted()
  }()

  init(_ name: String) throws {
    let folder = try #require(Self.folder)
    let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(name)))
    var values: [String: [String]] = [:]
    var rest = bytes[...]
    while let end = rest.firstIndex(of: UInt8(ascii: "\n")), end > rest.startIndex {
      let line = String(decoding: rest[..<end], as: UTF8.self)
      let colon = try #require(line.range(of: ": "))
      values[String(line[..<colon.lowerBound]), default: []].append(String(line[colon.upperBound...]))
      rest = rest[(end + 1)...]
    }
    expected = try #require(values["expect"]?.first)
    payload = values["payload"]?.first
    identities = values["identity"] ?? []
    passphrases = values["passphrase"] ?? []
    let content = Array(rest.dropFirst())
    file = values["compressed"] == nil ? content : try Self.decompress(content)
  }

  private static func decompress(_ bytes: [UInt8]) throws -> [UInt8] {
    var count = uLong(1 << 25)
    var content = [UInt8](repeating: 0, count: Int(count))
    try #require(uncompress(&content, &count, bytes, uLong(bytes.count)) == Z_OK)
    return Array(content.prefix(Int(count)))
  }
}
