import Git

/// The entries of an observed index as bytes, each found by its key: a dictionary of texts takes four times the memory.
///
/// A record: the lengths of key and path (four bytes each), the mark, the blob, key and path, zeros to a multiple of four.
struct ObservedRecords: Sendable {
  private var bytes = RecordBytes()
  /// Finds a record's place, in units of four bytes.
  private var slots = HashSlots()

  init() {}

  /// Takes records that were read from a file; nil where they are damaged.
  init?(_ file: [UInt8], from start: Int, count: UInt64) {
    let bytes = RecordBytes(file, from: start)
    var place = 0
    while place < bytes.end {
      guard bytes.end - place >= RecordBytes.fixed, case let size = bytes.with(place, RecordBytes.size),
        bytes.end - place >= size
      else { return nil }
      slots.insert(place / 4, hash: bytes.hash(at: place)) { bytes.hash(at: $0 * 4) }
      place += size
    }
    guard slots.count == count else { return nil }
    self.bytes = bytes
  }

  var count: Int { slots.count }

  /// The bytes of all records, to be written one after another.
  var parts: [ArraySlice<UInt8>] { bytes.parts }

  func entry(_ key: String) -> ObservedIndex.Entry? {
    var key = key
    let number = key.withUTF8 { wanted in
      slots.first(hash: RecordBytes.hash(UnsafeRawBufferPointer(wanted))) { number in
        bytes.with(number * 4) { RecordBytes.key(of: $0).elementsEqual(wanted) }
      }
    }
    return number.map { bytes.with($0 * 4, RecordBytes.entry) }
  }

  func forEach(_ body: (String, ObservedIndex.Entry) throws -> Void) rethrows {
    var place = 0
    while place < bytes.end {
      let (key, entry, size) = bytes.with(place) {
        (RecordBytes.text(RecordBytes.key(of: $0)), RecordBytes.entry(of: $0), RecordBytes.size(of: $0))
      }
      try body(key, entry)
      place += size
    }
  }

  /// Adds the entry of a key that is not there yet.
  mutating func append(_ key: String, _ entry: ObservedIndex.Entry) {
    let place = bytes.append(key, entry)
    slots.insert(place / 4, hash: bytes.hash(at: place)) { [bytes] in bytes.hash(at: $0 * 4) }
  }
}

/// Records one after another, in parts: one array of all would be copied whenever it grows.
private struct RecordBytes: Sendable {
  private struct Part {
    var bytes: [UInt8]
    /// Where its first record stands in it.
    let start: Int
    /// The place of its first record among all.
    let base: Int

    var end: Int { base + bytes.count - start }
  }

  /// Of a record, its lengths, mark and blob.
  static let fixed = 8 + 32 + 20
  private static let partSize = 1 << 18

  private var held: [Part] = []

  init() {}

  init(_ bytes: [UInt8], from start: Int) { held = [Part(bytes: bytes, start: start, base: 0)] }

  /// The place after the last record.
  var end: Int { held.last?.end ?? 0 }

  var parts: [ArraySlice<UInt8>] { held.map { $0.bytes[$0.start...] } }

  /// Adds a record.
  /// - Returns: its place.
  mutating func append(_ key: String, _ entry: ObservedIndex.Entry) -> Int {
    let (keyCount, pathCount) = (key.utf8.count, entry.path.utf8.count)
    let size = Self.size(keyCount, pathCount)
    let place = end
    if held.last.map({ $0.bytes.count + size > Self.partSize }) ?? true {
      held.append(Part(bytes: [], start: 0, base: place))
      held[held.count - 1].bytes.reserveCapacity(max(Self.partSize, size))
    }
    let last = held.count - 1
    for count in [keyCount, pathCount] {
      Swift.withUnsafeBytes(of: UInt32(count).littleEndian) { held[last].bytes.append(contentsOf: $0) }
    }
    held[last].bytes.append(record: entry.stamp)
    entry.blob.appendRaw(to: &held[last].bytes)
    held[last].bytes.append(contentsOf: key.utf8)
    held[last].bytes.append(contentsOf: entry.path.utf8)
    while held[last].bytes.count % 4 != 0 { held[last].bytes.append(0) }
    return place
  }

  /// Calls with the bytes from a record on.
  func with<Result>(_ place: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    var (low, high) = (0, held.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if held[middle].base <= place { low = middle } else { high = middle }
    }
    let offset = held[low].start + place - held[low].base
    return held[low].bytes.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
  }

  func hash(at place: Int) -> Int {
    with(place) { Self.hash(UnsafeRawBufferPointer(rebasing: Self.key(of: $0))) }
  }

  // MARK: One record

  static func hash(_ key: UnsafeRawBufferPointer) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: key)
    return hasher.finalize()
  }

  static func size(of record: UnsafeRawBufferPointer) -> Int { size(count(record, 0), count(record, 4)) }

  static func key(of record: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer> {
    record[fixed..<(fixed + count(record, 0))]
  }

  static func entry(of record: UnsafeRawBufferPointer) -> ObservedIndex.Entry {
    let words = (0..<4).map {
      UInt64(littleEndian: record.loadUnaligned(fromByteOffset: 8 + $0 * 8, as: UInt64.self))
    }
    let path = fixed + count(record, 0)
    return ObservedIndex.Entry(
      stamp: ObservationStamp(SIMD4(words[0], words[1], words[2], words[3])),
      path: text(record[path..<(path + count(record, 4))]),
      blob: ObjectID(bytes: Array(record[40..<fixed])[...]) ?? .zero)
  }

  static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
    String(decoding: bytes, as: UTF8.self)
  }

  private static func size(_ keyCount: Int, _ pathCount: Int) -> Int {
    (fixed + keyCount + pathCount + 3) / 4 * 4
  }

  private static func count(_ record: UnsafeRawBufferPointer, _ offset: Int) -> Int {
    Int(UInt32(littleEndian: record.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
  }
}
