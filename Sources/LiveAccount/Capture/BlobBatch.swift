import Git

/// Texts on their way into a pack: hashed and deflated on all cores, some at a time.
final class BlobBatch {
  /// So many are held at most.
  private static let limit = 1_024
  /// So many are made ready by one task.
  private static let share = 128

  private let pack: PackWriter
  private var texts: [[UInt8]] = []

  init(into pack: PackWriter) { self.pack = pack }

  /// Takes a text, and writes those that are held where they are enough.
  func append(_ text: [UInt8]) async throws {
    texts.append(text)
    if texts.count >= Self.limit { try await flush() }
  }

  /// Writes what is held.
  func flush() async throws {
    let ready = texts
    texts.removeAll(keepingCapacity: true)
    for blob in try await Self.prepare(ready) { try pack.write(blob) }
  }

  /// Makes blobs ready on all cores, in order.
  private static func prepare(_ texts: [[UInt8]]) async throws -> [PackWriter.PreparedBlob] {
    guard texts.count > share else { return try PackWriter.prepare(texts) }
    return try await withThrowingTaskGroup(of: (Int, [PackWriter.PreparedBlob]).self) { group in
      for start in stride(from: 0, to: texts.count, by: share) {
        let some = texts[start..<min(start + share, texts.count)]
        group.addTask { (start, try PackWriter.prepare(some)) }
      }
      var parts: [(Int, [PackWriter.PreparedBlob])] = []
      for try await part in group { parts.append(part) }
      return parts.sorted { $0.0 < $1.0 }.flatMap(\.1)
    }
  }
}
