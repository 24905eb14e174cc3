/// A time in words, as git understands it.
///
/// git takes what it does not understand for the present moment, so that a mistyped time would find nothing and say so of
/// no mistake: here every word must be one that git knows.
enum TimeArgument {
  private static let words: Set<String> = [
    "now", "today", "yesterday", "midnight", "noon", "tea", "never", "ago", "last", "am", "pm", "at", "on",
    "the",
    "of", "and", "in", "a", "an", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine",
    "ten",
    "second", "minute", "hour", "day", "week", "month", "year", "sec", "min", "st", "nd", "rd", "th", "t",
    "z",
    "utc", "gmt", "est", "edt", "cst", "cdt", "mst", "mdt", "pst", "pdt", "cet", "cest", "met", "mest", "bst",
    "jst",
  ]
  private static let names = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november",
    "december", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
  ]

  /// Whether git understands each word of a time, and there is one.
  static func isUnderstood(_ text: String) -> Bool {
    guard text.allSatisfy({ $0.isASCII }) else { return false }
    let parts = text.lowercased().split { !$0.isLetter && !$0.isNumber }
    return !parts.isEmpty
      && parts.allSatisfy { part in
        // Numbers and words may stand together: 25th, 3pm, 2026-11-25T10:00:00Z.
        part.split(whereSeparator: \.isNumber).allSatisfy { isKnown(String($0)) }
      }
  }

  private static func isKnown(_ word: String) -> Bool {
    words.contains(word) || word.hasSuffix("s") && words.contains(String(word.dropLast()))
      || word.count >= 3 && names.contains { $0.hasPrefix(word) }
  }
}
