#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Points in time as HTTP and the storage service write them.
enum ServerTime {
  private static let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  private static func parts(_ seconds: Int64) -> tm {
    var (time, parts) = (time_t(seconds), tm())
    gmtime_r(&time, &parts)
    return parts
  }

  private static func digits(_ value: some BinaryInteger, _ count: Int = 2) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
  }

  private static func clock(_ parts: tm) -> String {
    "\(digits(parts.tm_hour)):\(digits(parts.tm_min)):\(digits(parts.tm_sec))"
  }

  /// `Fri, 27 Nov 2026 07:17:47 GMT` (RFC 9110 §5.6.7).
  /// - Parameter seconds: since 1970.
  static func http(_ seconds: Int64) -> String {
    let parts = parts(seconds)
    return "\(days[Int(parts.tm_wday)]), \(digits(parts.tm_mday)) \(months[Int(parts.tm_mon)])"
      + " \(digits(Int(parts.tm_year) + 1900, 4)) \(clock(parts)) GMT"
  }

  /// `2026-11-27T07:17:47Z`.
  /// - Parameter seconds: since 1970.
  static func iso(_ seconds: Int64) -> String {
    let parts = parts(seconds)
    return "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(parts.tm_mon + 1))-\(digits(parts.tm_mday))"
      + "T\(clock(parts))Z"
  }

  /// Seconds since 1970 of a time as `http` writes it; nil for anything else.
  static func seconds(http text: some StringProtocol) -> Int64? {
    let words = text.split(separator: " ")
    guard words.count == 6, words[5] == "GMT", let month = months.firstIndex(of: String(words[2])) else {
      return nil
    }
    let clock = words[4].split(separator: ":").compactMap { Int32($0) }
    guard let day = Int32(words[1]), let year = Int32(words[3]), (1900...9999).contains(year),
      clock.count == 3
    else { return nil }
    var parts = tm()
    (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, Int32(month), day)
    (parts.tm_hour, parts.tm_min, parts.tm_sec) = (clock[0], clock[1], clock[2])
    return Int64(timegm(&parts))
  }
}
