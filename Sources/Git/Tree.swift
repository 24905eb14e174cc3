/// One entry of a tree object.
package struct TreeEntry: Sendable, Equatable {
  /// The mode as git writes it, such as 0o100644.
  package let mode: UInt32
  /// The name's bytes.
  package let nameBytes: [UInt8]
  /// The object.
  package let id: ObjectID

  package init(mode: UInt32, nameBytes: [UInt8], id: ObjectID) {
    self.mode = mode
    self.nameBytes = nameBytes
    self.id = id
  }

  package init(mode: UInt32, name: String, id: ObjectID) {
    self.init(mode: mode, nameBytes: Array(name.utf8), id: id)
  }

  /// The name; bytes that are no UTF-8 become U+FFFD.
  package var name: String { String(decoding: nameBytes, as: UTF8.self) }

  /// Whether the entry is a folder.
  package var isTree: Bool { mode == 0o040000 }

  /// git's order: by bytes, folders as if their names ended with a slash.
  static func isOrdered(_ a: TreeEntry, _ b: TreeEntry) -> Bool { compare(a, b) < 0 }

  /// Below, at or above zero as `a` comes before, with or after `b`.
  static func compare(_ a: TreeEntry, _ b: TreeEntry) -> Int {
    let count = min(a.nameBytes.count, b.nameBytes.count)
    for index in 0..<count where a.nameBytes[index] != b.nameBytes[index] {
      return Int(a.nameBytes[index]) - Int(b.nameBytes[index])
    }
    func next(_ entry: TreeEntry) -> Int {
      if entry.nameBytes.count > count { return Int(entry.nameBytes[count]) }
      return entry.isTree ? Int(UInt8(ascii: "/")) : 0
    }
    let difference = next(a) - next(b)
    return difference != 0 ? difference : a.nameBytes.count - b.nameBytes.count
  }
}

/// A tree object: its entries in git's order.
package struct Tree: Sendable, Equatable {
  /// The entries.
  package let entries: [TreeEntry]

  /// Takes entries and puts them in git's order.
  package init(entries: [TreeEntry]) { self.entries = entries.sorted(by: TreeEntry.isOrdered) }

  /// Reads a tree object.
  /// - Throws: `GitError` (`.corrupt`) where the bytes are not those of a tree.
  package init(bytes: [UInt8]) throws(GitError) {
    var entries: [TreeEntry] = []
    entries.reserveCapacity(bytes.count / 32)
    let isSound = bytes.withUnsafeBytes { raw -> Bool in
      var offset = 0
      while offset < raw.count {
        var mode: UInt32 = 0
        while offset < raw.count, raw[offset] != UInt8(ascii: " ") {
          guard raw[offset] >= UInt8(ascii: "0"), raw[offset] <= UInt8(ascii: "7"), mode < 0o1000000 else {
            return false
          }
          mode = mode << 3 | UInt32(raw[offset] - UInt8(ascii: "0"))
          offset += 1
        }
        let start = offset + 1
        var end = start
        while end < raw.count, raw[end] != 0 { end += 1 }
        guard end > start, end + 20 < raw.count, let base = raw.baseAddress else { return false }
        entries.append(
          TreeEntry(mode: mode, nameBytes: Array(raw[start..<end]), id: ObjectID(raw: base + end + 1)))
        offset = end + 21
      }
      return true
    }
    guard isSound else {
      throw GitError(.corrupt, "a tree object is malformed", hint: "git fsck tells which")
    }
    self.entries = entries
  }

  /// The object's bytes.
  package func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * 40)
    for entry in entries {
      bytes.append(contentsOf: String(entry.mode, radix: 8).utf8)
      bytes.append(UInt8(ascii: " "))
      bytes += entry.nameBytes
      bytes.append(0)
      entry.id.appendRaw(to: &bytes)
    }
    return bytes
  }

  /// The entry of a name, or nil.
  package subscript(name: String) -> TreeEntry? { entries.first { $0.nameBytes.elementsEqual(name.utf8) } }
}
