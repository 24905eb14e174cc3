import LiveAccount
import MediaResources
import Synchronization

/// The order of a list by a time, kept from page to page: the documents say the times, and finding it out reads all of them.
///
/// One list at a time, of so many resources at most that its memory does not matter (some 30 MB).
final class KnownOrder: Sendable {
  private struct State {
    let kind: ResourceKind
    let field: String
    let mark: ObservationStamp
    let keys: [ListOptions.Key]
  }

  private static let most = 200_000

  private let state = Mutex<State?>(nil)

  /// The places of a list in ascending order; asks for them only where something has changed since.
  /// - Parameter mark: changes whenever one of them may; unknown where nothing is to be kept.
  func keys(
    of kind: ResourceKind, by field: String, at mark: ObservationStamp, _ find: () throws -> [ListOptions.Key]
  ) rethrows -> [ListOptions.Key] {
    let known = state.withLock { state in
      state.flatMap { $0.kind == kind && $0.field == field && $0.mark == mark ? $0.keys : nil }
    }
    if mark != .unknown, let known { return known }
    let keys = try find().sorted { $0.precedes($1) }
    if mark != .unknown, keys.count <= Self.most {
      state.withLock { $0 = State(kind: kind, field: field, mark: mark, keys: keys) }
    }
    return keys
  }
}
