import Git

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a run notes before it moves a region's branch, so that the next one can end it where it is cut off: the working tree
/// that is to be brought along, and the record that is to count.
struct HeadMoveNote {
  /// The head before and after.
  let old: ObjectID?
  let new: ObjectID
  /// The record of what happened, with the one that it follows.
  let record: (old: ObjectID?, new: ObjectID)?

  init(_ move: RegionRepository.HeadMove, recording record: AuditLog.Move?) {
    old = move.old
    new = move.new
    self.record = record.map { ($0.old, $0.new) }
  }

  /// Reads a note; nil where there is none, or one that was not written to its end.
  init?(at path: String) {
    guard let bytes = FilePaths.read(path) else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    func pair(_ line: Substring?, _ word: Substring) -> (old: ObjectID?, new: ObjectID)? {
      guard let parts = line?.split(separator: " "), parts.count == 3, parts[0] == word,
        let new = ObjectID(hex: parts[2])
      else { return nil }
      return (ObjectID(hex: parts[1]), new)
    }
    guard lines.last == "end", let move = pair(lines.first, "head") else { return nil }
    (old, new) = move
    record = lines.count > 2 ? pair(lines[1], "record") : nil
  }

  /// Writes the note durably.
  ///
  /// A flush of its own: no file system promises that flushing the pack or a ref flushes another file too, and a power cut
  /// that loses the note but not the branch leaves a working tree that nobody brings along. Begun together with the pack's, on
  /// a thread or by an early write-back, it took as long (ext4: 0.3 ms of a mirror's 28).
  func write(to path: String) throws(RegionError) {
    func line(_ word: String, _ old: ObjectID?, _ new: ObjectID) -> String {
      "\(word) \(old?.hex ?? "none") \(new.hex)\n"
    }
    let text = line("head", old, new) + (record.map { line("record", $0.old, $0.new) } ?? "") + "end\n"
    try FilePaths.writeNote(Array(text.utf8), to: path)
  }
}
