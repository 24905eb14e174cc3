import MediaResources

/// Points in time and durations as a report shows them; all of it in UTC.
enum Calendar {
  static let secondsOfDay: Int64 = 86_400

  /// The day since 1970-01-01.
  static func day(of seconds: Int64) -> Int64 {
    seconds >= 0 ? seconds / secondsOfDay : (seconds - secondsOfDay + 1) / secondsOfDay
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `27 Nov 2026`; without the year where that is asked for.
  static func date(ofDay day: Int64, withYear: Bool = true) -> String {
    let (year, month, date) = UTCTime.civil(day)
    return "\(date) \(months[Int(month) - 1])" + (withYear ? " \(year)" : "")
  }

  /// `20:25`.
  static func clock(_ seconds: Int64) -> String {
    let second = seconds - day(of: seconds) * secondsOfDay
    return "\(padded(second / 3_600)):\(padded(second / 60 % 60))"
  }

  /// `2026-11-27T20:25:00Z`.
  static func internet(_ seconds: Int64) -> String {
    let second = seconds - day(of: seconds) * secondsOfDay
    let (year, month, date) = UTCTime.civil(day(of: seconds))
    let digits = String(year)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      + "-\(padded(month))-\(padded(date))T\(clock(seconds)):\(padded(second % 60))Z"
  }

  /// A point in time for people and for programs.
  static func time(_ seconds: Int64) -> Markup {
    "<time datetime=\"\(internet(seconds))\">\(date(ofDay: day(of: seconds))), \(clock(seconds))</time>"
  }

  /// How long ago something was, roughly.
  static func ago(_ seconds: Int64, now: Int64) -> String {
    let age = now - seconds
    return switch age {
    case ..<60: "just now"
    case ..<3_600: "\(age / 60) min ago"
    case ..<(2 * secondsOfDay): "\(age / 3_600) h ago"
    default: "\(age / secondsOfDay) days ago"
    }
  }

  /// `36 ms`, `1.24 s`, `3 min 20 s`.
  static func duration(_ milliseconds: Int64) -> String {
    switch milliseconds {
    case ..<1_000: return "\(milliseconds) ms"
    case ..<60_000:
      let hundredths = milliseconds / 10
      return "\(hundredths / 100).\(padded(hundredths % 100)) s"
    default:
      let seconds = milliseconds / 1_000
      return "\(seconds / 60) min \(seconds % 60) s"
    }
  }

  private static func padded(_ number: Int64) -> String { (number < 10 ? "0" : "") + String(number) }
}
