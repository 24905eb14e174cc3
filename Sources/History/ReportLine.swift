/// A line for people, in parts that a terminal may colour.
package struct ReportLine: Sendable, Equatable {
  /// What a part of a line says of what it names.
  package enum Tone: Sendable {
    case plain, added, removed, changed, faint
  }

  /// A part of a line.
  package struct Part: Sendable, Equatable {
    /// What it says; control characters are shown as `?`.
    package let text: String
    /// Its tone.
    package let tone: Tone

    package init(_ text: String, _ tone: Tone = .plain) {
      self.text = Printable.text(text)
      self.tone = tone
    }
  }

  /// The parts in order.
  package let parts: [Part]

  package init(_ parts: Part...) { self.parts = parts }

  package init(parts: [Part]) { self.parts = parts }

  /// The line without colours.
  package var text: String { parts.map(\.text).joined() }
}

/// Text that came from others, made fit for a terminal.
package enum Printable {
  /// The text with every control character as `?`: no name and no message may move a cursor or set a title.
  package static func text(_ text: String) -> String {
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "?" : $0 }))
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    // What turns the direction of writing hides as well as a control character does.
    case 0..<0x20, 0x7F...0x9F, 0x2028...0x202E, 0x2066...0x2069: true
    default: false
    }
  }
}
