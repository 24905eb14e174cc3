/// The part of a file that a request asks for (RFC 9110 §14).
enum ByteRange {
  /// The bytes that a `Range` field means, or nil where the whole is meant: no field, several ranges, another unit.
  /// - Throws: `BlobError` (`.invalidRange`) for one that begins behind the end.
  static func parse(_ field: String?, size: Int64) throws(BlobError) -> Range<Int64>? {
    guard let field, field.hasPrefix("bytes="), !field.contains(",") else { return nil }
    let sides = field.dropFirst("bytes=".count).split(
      separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    guard sides.count == 2 else { return nil }
    guard let start = Int64(sides[0]) else {
      guard sides[0].isEmpty, let count = Int64(sides[1]), count >= 0 else { return nil }
      guard count > 0, size > 0 else { throw beyond(size) }
      return max(0, size - count)..<size
    }
    guard start >= 0, sides[1].isEmpty || Int64(sides[1]).map({ $0 >= start }) == true else { return nil }
    guard start < size else { throw beyond(size) }
    let last = Int64(sides[1]) ?? Int64.max
    return start..<(last >= size ? size : last + 1)
  }

  private static func beyond(_ size: Int64) -> BlobError {
    BlobError(.invalidRange, "the range begins behind the end: there are \(size) bytes")
  }
}
