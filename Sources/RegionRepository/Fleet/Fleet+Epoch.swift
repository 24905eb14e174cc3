import CanonicalJSON

extension Fleet {
  /// Which promotion of a region a fleet is at.
  package struct Epoch: Sendable, Hashable, CustomStringConvertible {
    /// How often a primary was named; only rises.
    package let number: Int64
    /// A random id; two people who promote two regions at once take one number and two ids.
    package let id: String

    package init(number: Int64, id: String) {
      self.number = number
      self.id = id
    }

    package var description: String { "\(number) (\(id))" }

    /// Whether both are promotions of one number that do not know of each other.
    package func contests(_ other: Epoch) -> Bool { number == other.number && id != other.id }
  }

  /// How two promotions of one number are settled: either of the two regions gives way.
  package static func choice(between one: RegionName, _ other: RegionName, at shellPlace: String) -> String {
    "decide which one stays primary, and bring both together: lockstep rejoin \(other) --primary \(one) -C"
      + " \(shellPlace); or lockstep rejoin \(one) --primary \(other) -C \(shellPlace)"
  }

  /// The largest number of an epoch.
  package static let lastEpochNumber: Int64 = 999_999_999

  /// Which promotion the fleet is at.
  package var epoch: Epoch {
    Epoch(
      number: document["epoch"]?["number"]?.int64Value ?? 0, id: document["epoch"]?["id"]?.stringValue ?? "")
  }

  /// Makes a region the primary, with a new epoch.
  /// - Parameters:
  ///   - number: the new epoch's number; higher than any that is known.
  ///   - id: a random id.
  /// - Throws: `RegionError` (`.unknownResource`) for a region that is not in the fleet.
  package mutating func promote(_ region: RegionName, number: Int64, id: String) throws(RegionError) {
    try editRegion(region) { _ in }
    try edit { document in
      var epoch = document["epoch"]?.objectValue ?? [:]
      epoch["number"] = .number(.int64(number))
      epoch["id"] = .string(id)
      document["epoch"] = .object(epoch)
      document["primary"] = .string(region.text)
    }
  }

  /// Why a fleet cannot follow an older one; nil where it can.
  ///
  /// The number of the epoch only rises, with a new id each time, and the primary changes with the epoch alone: so of any two
  /// fleets it can be told which one counts, and whether two people promoted two regions.
  package func refusal(toFollow old: Fleet) -> String? {
    if epoch.number < old.epoch.number {
      return "it lowers the epoch from \(old.epoch.number) to \(epoch.number), and an epoch only rises"
    }
    if epoch.contests(old.epoch) {
      return
        "it has epoch \(epoch.number) with another id (\(epoch.id) for \(old.epoch.id)), and two people would"
        + " have promoted two regions"
    }
    if epoch.number > old.epoch.number, epoch.id == old.epoch.id {
      return "it raises the epoch to \(epoch.number) and keeps the id \(epoch.id), and each epoch has its own"
    }
    if epoch == old.epoch, primary != old.primary {
      return
        "it names \(primary) as primary and keeps the epoch \(epoch.number), in which that is \(old.primary)"
    }
    return nil
  }
}
