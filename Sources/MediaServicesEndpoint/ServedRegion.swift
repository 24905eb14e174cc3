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
      do {
        lock = try RegionLock(path: lockPath, region: name, purpose: "lockstep serve")
        changes += 1
        do { try await account.recover() } catch {
          end()
          throw error
        }
        return
      } catch let error as RegionError where error.code == .locked && attempt < Self.patience {
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    changes += 1
  }

  private func end() {
    changes -= 1
    if changes == 0 { lock = nil }
  }
}
