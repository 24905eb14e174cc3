import CanonicalJSON

/// What rclone tells on standard error while it works: a JSON object a line, and at its end a few words in clear.
struct RcloneLog {
  private var line: [UInt8] = []
  private var errors: [String] = []
  private var words: [String] = []
  private let redaction: Redaction
  /// How the storage asked for fewer requests, such as `429`; nil where it did not.
  private(set) var busy: String?

  /// How many messages are kept: the first ones name the cause.
  private static let limit = 5
  /// What a line may be long before it is let go.
  private static let longestLine = 1 << 20
  /// What may be told, in characters.
  private static let longestText = 800

  init(_ redaction: Redaction) { self.redaction = redaction }

  /// Takes what was said, and returns how many bytes were moved where that was said.
  mutating func hear(_ bytes: ArraySlice<UInt8>) -> Int64? {
    var moved: Int64?
    for byte in bytes {
      if byte != UInt8(ascii: "\n") {
        if line.count < Self.longestLine { line.append(byte) }
        continue
      }
      moved = read() ?? moved
      line.removeAll(keepingCapacity: true)
    }
    return moved
  }

  private mutating func read() -> Int64? {
    guard let entry = try? JSONValue.parse(line) else {
      let text = String(decoding: line, as: UTF8.self)
      noteBusy(text)
      if !text.allSatisfy(\.isWhitespace), words.count < 4 * Self.limit { words.append(text) }
      return nil
    }
    if let moved = entry["stats"]?["bytes"]?.int64Value { return moved }
    guard ["error", "critical", "fatal", "emergency", "alert"].contains(entry["level"]?.stringValue),
      let text = entry["msg"]?.stringValue, errors.count < Self.limit
    else { return nil }
    noteBusy(text)
    let object = entry["object"]?.stringValue.flatMap { $0.isEmpty ? nil : "\($0): " }
    errors.append((object ?? "") + text)
    return nil
  }

  private mutating func noteBusy(_ text: String) {
    let marks = [
      ("429", ["Status: 429", "429 Too Many Requests", "TooManyRequests", "statusCode: 429", "SlowDown"]),
      ("503", ["Status: 503", "503 Service Unavailable", "ServerBusy", "503 Server"]),
    ]
    for (status, phrases) in marks where phrases.contains(where: { text.contains($0) }) {
      busy = busy ?? status
    }
  }

  /// What went wrong, in rclone's words, without secrets; nil where it said nothing.
  mutating func problem() -> String? {
    _ = read()
    line.removeAll()
    // What it says at its end repeats an error that it told, and leads with the time.
    let texts = errors.isEmpty ? [words.joined(separator: " ")] : errors
    let cleaned = texts.map { text in
      redaction.clean(text.split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }.filter { !$0.isEmpty && !$0.hasPrefix("Attempt ") }
    guard !cleaned.isEmpty else { return nil }
    let text = cleaned.joined(separator: "; ")
    return text.count > Self.longestText ? "\(text.prefix(Self.longestText))…" : text
  }
}
