import Git
import MediaResources
import Planning
import RegionRepository
import Sealing

/// Compares documents of two commits by what they say in this region's account: opened, bound and in normal form.
///
/// A document whose secrets were only sealed anew says the same. Works on all cores where there is much to compare, as
/// after a rotation.
struct DocumentComparison: Sendable {
  /// The bindings of the two commits.
  let old: Bindings
  let new: Bindings
  let keyring: Keyring
  /// Whether it is an error that a value cannot be opened here.
  let mustOpen: Bool

  /// The same path in both commits, as the blobs that stand there.
  struct Pair: Sendable {
    let path: String
    let old: ObjectID?
    let new: ObjectID?
  }

  /// A secret that stands in clear in the newer commit.
  struct ClearSecret: Sendable {
    let id: ResourceID
    let place: String
  }

  /// What came of comparing some documents.
  struct Result: Sendable {
    var changes: [ResourceID: ResourceChange] = [:]
    var clear: [ClearSecret] = []
    /// Path to what stood and what stands there.
    var resealed: [String: Resealed] = [:]
  }

  /// A document that says the same under another blob.
  struct Resealed: Sendable {
    let old: ObjectID
    let new: ObjectID
  }

  /// A pair with its texts.
  private struct Texts: Sendable {
    let pair: Pair
    let old: [UInt8]?
    let new: [UInt8]?
  }

  private static let concurrency = 16
  private static let chunk = 256

  /// Compares documents; one owner reads them, all cores compare.
  func changes(among pairs: [Pair], in git: Repository) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
      var result = Result()
      var next = 0
      var running = 0
      while next < pairs.count || running > 0 {
        while running < Self.concurrency, next < pairs.count {
          let texts = try pairs[next..<min(next + Self.chunk, pairs.count)].map {
            Texts(
              pair: $0, old: try $0.old.map { try git.read($0).bytes },
              new: try $0.new.map { try git.read($0).bytes })
          }
          next += texts.count
          running += 1
          group.addTask { try compare(texts) }
        }
        guard let part = try await group.next() else { break }
        running -= 1
        result.changes.merge(part.changes) { _, new in new }
        result.clear += part.clear
        result.resealed.merge(part.resealed) { _, new in new }
      }
      return result
    }
  }

  private func compare(_ documents: [Texts]) throws -> Result {
    var result = Result()
    for texts in documents {
      let path = texts.pair.path
      let before = try texts.old.map { try ResourceDocument.resource(bytes: $0, place: path) }
      let after = try texts.new.map { try ResourceDocument.resource(bytes: $0, place: path) }
      guard let id = (after ?? before)?.id else { continue }
      if let after {
        result.clear += SealedValues.clearPlaces(in: after).map { ClearSecret(id: id, place: $0) }
      }
      let (live, wanted) = try opened(before, after)
      if let live, live == wanted, old == new {
        if let old = texts.pair.old, let new = texts.pair.new {
          result.resealed[path] = Resealed(old: old, new: new)
        }
        continue
      }
      result.changes[id] = ResourceChange(
        id: id, live: try live.map { try NormalForm.normalise(old.bind($0)) },
        wanted: try wanted.map { try NormalForm.normalise(new.bind($0)) })
    }
    return result
  }

  /// Both forms of a resource opened, or where no key is at hand neither.
  private func opened(_ before: Resource?, _ after: Resource?) throws -> (live: Resource?, wanted: Resource?)
  {
    do throws(SealingError) {
      var clear: (Resource?, Resource?)
      if let before { clear.0 = try keyring.open(before) }
      if let after { clear.1 = try keyring.open(after) }
      return clear
    } catch {
      guard !mustOpen, error.isLackOfKey else { throw error }
      if let before, let after, SealedValues.mustBeOpened(before, after) { throw error }
      return (before, after)
    }
  }
}
