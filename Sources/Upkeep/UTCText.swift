#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Points in time for people and reports.
package enum UTCText {
  /// Seconds since 1970 as `2026-11-24T08:00:00Z`.
  package static func of(_ seconds: Int64) -> String {
    var time = time_t(seconds)
    var parts = tm()
    gmtime_r(&time, &parts)
    var text = [CChar](repeating: 0, count: 32)
    strftime(&text, text.count, "%Y-%m-%dT%H:%M:%SZ", &parts)
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Now, in seconds since 1970.
  package static var now: Int64 { Int64(time(nil)) }

  /// A duration in seconds with two digits, as people are told it.
  package static func seconds(_ duration: Duration) -> String {
    let hundredths = (milliseconds(duration) + 5) / 10
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest) s"
  }

  /// A duration in whole milliseconds.
  package static func milliseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    return seconds * 1000 + attoseconds / 1_000_000_000_000_000
  }
}
