package import Git
import MediaResources

/// Points in time for people and for programs.
package enum CommitTime {
  /// `2026-11-25 06:31:02 +0100`: as the person's clock showed it.
  package static func text(_ person: Signature) -> String {
    let (date, time) = parts(person.seconds, person.offsetMinutes)
    return "\(date) \(time) \(zone(person.offsetMinutes, separator: ""))"
  }

  /// `2026-11-25T06:31:02+01:00` (RFC 3339), in UTC with `Z`.
  package static func internet(_ person: Signature) -> String {
    // What no clock shows has no form there.
    let minutes = person.offsetMinutes.magnitude < 24 * 60 ? person.offsetMinutes : 0
    let (date, time) = parts(person.seconds, minutes)
    return "\(date)T\(time)\(minutes == 0 ? "Z" : zone(minutes, separator: ":"))"
  }

  private static func zone(_ minutes: Int, separator: String) -> String {
    let size = minutes.magnitude
    // As commits write it: two digits each, up to +9999.
    let hours = min(size / 60, 99)
    return (minutes < 0 ? "-" : "+") + padded(Int64(hours), 2) + separator
      + padded(Int64(size - hours * 60), 2)
  }

  private static func parts(_ seconds: Int64, _ offsetMinutes: Int) -> (date: String, time: String) {
    let shifted = seconds.addingReportingOverflow(Int64(offsetMinutes) * 60)
    let local = shifted.overflow ? seconds : shifted.partialValue
    let day = local >= 0 ? local / 86_400 : (local - 86_399) / 86_400
    let second = local - day * 86_400
    let (year, month, dayOfMonth) = UTCTime.civil(day)
    return (
      "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))",
      "\(padded(second / 3_600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    )
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number.magnitude)
    return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
