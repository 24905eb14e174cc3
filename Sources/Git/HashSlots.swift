/// Finds numbered records by their hash, at some eight bytes a record: the records stand elsewhere, once.
///
/// A dictionary would keep a second copy of every key. Open addressing; nothing is ever taken out.
package struct HashSlots: Sendable {
  /// A record's number and one more; zero where a slot is free.
  private var slots: [UInt32] = []
  /// How many records can be found.
  package private(set) var count = 0

  package init() {}

  /// The record with a hash that is the one that is looked for, or nil.
  package func first(hash: Int, where isIt: (Int) -> Bool) -> Int? {
    guard !slots.isEmpty else { return nil }
    var slot = hash & (slots.count - 1)
    while slots[slot] != 0 {
      let number = Int(slots[slot] - 1)
      if isIt(number) { return number }
      slot = (slot + 1) & (slots.count - 1)
    }
    return nil
  }

  /// Makes a record findable that is not yet.
  /// - Parameter hashOf: the hash of a record, for when the slots become more.
  package mutating func insert(_ number: Int, hash: Int, hashOf: (Int) -> Int) {
    if (count + 1) * 4 > slots.count * 3 { grow(hashOf) }
    put(number, hash)
    count += 1
  }

  private mutating func put(_ number: Int, _ hash: Int) {
    var slot = hash & (slots.count - 1)
    while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
    slots[slot] = UInt32(number) + 1
  }

  private mutating func grow(_ hashOf: (Int) -> Int) {
    let old = slots
    slots = [UInt32](repeating: 0, count: max(16, old.count * 2))
    for slot in old where slot != 0 { put(Int(slot - 1), hashOf(Int(slot - 1))) }
  }
}
