import Synchronization

/// A wish to stop, made by a person and seen by the work at its next safe point.
package final class Cancellation: Sendable {
  private let wished = Atomic<Bool>(false)

  package init() {}

  /// Asks the work to stop.
  ///
  /// Safe to call from a signal handler.
  package func cancel() { wished.store(true, ordering: .relaxed) }

  /// Whether somebody asked.
  package var isCancelled: Bool { wished.load(ordering: .relaxed) }

  /// Stops here when somebody asked.
  /// - Throws: `AccountError` (`.interrupted`).
  package func check() throws(AccountError) {
    if isCancelled {
      throw AccountError(
        .interrupted, "interrupted", hint: "run the same command again; it goes on from here")
    }
  }
}
