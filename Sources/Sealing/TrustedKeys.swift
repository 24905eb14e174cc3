/// What this machine has seen of a region's data keys, so that nobody who can push puts others in their place.
///
/// An age file does not say who made it, and a pushed key could come with a list of recipients that it vouches for. So
/// each data key is vouched for by the one before it, and a machine that has once sealed or opened anything in a region
/// takes as current only what its last one leads to, and no list with a lower serial number. A machine that has seen
/// nothing yet takes the one key that all others which open there lead to.
///
///     lockstep trusted keys 1
///     serial 3
///     latest <fingerprint>
///     key <fingerprint>
///     also <fingerprint>
package struct TrustedKeys: Sendable, Equatable {
  /// The data key that was current last.
  package var latest: Fingerprint
  /// That one and the data keys that lead to it.
  package var keys: Set<Fingerprint>
  /// Data keys that were current before, or that a person vouched for.
  package var others: Set<Fingerprint>
  /// The highest serial number of a list of recipients; 0 where a person named the latest key and nothing was looked at.
  package var serial: Int

  package init(
    latest: Fingerprint, keys: Set<Fingerprint> = [], others: Set<Fingerprint> = [], serial: Int = 0
  ) {
    self.latest = latest
    self.keys = keys.union([latest])
    self.others = others.subtracting(self.keys)
    self.serial = serial
  }

  /// Every data key that is known to be this fleet's.
  package var all: Set<Fingerprint> { keys.union(others) }

  private static let heading = "lockstep trusted keys 1"

  /// Reads a note; nil where it cannot be understood.
  package init?(text: String) {
    let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    func values(_ name: String) -> [String] {
      lines.filter { $0.count == 2 && $0[0] == name }.map { $0[1] }
    }
    guard text.hasPrefix(Self.heading + "\n"),
      let latest = values("latest").first.flatMap({ Fingerprint($0) }),
      let serial = values("serial").first.flatMap({ Int($0) })
    else { return nil }
    self.init(
      latest: latest, keys: Set(values("key").compactMap { Fingerprint($0) }),
      others: Set(values("also").compactMap { Fingerprint($0) }), serial: serial)
  }

  /// The note's text.
  package var text: String {
    let lines =
      ["serial \(serial)", "latest \(latest)"] + keys.sorted().map { "key \($0)" }
      + others.sorted().map { "also \($0)" }
    return ([Self.heading] + lines).joined(separator: "\n") + "\n"
  }
}

/// Where a machine keeps that note for one region.
package struct TrustStore: Sendable {
  /// Reads the note; nil where there is none.
  ///
  /// - Throws: `SealingError` where there is one that cannot be read: it is never taken for none.
  package let load: @Sendable () throws(SealingError) -> TrustedKeys?
  /// Replaces the note; a failure is ignored, and then the old one holds.
  package let save: @Sendable (TrustedKeys) -> Void

  package init(
    load: @escaping @Sendable () throws(SealingError) -> TrustedKeys?,
    save: @escaping @Sendable (TrustedKeys) -> Void
  ) {
    self.load = load
    self.save = save
  }

  /// Remembers nothing.
  package static let none = TrustStore(load: { () throws(SealingError) in nil }, save: { _ in })
}
