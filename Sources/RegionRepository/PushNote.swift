import Git

/// What a push notes before git brings the working tree along for it, so that what it leaves can be taken back where it is
/// cut off before the branch moves.
struct PushNote {
  /// The head before.
  let old: ObjectID
  /// The commit that is pushed.
  let new: ObjectID
  /// The process that brings the working tree along and moves the branch.
  let receiver: Int32
  /// Whether everything was taken back already but what somebody has edited.
  var isTakenBack = false

  init(old: ObjectID, new: ObjectID, receiver: Int32) {
    self.old = old
    self.new = new
    self.receiver = receiver
  }

  /// Reads a note; nil where there is none, or one that was not written to its end.
  init?(at path: String) {
    guard let bytes = FilePaths.read(path) else { return nil }
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ") }
    guard lines.count >= 2, lines.last == ["end"], lines[0].count == 4, lines[0][0] == "push",
      let old = ObjectID(hex: lines[0][1]), let new = ObjectID(hex: lines[0][2]),
      let receiver = Int32(lines[0][3])
    else { return nil }
    self.init(old: old, new: new, receiver: receiver)
    isTakenBack = lines.contains(["back"])
  }

  /// Writes the note durably.
  func write(to path: String) throws(RegionError) {
    let text = "push \(old.hex) \(new.hex) \(receiver)\n\(isTakenBack ? "back\n" : "")end\n"
    try FilePaths.writeNote(Array(text.utf8), to: path)
  }
}
