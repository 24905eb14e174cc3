import LiveAccount
import StreamingMedia

/// Whether a segment in a folder is encrypted with a key.
enum SegmentCheck {
  /// What is wrong with a segment, or nil.
  static func problem(
    _ path: String, _ range: Range<Int64>, in folder: RootedFolder, key: [UInt8], vector: [UInt8]
  ) throws(ContentError) -> String? {
    let count = range.upperBound - range.lowerBound
    let isWhole = SegmentCipher.isWhole(count)
    let head =
      isWhole
      ? try folder.read(path, from: range.lowerBound, count: Int(min(count, Int64(SegmentCipher.headBytes))))
      : []
    let tail = isWhole && count > 16 ? try folder.read(path, from: range.upperBound - 32, count: 32) : []
    return SegmentCipher.problem(count: count, head: head, tail: tail, key: key, vector: vector)
  }
}
