/// The parts of an HLS playlist (RFC 8216) that tell which files a player needs and how they are encrypted.
package struct HLSPlaylist {
  /// How the segments after an `EXT-X-KEY` are encrypted.
  package struct Key: Sendable, Equatable {
    /// The method, such as `NONE`, `AES-128` or `SAMPLE-AES`.
    package let method: String
    /// Where the player gets the key.
    package let uri: String?
    /// 16 bytes, or nil where the segment's sequence number is used.
    package let initializationVector: [UInt8]?
    /// Where the playlist says so.
    package let line: Int
  }

  /// A file that the playlist names.
  package struct Item: Sendable, Equatable {
    /// The file.
    package let uri: String
    /// Where the playlist says so.
    package let line: Int
    /// The key that is in force.
    package let key: Key?
    /// The media sequence number of a segment; nil for a map.
    package let sequence: UInt64?
    /// Where in the file it lies, or nil for the whole file.
    package let byteRange: Range<Int64>?

    /// The IV under AES-128: as given, or the sequence number (RFC 8216 §5.2); nil for a map whose key gives none.
    package var initializationVector: [UInt8]? {
      if let vector = key?.initializationVector { return vector }
      guard let sequence else { return nil }
      return [UInt8](repeating: 0, count: 8)
        + (0..<8).map { UInt8(truncatingIfNeeded: sequence >> UInt64(56 - 8 * $0)) }
    }
  }

  /// Media playlists that a master names.
  package private(set) var playlists: [(uri: String, line: Int)] = []
  /// Segments and initialisation sections.
  package private(set) var items: [Item] = []

  /// Reads a playlist.
  /// - Throws: `HLSProblem` with the line.
  package init(text: String) throws(HLSProblem) {
    var reader = HLSReader()
    // By bytes: CR and LF together are one character.
    for (index, line) in text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
      .enumerated()
    {
      let trimmed = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      try reader.read(Substring(trimmed), number: index + 1)
    }
    guard reader.hasHeader else { throw HLSProblem(line: 1, message: "it does not begin with #EXTM3U") }
    playlists = reader.playlists
    items = reader.items
  }
}

/// What is wrong with a playlist, and in which line.
package struct HLSProblem: Error {
  /// The line, from 1.
  package let line: Int
  /// What is wrong with it.
  package let message: String
}

/// Reads a playlist line by line.
private struct HLSReader {
  var hasHeader = false
  var playlists: [(uri: String, line: Int)] = []
  var items: [HLSPlaylist.Item] = []

  private var key: HLSPlaylist.Key?
  private var sequence: UInt64 = 0
  private var nextIsPlaylist = false
  private var range: (count: Int64, offset: Int64?)?
  private var lastEnd: [String: Int64] = [:]

  mutating func read(_ line: Substring, number: Int) throws(HLSProblem) {
    if number == 1 { hasHeader = line.hasPrefix("#EXTM3U") }
    guard line.hasPrefix("#") else {
      let uri = line.trimmingSpaces()
      if !uri.isEmpty { try readURI(uri, number) }
      return
    }
    guard let colon = line.firstIndex(of: ":") else { return }
    let value = line[line.index(after: colon)...]
    switch line[..<colon] {
    case "#EXT-X-MEDIA-SEQUENCE": sequence = UInt64(value.trimmingSpaces()) ?? 0
    case "#EXT-X-STREAM-INF": nextIsPlaylist = true
    case "#EXT-X-MEDIA", "#EXT-X-I-FRAME-STREAM-INF":
      if let uri = attributes(value)["URI"] { playlists.append((uri, number)) }
    case "#EXT-X-KEY": key = try readKey(attributes(value), number)
    case "#EXT-X-MAP":
      let attributes = attributes(value)
      guard let uri = attributes["URI"] else {
        throw HLSProblem(line: number, message: "EXT-X-MAP names no URI")
      }
      let parts = attributes["BYTERANGE"].map { readRange($0[...]) }
      let range = parts.map { ($0.offset ?? 0)..<(($0.offset ?? 0) + $0.count) }
      items.append(HLSPlaylist.Item(uri: uri, line: number, key: key, sequence: nil, byteRange: range))
    case "#EXT-X-BYTERANGE": range = readRange(value)
    case "#EXT-X-PART", "#EXT-X-PRELOAD-HINT":
      throw HLSProblem(line: number, message: "partial segments are not read by this version")
    default: break
    }
  }

  private mutating func readURI(_ uri: String, _ number: Int) throws(HLSProblem) {
    if nextIsPlaylist {
      nextIsPlaylist = false
      playlists.append((uri, number))
      return
    }
    var bytes: Range<Int64>?
    if let part = range {
      let start = part.offset ?? lastEnd[uri] ?? 0
      let (end, overflow) = start.addingReportingOverflow(part.count)
      guard !overflow else { throw HLSProblem(line: number, message: "its byte range ends beyond any file") }
      bytes = start..<end
      lastEnd[uri] = end
      range = nil
    }
    items.append(HLSPlaylist.Item(uri: uri, line: number, key: key, sequence: sequence, byteRange: bytes))
    sequence &+= 1
  }

  private func readKey(_ attributes: [String: String], _ number: Int) throws(HLSProblem) -> HLSPlaylist.Key {
    guard let method = attributes["METHOD"] else {
      throw HLSProblem(line: number, message: "EXT-X-KEY names no METHOD")
    }
    var vector: [UInt8]?
    if let text = attributes["IV"] {
      guard let bytes = Self.bytes(hex: text) else {
        throw HLSProblem(line: number, message: "the IV is not 0x and 32 hexadecimal digits")
      }
      vector = bytes
    }
    return HLSPlaylist.Key(method: method, uri: attributes["URI"], initializationVector: vector, line: number)
  }

  private static func bytes(hex text: String) -> [UInt8]? {
    guard text.lowercased().hasPrefix("0x") else { return nil }
    let digits = Array(text.dropFirst(2))
    guard digits.count == 32 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: 32, by: 2) {
      guard let byte = UInt8(String(digits[index...(index + 1)]), radix: 16) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  /// `COUNT[@OFFSET]`; what is no number, or beyond a file's size, counts as nothing.
  private func readRange(_ text: Substring) -> (count: Int64, offset: Int64?) {
    let parts = text.trimmingSpaces().split(separator: "@")
    func number(_ text: Substring) -> Int64? { Int64(text).flatMap { $0 >= 0 && $0 < 1 << 60 ? $0 : nil } }
    return (parts.first.flatMap(number) ?? 0, parts.count > 1 ? number(parts[1]) : nil)
  }

  /// `NAME=value,NAME="value, with comma"`.
  private func attributes(_ text: Substring) -> [String: String] {
    var result: [String: String] = [:]
    var rest = text
    while let equals = rest.firstIndex(of: "=") {
      let name = rest[..<equals].trimmingSpaces()
      rest = rest[rest.index(after: equals)...]
      let value: Substring
      if rest.hasPrefix("\"") {
        rest = rest.dropFirst()
        value = rest.prefix { $0 != "\"" }
        rest = rest.dropFirst(value.count).drop { $0 != "," }.dropFirst()
      } else {
        value = rest.prefix { $0 != "," }
        rest = rest.dropFirst(value.count).dropFirst()
      }
      result[name] = String(value)
    }
    return result
  }
}

extension Substring {
  fileprivate func trimmingSpaces() -> String {
    var text = drop { $0 == " " || $0 == "\t" }
    while text.last == " " || text.last == "\t" { text = text.dropLast() }
    return String(text)
  }
}
