import HTTPTypes
import LiveAccount
import Synchronization

/// The long-running operations of this run of the endpoint: one at a time for each thing.
///
/// What an operation does is done, durably, when it begins; it only takes a while until it shows. So nothing is half
/// done when the endpoint ends in between.
final class OperationRegister: Sendable {
  /// One operation.
  struct Operation: Sendable {
    /// A GUID.
    let id: String
    /// What it works on, as the error of an operation names it.
    let target: String
    /// What shows as the thing's state meanwhile, such as `Starting`.
    let state: String
    let end: ContinuousClock.Instant

    var isOver: Bool { ContinuousClock.now >= end }
  }

  private struct State {
    var operations: [String: Operation] = [:]
    /// The newest operation on each thing.
    var newest: [String: Operation] = [:]
    var order: [String] = []
  }

  /// How many operations are remembered.
  private static let memory = 10_000

  private let state = Mutex(State())
  private let duration: Duration

  /// - Parameter seconds: how long an operation takes.
  init(seconds: Double) { duration = .milliseconds(Int64(seconds * 1_000)) }

  /// The operation that works on a thing now, or nil.
  func running(on thing: String) -> Operation? {
    state.withLock { state in state.newest[thing].flatMap { $0.isOver ? nil : $0 } }
  }

  /// Refuses what would be a second operation on one thing.
  func checkIdle(_ thing: String) throws(ServiceError) {
    guard running(on: thing) == nil else {
      throw ServiceError(
        .conflict, "OperationInProgress", "There is another operation already in progress on the Origin.")
    }
  }

  /// Notes that an operation has begun.
  func begin(on thing: String, showing shown: String) -> Operation {
    let operation = Operation(
      id: Random.guid(), target: Random.guid(), state: shown, end: .now.advanced(by: duration))
    state.withLock { state in
      state.operations[operation.id] = operation
      state.newest[thing] = operation
      state.order.append(operation.id)
      guard state.order.count > Self.memory else { return }
      state.operations[state.order.removeFirst()] = nil
      state.newest = state.newest.filter { !$0.value.isOver }
    }
    return operation
  }

  /// An operation by its id.
  /// - Throws: `ServiceError` where there is none.
  func operation(_ id: String) throws(ServiceError) -> Operation {
    guard let operation = state.withLock({ $0.operations[id.lowercased()] }) else {
      throw ServiceError.notFound
    }
    return operation
  }
}
