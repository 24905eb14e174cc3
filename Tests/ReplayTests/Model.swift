/// What a region should be, as simple as it can be said: which changes it has, and what they make of the resources.
struct RegionState: Equatable {
  /// Every change that the region has; merges and empty commits are changes, commits of `local/` alone are none.
  var known: Set<Int>
  /// The newest of them, from which all others are reached.
  var tip: Int?
  /// Each resource.
  var values: [String: Form]

  static let empty = RegionState(known: [], tip: nil, values: [:])
}

/// What a mirror should do.
enum Expected: Equatable {
  case current, forwarded, joined, waiting, conflict, refused, identity
}

/// The reference model of a fleet: changes with their parents, and a three-way merge by resource.
struct Model {
  /// Which side a person chose where both sides changed a resource.
  struct Prefer {
    enum Side { case source, target }
    var all: Side?
    var named: [String: Side] = [:]

    static let none = Prefer()
    func side(of name: String) -> Side? { named[name] ?? all }
  }

  /// A commit that counts in every region.
  struct Change {
    let parents: [Int]
    /// The change itself, and all that lead to it.
    let known: Set<Int>
    let values: [String: Form]
    /// The resources whose identity it says that it changes.
    var allowed: Set<String>
  }

  private(set) var regions: [String: RegionState]
  let primary: String
  /// The change that began the fleet, once it is made.
  var fleet: Int?
  /// What each region's account was last known to be.
  var live: [String: RegionState] = [:]
  private(set) var changes: [Int: Change] = [:]
  private var values: [Set<Int>: [String: Form]] = [[]: [:]]

  init(regions: [String], primary: String) {
    self.primary = primary
    self.regions = Dictionary(uniqueKeysWithValues: regions.map { ($0, .empty) })
  }

  subscript(region: String) -> RegionState { regions[region] ?? .empty }

  mutating func set(_ region: String, _ state: RegionState) { regions[region] = state }

  /// Makes a change on top of others, in no region yet.
  mutating func change(
    on parents: [RegionState], _ values: [String: Form], allowing allowed: Set<String> = []
  ) -> RegionState {
    let id = changes.count + 1
    let known = parents.reduce(into: Set([id])) { $0.formUnion($1.known) }
    changes[id] = Change(parents: parents.compactMap(\.tip), known: known, values: values, allowed: allowed)
    self.values[known] = values
    return RegionState(known: known, tip: id, values: values)
  }

  static func applying(_ edits: [String: Form?], to values: [String: Form]) -> [String: Form] {
    var values = values
    for (name, form) in edits { values[name] = form }
    return values
  }

  // MARK: Merging

  /// What two sides make together; nil where both changed one resource to different ends and nobody chose.
  static func merge(
    base: [String: Form], ours: [String: Form], theirs: [String: Form], prefer: Prefer = .none
  ) -> [String: Form]? {
    var result: [String: Form] = [:]
    for name in Set(base.keys).union(ours.keys).union(theirs.keys) {
      let (o, a, b) = (base[name], ours[name], theirs[name])
      if a == b || o == b {
        result[name] = a
      } else if o == a {
        result[name] = b
      } else {
        guard let side = prefer.side(of: name) else { return nil }
        result[name] = side == .source ? b : a
      }
    }
    return result
  }

  /// What a merge that has all that its first parent has would be with what it left out; nil where that is not known.
  func leftOut(by merge: RegionState, besides first: RegionState) -> [String: Form]? {
    let others = merge.tip.flatMap { changes[$0] }?.parents.filter { $0 != first.tip } ?? []
    guard others.count == 1, let second = changes[others[0]],
      let base = values[first.known.intersection(second.known)]
    else { return nil }
    var result: [String: Form] = [:]
    for name in Set(base.keys).union(first.values.keys).union(second.values.keys) {
      result[name] = second.values[name] == base[name] ? first.values[name] : second.values[name]
    }
    return result
  }

  /// The resources that do not go together in a merge, of those that any side has otherwise.
  static func problems(in merged: [String: Form], of sides: [[String: Form]]) -> [[String]] {
    let changed = merged.keys.filter { name in sides.contains { $0[name] != merged[name] } }.sorted()
    return changed.flatMap { name -> [[String]] in
      guard let form = merged[name] else { return [] }
      let missing = form.needs.sorted().filter { merged[$0] == nil }.map { [name, $0] }
      let clashing = changed.filter { other in
        other < name && form.id != nil && merged[other]?.id == form.id
      }
      return missing + clashing.map { [name, $0] }
    }
  }

  /// The merge with the preferred side's form of whatever does not go together; nil where that does not help.
  ///
  /// What nobody named goes with what was named and does not go together with it.
  private static func sound(
    _ merged: [String: Form], ours: [String: Form], theirs: [String: Form], prefer: Prefer
  ) -> (merged: [String: Form], implied: Set<String>)? {
    var merged = merged
    var settled: Set<String> = []
    var implied: Set<String> = []
    while true {
      let problems = problems(in: merged, of: [ours, theirs])
      if problems.isEmpty { return (merged, implied) }
      func impliedSide(of name: String) -> Prefer.Side? {
        let sides = Set(problems.filter { $0.contains(name) }.joined().compactMap { prefer.named[$0] })
        return sides.count == 1 ? sides.first : nil
      }
      var chosen: [String: Prefer.Side] = [:]
      for name in Set(problems.joined()).subtracting(settled) {
        if prefer.named[name] == nil, impliedSide(of: name) != nil { implied.insert(name) }
        chosen[name] = prefer.named[name] ?? impliedSide(of: name) ?? prefer.all
      }
      if chosen.isEmpty { return nil }
      for (name, side) in chosen { merged[name] = side == .source ? theirs[name] : ours[name] }
      settled.formUnion(chosen.keys)
    }
  }

  // MARK: Mirroring

  /// Mirrors, and says what should have happened.
  /// - Parameter allowed: the resources whose identity may change, whatever the commits say.
  mutating func mirror(
    _ source: String, to target: String, prefer: Prefer, allowing allowed: Set<String> = []
  ) -> Expected {
    let (mine, yours) = (self[target], self[source])
    let new = yours.known.subtracting(mine.known)
    if new.isEmpty { return .current }
    if !mine.known.isEmpty,
      !identityChanges(in: new, live: live[target], branch: mine.known).isSubset(of: allowed)
    {
      return .identity
    }
    if mine.known.isSubset(of: yours.known) {
      regions[target] = yours
      return .forwarded
    }
    guard let fleet, mine.known.union(yours.known).contains(fleet) else { return .refused }
    guard target == primary else { return .waiting }
    guard let base = values[mine.known.intersection(yours.known)],
      let merged = Self.merge(base: base, ours: mine.values, theirs: yours.values, prefer: prefer),
      let sound = Self.sound(merged, ours: mine.values, theirs: yours.values, prefer: prefer)
    else { return .conflict }
    let before = self
    let joined = change(on: [mine, yours], sound.merged)
    guard let join = joined.tip else { return .conflict }
    let apart = mine.known.symmetricDifference(yours.known).union([join])
    let changed = identityChanges(in: apart, live: live[target], branch: mine.known, of: [join])
    guard changed.isSubset(of: sound.implied.union(prefer.named.keys)) else {
      self = before
      return .conflict
    }
    changes[join]?.allowed = changed
    set(target, joined)
    return .joined
  }
}
