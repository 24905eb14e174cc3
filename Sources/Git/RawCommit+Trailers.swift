extension RawCommit {
  /// The values of a trailer, in order.
  ///
  /// Trailers are the `Name: value` lines of the message's last paragraph, when every line of it is one (or goes on
  /// from one).
  package func trailers(named name: String) -> [String] {
    guard let block = trailerBlock() else { return [] }
    let prefix = Array((name + ":").utf8)
    return block.compactMap { line in
      guard line.starts(with: prefix) else { return nil }
      let value = line.dropFirst(prefix.count).drop { $0 == UInt8(ascii: " ") }
      return String(decoding: value.last == UInt8(ascii: "\n") ? value.dropLast() : value, as: UTF8.self)
    }
  }

  /// The commit with a trailer at the end: in the block that is there, or in one of its own after a blank line.
  ///
  /// A message without a final newline gets one first; what stood there stays byte for byte.
  package func addingTrailer(_ name: String, _ value: String) -> RawCommit {
    var message = message
    if !message.isEmpty, message.last != UInt8(ascii: "\n") { message.append(UInt8(ascii: "\n")) }
    if trailerBlock() == nil { message.append(UInt8(ascii: "\n")) }
    message.append(contentsOf: "\(name): \(value)\n".utf8)
    return RawCommit(
      tree: tree, parents: parents, authorLine: authorLine, committerLine: committerLine,
      extraHeaders: extraHeaders,
      message: message)
  }

  /// The lines of the last paragraph where all of them are trailers and another paragraph stands before it.
  private func trailerBlock() -> [ArraySlice<UInt8>]? {
    let lines = message.lines()
    guard let blank = lines.lastIndex(where: { $0.allSatisfy { $0 == UInt8(ascii: "\n") } }),
      blank + 1 < lines.count
    else { return nil }
    let block = lines[(blank + 1)...]
    for (index, line) in block.enumerated() {
      if index > 0, line.first == UInt8(ascii: " ") || line.first == UInt8(ascii: "\t") { continue }
      guard Self.isTrailer(line) else { return nil }
    }
    return Array(block)
  }

  /// Whether nothing but trailers stands in the message.
  var isMessageOfTrailers: Bool {
    guard let block = trailerBlock(), let first = block.first else { return false }
    return message[..<first.startIndex].allSatisfy { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: " ") }
  }

  private static func isTrailer(_ line: ArraySlice<UInt8>) -> Bool {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > line.startIndex else { return false }
    let isToken = line[..<colon].allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    return isToken && line.index(after: colon) < line.endIndex && line[colon + 1] == UInt8(ascii: " ")
  }
}
