/// A commit object, byte for byte: reading and writing it again gives the same bytes and so the same id.
package struct RawCommit: Sendable, Equatable {
  /// The object's bytes.
  package let bytes: [UInt8]
  /// The root tree.
  package let tree: ObjectID
  /// The parents in order.
  package let parents: [ObjectID]
  /// The author header's value: name, address, time.
  package let authorLine: [UInt8]
  /// The committer header's value.
  package let committerLine: [UInt8]
  /// Every header after the committer as it stands, each with its newline: encoding, gpgsig, mergetag and the like.
  package let extraHeaders: [UInt8]
  /// Everything after the blank line.
  package let message: [UInt8]

  /// Makes a commit.
  package init(
    tree: ObjectID, parents: [ObjectID], authorLine: [UInt8], committerLine: [UInt8], extraHeaders: [UInt8],
    message: [UInt8]
  ) {
    self.tree = tree
    self.parents = parents
    self.authorLine = authorLine
    self.committerLine = committerLine
    self.extraHeaders = extraHeaders
    self.message = message
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256 + extraHeaders.count + message.count)
    bytes.append(contentsOf: "tree \(tree.hex)\n".utf8)
    for parent in parents { bytes.append(contentsOf: "parent \(parent.hex)\n".utf8) }
    bytes.append(contentsOf: "author ".utf8)
    bytes += authorLine
    bytes.append(contentsOf: "\ncommitter ".utf8)
    bytes += committerLine
    bytes.append(UInt8(ascii: "\n"))
    bytes += extraHeaders
    bytes.append(UInt8(ascii: "\n"))
    bytes += message
    self.bytes = bytes
  }

  /// Reads a commit object.
  /// - Throws: `GitError` (`.corrupt`) where the headers are not those of a commit.
  package init(bytes: [UInt8]) throws(GitError) {
    var reader = HeaderReader(bytes: bytes)
    guard let tree = reader.objectID("tree ") else { throw Self.malformed("names no tree") }
    var parents: [ObjectID] = []
    while let parent = reader.objectID("parent ") { parents.append(parent) }
    guard let author = reader.line("author ") else { throw Self.malformed("names no author") }
    guard let committer = reader.line("committer ") else { throw Self.malformed("names no committer") }
    let start = reader.offset
    while let line = reader.anyLine(), !line.isEmpty {}
    // A commit may end with its headers: its message is empty then. Its bytes stay as they are.
    let end = reader.endedBlank ? reader.offset - 1 : reader.offset
    self.bytes = bytes
    self.tree = tree
    self.parents = parents
    authorLine = Array(author)
    committerLine = Array(committer)
    extraHeaders = Array(bytes[start..<end])
    message = Array(bytes[reader.offset...])
  }

  private static func malformed(_ what: String) -> GitError {
    GitError(.corrupt, "a commit object \(what)", hint: "git fsck tells which")
  }

  /// The commit without every header of a name, its continuation lines included.
  package func removingHeader(_ name: String) -> RawCommit {
    guard !extraHeaders.isEmpty else { return self }
    let prefix = Array((name + " ").utf8)
    var kept: [UInt8] = []
    var isDropping = false
    for line in extraHeaders.lines() {
      if line.first != UInt8(ascii: " ") { isDropping = line.starts(with: prefix) }
      if !isDropping { kept += line }
    }
    guard kept.count != extraHeaders.count else { return self }
    return RawCommit(
      tree: tree, parents: parents, authorLine: authorLine, committerLine: committerLine, extraHeaders: kept,
      message: message)
  }
}

/// Reads headers line by line.
private struct HeaderReader {
  let bytes: [UInt8]
  var offset = 0
  var endedBlank = false

  mutating func line(_ prefix: String) -> ArraySlice<UInt8>? {
    guard bytes[offset...].starts(with: prefix.utf8),
      let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n"))
    else { return nil }
    defer { offset = end + 1 }
    return bytes[(offset + prefix.utf8.count)..<end]
  }

  mutating func objectID(_ prefix: String) -> ObjectID? {
    let start = offset
    guard let line = line(prefix), let id = ObjectID(hex: String(decoding: line, as: UTF8.self)) else {
      offset = start
      return nil
    }
    return id
  }

  /// The next line without its newline; nil at the end.
  mutating func anyLine() -> ArraySlice<UInt8>? {
    guard offset < bytes.count else { return nil }
    let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    let line = bytes[offset..<end]
    offset = min(end + 1, bytes.count)
    endedBlank = line.isEmpty
    return line
  }
}

extension [UInt8] {
  /// The lines, each with its newline where it has one.
  func lines() -> [ArraySlice<UInt8>] {
    var lines: [ArraySlice<UInt8>] = []
    var start = startIndex
    while start < endIndex {
      let end = self[start...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? endIndex
      lines.append(self[start..<end])
      start = end
    }
    return lines
  }
}
