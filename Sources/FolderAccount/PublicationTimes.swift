import LiveAccount
import MediaResources

/// When the clock alone changes what an account publishes: starts and ends of locators, kept in memory.
///
/// Bringing it up to date costs one look at a folder, and a document for each locator whose times are new. Memory goes with
/// the locators whose time is still to come or to end.
package struct PublicationTimes: Sendable {
  private var mark: ObservationStamp?
  private var known: [String: (stamp: ObservationStamp, moments: [Int64])] = [:]

  package init() {}

  /// Takes over what has changed since.
  package mutating func update(from account: FolderAccount) throws {
    let mark = try account.index.mark(of: .timed)
    if let mark, mark != .unknown, mark == self.mark { return }
    var found: [String: (stamp: ObservationStamp, moments: [Int64])] = [:]
    for file in try account.index.files(on: .timed) {
      if let old = known[file.path], file.stamp != .unknown, file.stamp == old.stamp {
        found[file.path] = old
      } else if let id = try account.index.locator(file, on: .timed),
        // One that cannot be read keeps no other one back; capture tells of it.
        let locator = (try? account.stored(id)).flatMap(\.self)
      {
        let view = StreamingLocatorView(locator)
        let moments = [view.startTime, view.endTime].compactMap { $0.flatMap(UTCTime.seconds) }
        found[file.path] = (file.stamp, moments)
      }
    }
    (known, self.mark) = (found, mark)
  }

  /// Whether something began or ended after one time and until another, in seconds since 1970.
  package func hasTurn(after last: Int64, until now: Int64) -> Bool {
    known.values.contains { $0.moments.contains { last < $0 && $0 <= now } }
  }
}
