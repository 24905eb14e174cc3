/// Text in commands that a person can paste.
package enum ShellWord {
  /// A path, a name or a URL as a shell takes it: as it is where that is safe, else in single quotes.
  package static func quoted(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
        UInt8(ascii: "/"), UInt8(ascii: "%"), UInt8(ascii: ":"), UInt8(ascii: "@"), UInt8(ascii: "+"),
        UInt8(ascii: "="), UInt8(ascii: ","):
        true
      default: false
      }
    }
    guard !isPlain || text.isEmpty else { return text }
    let parts = text.utf8.split(separator: UInt8(ascii: "'"), omittingEmptySubsequences: false)
      .map { String(decoding: $0, as: UTF8.self) }
    return "'" + parts.joined(separator: "'\\''") + "'"
  }
}
