import Report
import Testing

/// The colours of a page can be read.
@Suite struct PaletteTests {
  /// The contrast of two colours as WCAG 2.2 defines it.
  private static func contrast(_ a: UInt32, _ b: UInt32) -> Double {
    func luminance(_ colour: UInt32) -> Double {
      let parts = [16, 8, 0].map { shift -> Double in
        let part = Double((colour >> UInt32(shift)) & 0xFF) / 255
        return part <= 0.04045 ? part / 12.92 : power((part + 0.055) / 1.055)
      }
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }
    let (x, y) = (luminance(a), luminance(b))
    return (max(x, y) + 0.05) / (min(x, y) + 0.05)
  }

  /// `x` to the power of 2.4: the fifth root of its twelfth power.
  private static func power(_ x: Double) -> Double {
    var twelfth = 1.0
    for _ in 0..<12 { twelfth *= x }
    var root = x
    for _ in 0..<60 { root -= (root * root * root * root * root - twelfth) / (5 * root * root * root * root) }
    return root
  }

  @Test func `every text stands out from what is behind it, light and dark`() {
    #expect(abs(Self.contrast(0x000000, 0xFFFFFF) - 21) < 0.001)
    #expect(abs(Self.contrast(0x777777, 0xFFFFFF) - 4.478) < 0.001)
    for palette in [Palette.light, .dark] {
      for (text, background) in palette.pairs {
        let contrast = Self.contrast(text, background)
        #expect(contrast >= 4.5, "\(String(text, radix: 16)) on \(String(background, radix: 16))")
      }
    }
  }
}
