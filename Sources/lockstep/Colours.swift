import ArgumentParser
import History

/// `--no-color`, and colours where a person looks at standard output.
struct ColourOptions: ParsableArguments {
  @Flag(
    name: .customLong("no-color"),
    help: "Print without colours (they are for terminals only; NO_COLOR counts, too).")
  var noColour = false

  /// The colours to print with.
  var colours: Colours {
    Colours(
      isOn: !noColour && Terminal.isShown && Environment.value("NO_COLOR") == nil
        && Environment.value("TERM") != "dumb")
  }
}

/// Colours of a terminal, or none.
struct Colours {
  /// Whether anything is coloured.
  let isOn: Bool

  /// A line as it is printed.
  func text(_ line: ReportLine) -> String {
    guard isOn else { return line.text }
    return line.parts.map { part in
      code(part.tone).map { "\u{1B}[\($0)m\(part.text)\u{1B}[m" } ?? part.text
    }.joined()
  }

  private func code(_ tone: ReportLine.Tone) -> String? {
    switch tone {
    case .plain: nil
    case .added: "32"
    case .removed: "31"
    case .changed: "33"
    case .faint: "2"
    }
  }
}
