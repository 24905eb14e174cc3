package import FolderAccount
import LiveAccount
package import RegionRepository

/// The folder account that an endpoint serves, and the right to change it.
///
/// Reads ask nobody. The region's lock is held only while something is being changed, so capture, mirror and apply run
/// beside the endpoint; while one of them works, a change waits for it.
package actor ServedRegion {
  /// The region's name.
  package nonisolated let name: RegionName
  /// What is served.
  package nonisolated let account: FolderAccount
  private let lockPath: String
  private let isApplyOpen: @Sendable () -> Bool
  /// The region as a command names it.
  private let place: String
  private let patience: Duration
  /// The lock, once it is taken and what a run left half done is ended; one for all changes that run at once.
  private var holding: Task<RegionLock, any Error>?
  private var changes = 0

  /// - Parameters:
  ///   - lockPath: the file of the region's lock.
  ///   - isApplyOpen: whether an apply was left half done.
  ///   - place: the region as a command names it, for hints.
  ///   - patience: how long a change waits for another program that works on the region.
  package init(
    name: RegionName, account: FolderAccount, lockPath: String,
    isApplyOpen: @escaping @Sendable () -> Bool = { false }, place: String = ".",
    patience: Duration = .seconds(20)
  ) {
    self.name = name
    self.account = account
    self.lockPath = lockPath
    self.isApplyOpen = isApplyOpen
    self.place = place
    self.patience = patience
  }

  /// Changes the account; what was changed is durable when this returns.
  ///
  /// Several changes run at once, under one lock.
  /// - Throws: `RegionError` (`.locked`) where another program works on the region and does not end; `AccountError`
  ///   (`.incomplete`) where an apply was cut off; else what `body` does.
  package func change<Value: Sendable>(_ body: @Sendable (FolderAccount) async throws -> Value) async throws
    -> Value
  {
    changes += 1
    defer {
      changes -= 1
      if changes == 0 { holding = nil }
    }
    try await hold()
    let value = try await body(account)
    try await account.flush()
    return value
  }

  private func hold() async throws {
    let task =
      holding
      ?? Task { [account, name, lockPath, isApplyOpen, place, patience] in
        let lock = try await Self.lock(lockPath, of: name, patience: patience)
        guard !isApplyOpen() else {
          throw AccountError(
            .incomplete,
            "an apply of region \(name) was cut off, and what it left must be brought to its end first",
            hint: "lockstep apply -C \(place)")
        }
        try await account.recover()
        return lock
      }
    holding = task
    do { _ = try await task.value } catch {
      // Those that come later try again.
      if holding == task { holding = nil }
      throw error
    }
  }

  private static func lock(
    _ path: String, of name: RegionName, patience: Duration
  ) async throws -> RegionLock {
    let end = ContinuousClock.now.advanced(by: patience)
    while true {
      do { return try RegionLock(path: path, region: name, purpose: "lockstep serve") } catch {
        guard error.code == .locked, ContinuousClock.now < end else { throw error }
        try await Task.sleep(for: .milliseconds(50))
      }
    }
  }
}
