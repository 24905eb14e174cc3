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
  private var lock: RegionLock?
  private var changes = 0
  /// What a run that was cut off left, being ended: every change waits for it.
  private var recovery: Task<Void, any Error>?

  /// How long a change waits for another program that works on the region, in tenths of a second.
  private static let patience = 200

  /// - Parameter lockPath: the file of the region's lock.
  package init(name: RegionName, account: FolderAccount, lockPath: String) {
    self.name = name
    self.account = account
    self.lockPath = lockPath
  }

  /// Changes the account; what was changed is durable when this returns.
  ///
  /// Several changes run at once, under one lock.
  /// - Throws: `RegionError` (`.locked`) where another program works on the region and does not end; else what `body` does.
  package func change<Value: Sendable>(_ body: @Sendable (FolderAccount) async throws -> Value) async throws
    -> Value
  {
    try await begin()
    defer { end() }
    let value = try await body(account)
    try await account.flush()
    return value
  }

  private func begin() async throws {
    for attempt in 0... {
      if lock != nil { break }
      do throws(RegionError) {
        lock = try RegionLock(path: lockPath, region: name, purpose: "lockstep serve")
      } catch {
        guard error.code == .locked, attempt < Self.patience else { throw error }
        try await Task.sleep(for: .milliseconds(100))
        continue
      }
      let account = account
      recovery = Task { try await account.recover() }
    }
    changes += 1
    do { try await recovery?.value } catch {
      end()
      throw error
    }
  }

  private func end() {
    changes -= 1
    guard changes == 0 else { return }
    lock = nil
    recovery = nil
  }
}
