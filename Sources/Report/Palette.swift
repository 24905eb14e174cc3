/// The colours of a page: ink on paper, and one accent.
///
/// What a colour says, words and signs say, too.
package struct Palette: Sendable {
  /// Text, and what is inverted.
  package let ink: UInt32
  /// Text that matters less.
  package let muted: UInt32
  /// Links, bars, and what is well.
  package let accent: UInt32
  /// The background.
  package let paper: UInt32
  /// The background of what stands apart.
  package let surface: UInt32
  /// Hairlines, which carry no meaning.
  package let line: UInt32

  package static let light = Palette(
    ink: 0x171A1F, muted: 0x59626D, accent: 0x0B6A5D, paper: 0xFFFFFF, surface: 0xF5F7F7, line: 0xE1E5E6)
  package static let dark = Palette(
    ink: 0xEDF1F2, muted: 0xA3AEB5, accent: 0x62D2B8, paper: 0x101416, surface: 0x191F22, line: 0x2C3438)

  /// Every text colour with every background that it stands on.
  package var pairs: [(text: UInt32, background: UInt32)] {
    [ink, muted, accent].flatMap { [($0, paper), ($0, surface)] } + [(paper, ink), (paper, accent)]
  }

  /// The colours as custom properties of CSS.
  var declarations: String {
    [
      ("ink", ink), ("muted", muted), ("accent", accent), ("paper", paper), ("surface", surface),
      ("line", line),
    ].map { "--\($0): \(Self.css($1));" }.joined(separator: " ")
  }

  private static func css(_ colour: UInt32) -> String {
    let digits = String(colour, radix: 16)
    return "#" + String(repeating: "0", count: 6 - digits.count) + digits
  }
}
