/// Points in time as the services write them: `2026-11-24T08:00:00.0000000Z`.
package enum UTCTime {
  /// Seconds since 1970 (fractions are dropped); nil for anything but a time of the calendar in UTC.
  package static func seconds(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    func number(_ range: Range<Int>) -> Int64? {
      var value: Int64 = 0
      for byte in bytes[range] {
        guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
        value = value * 10 + Int64(byte - UInt8(ascii: "0"))
      }
      return value
    }
    guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
      bytes.last == UInt8(ascii: "Z"), isFraction(bytes[19..<(bytes.count - 1)]),
      let year = number(0..<4), let month = number(5..<7), let day = number(8..<10),
      let hour = number(11..<13), let minute = number(14..<16), let second = number(17..<19),
      (1...12).contains(month), (1...days(in: month, of: year)).contains(day), hour < 24, minute < 60,
      second < 61
    else { return nil }
    return days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second
  }

  /// Nothing, or a point and digits.
  private static func isFraction(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first else { return true }
    return first == UInt8(ascii: ".") && bytes.count > 1
      && bytes.dropFirst().allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
  }

  private static func days(in month: Int64, of year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
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

  /// A time in nanoseconds since 1970 with as many digits of a second as asked for, trailing zeros dropped:
  /// `2026-11-24T08:00:00.25Z`.
  package static func text(nanoseconds: Int64, digits: Int = 7) -> String {
    let seconds = (nanoseconds >= 0 ? nanoseconds : nanoseconds - 999_999_999) / 1_000_000_000
    var fraction = padded(nanoseconds - seconds * 1_000_000_000, to: 9).prefix(digits)
    while fraction.last == "0" { fraction = fraction.dropLast() }
    let day = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
    let second = seconds - day * 86_400
    let (year, month, date) = civil(day)
    return "\(padded(year, to: 4))-\(padded(month, to: 2))-\(padded(date, to: 2))"
      + "T\(padded(second / 3_600, to: 2)):\(padded(second / 60 % 60, to: 2)):\(padded(second % 60, to: 2))"
      + (fraction.isEmpty ? "Z" : ".\(fraction)Z")
  }

  /// A time with fewer digits of a second, trailing zeros dropped; what is no time stays as it is.
  package static func shortened(_ text: String, digits: Int = 9) -> String {
    guard seconds(text) != nil, let point = text.utf8.firstIndex(of: UInt8(ascii: ".")) else { return text }
    var fraction = text[text.utf8.index(after: point)...].dropLast().prefix(digits)
    while fraction.last == "0" { fraction = fraction.dropLast() }
    return fraction.isEmpty ? "\(text[..<point])Z" : "\(text[..<point]).\(fraction)Z"
  }

  private static func padded(_ number: Int64, to count: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
  }

  /// The date of a day since 1970-01-01, by the proleptic Gregorian calendar; `days` the other way.
  package static func civil(_ day: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = day + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth + (shiftedMonth < 10 ? 3 : -9)
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}
