import LiveAccount
import MediaResources

/// Points in time as the services write them.
enum Timestamp {
  /// Seconds since 1970 of `2026-11-24T08:00:00.0000000Z` (fractions are dropped), nil where there is none.
  /// - Throws: `AccountError` (`.invalid`) naming the property, for anything but a UTC time.
  static func seconds(_ text: String?, of id: ResourceID, _ property: String) throws -> Int64? {
    guard let text else { return nil }
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[range] {
        guard byte >= 0x30, byte <= 0x39 else { return nil }
        value = value * 10 + Int64(byte - 0x30)
      }
      return value
    }
    guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"), bytes[10] == UInt8(ascii: "T"),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13),
      let minute = number(14..<16), let second = number(17..<19), (1...12).contains(month),
      (1...31).contains(day)
    else {
      throw AccountError(
        .invalid, "\(id): \(property) \"\(text)\" is no UTC time such as 2026-12-31T23:00:00Z")
    }
    return days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
  }

  /// Days from 1970-01-01, by the proleptic Gregorian calendar.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }
}
