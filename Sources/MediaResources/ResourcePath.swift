import Crypto

/// Where a resource's file stands under `mirrored/`, or under `local/` for a kind that is each region's own.
///
/// The path is a function of the name such that two names never share one, not even on a file system that folds case or
/// normalises Unicode: only lower-case ASCII letters, digits, `-` and `_` stand as they are, every other byte of the
/// UTF-8 name is `%` and two lower-case hexadecimal digits. Names that would be longer than a file system takes end in
/// `%%` and the SHA-256 of the whole name; `%%` cannot come from an escape.
package enum ResourcePath {
  /// The longest component that a name is escaped to in full; `.json` (5 bytes) must fit into 255 too.
  private static let longest = 250
  /// Names that Windows keeps for devices.
  private static let reserved: Set<String> = [
    "con", "prn", "aux", "nul", "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8",
    "com9", "lpt0",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
  ]

  /// The file's path from the root of a region's tree.
  package static func place(of id: ResourceID) -> String { "\(id.kind.half)/\(path(of: id))" }

  /// The kind of the resource that a file holds, by its path from the root of a region's tree; nil for every other file.
  package static func kind(ofPlace place: String) -> ResourceKind? {
    guard place.hasSuffix(".json"), let slash = place.utf8.firstIndex(of: UInt8(ascii: "/")) else {
      return nil
    }
    let rest = place[place.utf8.index(after: slash)...]
    guard let next = rest.utf8.firstIndex(of: UInt8(ascii: "/")),
      let kind = ResourceKind(rawValue: String(rest[..<next])), place[..<slash] == kind.half
    else { return nil }
    return kind
  }

  /// The file's path, relative to its half of the tree.
  package static func path(of id: ResourceID) -> String {
    let file = fileName(for: id.name) + ".json"
    let folder = id.kind.rawValue
    guard id.kind.isFannedOut else { return "\(folder)/\(file)" }
    guard let asset = id.assetName else { return "\(folder)/\(fanout(for: id.name))/\(file)" }
    return "\(folder)/\(fanout(for: asset))/\(fileName(for: asset))/\(file)"
  }

  /// The kind of the resource that a file holds, by its path relative to `mirrored/`; nil for every other file.
  package static func kind(ofPath path: String) -> ResourceKind? {
    guard path.hasSuffix(".json"), let slash = path.utf8.firstIndex(of: UInt8(ascii: "/")) else { return nil }
    return ResourceKind(rawValue: String(path[..<slash])).flatMap { $0.isShared ? $0 : nil }
  }

  /// Whether a file stands where its resource belongs.
  package static func check(path: String, matches id: ResourceID) -> Bool { self.path(of: id) == path }

  /// The two folders that spread many names: the first two bytes of the name's SHA-256.
  package static func fanout(for name: String) -> String {
    SHA256.hash(data: Array(name.utf8)).prefix(2).map { Hexadecimal.text([$0]) }.joined(separator: "/")
  }

  /// The file or folder name of a resource's name.
  package static func fileName(for name: String) -> String {
    var text: [UInt8] = []
    for byte in name.utf8 {
      if isOrdinary(byte) { text.append(byte) } else { text += Array("%\(Hexadecimal.text([byte]))".utf8) }
    }
    let escaped = String(decoding: text, as: UTF8.self)
    if reserved.contains(escaped) { return "%\(Hexadecimal.text([text[0]]))" + escaped.dropFirst() }
    guard text.count > longest else { return escaped }
    let digest = Hexadecimal.text(SHA256.hash(data: Array(name.utf8)))
    return String(decoding: text[..<(longest - 66)], as: UTF8.self) + "%%" + digest
  }

  /// The resource's name in a file or folder name; nil where the name was too long to stand in it.
  package static func name(ofFileName file: Substring) -> String? {
    guard file.utf8.contains(UInt8(ascii: "%")) else { return String(file) }
    var bytes: [UInt8] = []
    var input = file.utf8.makeIterator()
    func digit(_ byte: UInt8?) -> UInt8? {
      switch byte {
      case .some(let byte) where (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte):
        byte - UInt8(ascii: "0")
      case .some(let byte) where (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte):
        byte - UInt8(ascii: "a") + 10
      default: nil
      }
    }
    while let byte = input.next() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let high = digit(input.next()), let low = digit(input.next()) else { return nil }
      bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func isOrdinary(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
      UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
