import Foundation

/// Waits until something is so, looking often; gives up after a while.
/// - Returns: whether it came to be so.
package func waitUntil(seconds: Double = 60, _ isSo: () throws -> Bool) rethrows -> Bool {
  let end = SuspendingClock.now.advanced(by: .seconds(seconds))
  while true {
    if try isSo() { return true }
    guard SuspendingClock.now < end else { return false }
    usleep(20_000)
  }
}
