extension Signature {
  /// Reads the line of a commit object.
  ///
  /// Never fails, as commits that somebody else made may say anything: a time that is no number is 0, a zone that is none
  /// is UTC.
  /// - Parameter encoding: what the commit says its text is encoded in.
  package init(line: [UInt8], encoding: String? = nil) {
    let close = line.lastIndex(of: UInt8(ascii: ">")) ?? line.endIndex
    let open = line[..<close].firstIndex(of: UInt8(ascii: "<")) ?? close
    func text(_ bytes: ArraySlice<UInt8>) -> String { CommitText.decode(bytes, encoding: encoding) }
    var name = line[..<open]
    while name.last == UInt8(ascii: " ") { name.removeLast() }
    let email = open < close ? line[(open + 1)..<close] : []
    let words = (close < line.endIndex ? line[(close + 1)...] : []).split(separator: UInt8(ascii: " "))
    let seconds = words.first.flatMap { Int64(text($0)) } ?? 0
    let zone = words.dropFirst().first.flatMap { Int(text($0)) } ?? 0
    // A zone that no clock has would overflow nothing, but means nothing either.
    let minutes = abs(zone) < 100_000_000 ? zone / 100 * 60 + zone % 100 : 0
    self.init(name: text(name), email: text(email), seconds: seconds, offsetMinutes: minutes)
  }
}

/// Text of commits, which may be in any encoding.
enum CommitText {
  /// The text of some bytes: UTF-8, else Latin-1 where the commit says so; what fits neither shows as U+FFFD.
  static func decode(_ bytes: ArraySlice<UInt8>, encoding: String?) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    guard let encoding = encoding?.lowercased(), ["iso-8859-1", "iso8859-1", "latin1"].contains(encoding)
    else { return String(decoding: bytes, as: UTF8.self) }
    return String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }
}

extension RawCommit {
  /// What the commit says its text is encoded in; nil for UTF-8.
  package var encoding: String? {
    let prefix = Array("encoding ".utf8)
    guard let line = extraHeaders.lines().first(where: { $0.starts(with: prefix) }) else { return nil }
    return String(decoding: line.dropFirst(prefix.count).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  /// Who made the change, and when.
  package var author: Signature { Signature(line: authorLine, encoding: encoding) }

  /// Who made the commit, and when.
  package var committer: Signature { Signature(line: committerLine, encoding: encoding) }

  /// The first line of the message that says anything; trailers alone say nothing.
  package var subject: String {
    let line = message.lines().first {
      !$0.allSatisfy { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: " ") }
    }
    guard var line, !isMessageOfTrailers else { return "" }
    while line.last == UInt8(ascii: "\n") { line.removeLast() }
    return CommitText.decode(line, encoding: encoding)
  }
}
