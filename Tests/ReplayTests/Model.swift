/// What a region should be, as simple as it can be said: which changes it has, and what they make of the resources.
struct RegionState: Equatable {
  /// Every change that the region has; merges and empty commits are changes, commits of `local/` alone are none.
  var known: Set<Int>
  /// The value of each resource.
  var values: [String: Int]

  static let empty = RegionState(known: [], values: [:])
}

/// What a mirror should do.
enum Expected: Equatable {
  case current, forwarded, joined, waiting, conflict, refused
}

/// The reference model of a fleet: sets of changes, and a three-way merge by resource.
struct Model {
  /// The changes by which a side is chosen where both sides changed a resource.
  enum Prefer: CaseIterable { case none, source, target }

  private(set) var regions: [String: RegionState]
  let primary: String
  /// The change that began the fleet, once it is made.
  var fleet: Int?
  private var values: [Set<Int>: [String: Int]] = [[]: [:]]
  private var next = 0

  init(regions: [String], primary: String) {
    self.primary = primary
    self.regions = Dictionary(uniqueKeysWithValues: regions.map { ($0, .empty) })
  }

  subscript(region: String) -> RegionState { regions[region] ?? .empty }

  mutating func change() -> Int {
    next += 1
    return next
  }

  mutating func set(_ region: String, _ state: RegionState) {
    regions[region] = state
    values[state.known] = state.values
  }

  /// Notes a state that a commit beside the branch has.
  mutating func note(_ state: RegionState) { values[state.known] = state.values }

  /// A region has one more change.
  mutating func commit(_ region: String, _ edits: [String: Int?]) {
    var state = self[region]
    state.known.insert(change())
    for (name, value) in edits { state.values[name] = value }
    set(region, state)
  }

  /// What two sides make together; nil where both changed one resource to different ends and nobody chose.
  func merge(_ ours: RegionState, _ theirs: RegionState, prefer: Prefer) -> [String: Int]? {
    guard let base = values[ours.known.intersection(theirs.known)] else { return nil }
    return Self.merge(base: base, ours: ours.values, theirs: theirs.values, prefer: prefer)
  }

  static func merge(
    base: [String: Int], ours: [String: Int], theirs: [String: Int], prefer: Prefer
  ) -> [String: Int]? {
    var result: [String: Int] = [:]
    for name in Set(base.keys).union(ours.keys).union(theirs.keys) {
      let (o, a, b) = (base[name], ours[name], theirs[name])
      if a == b || o == b {
        result[name] = a
      } else if o == a {
        result[name] = b
      } else {
        switch prefer {
        case .none: return nil
        case .source: result[name] = b
        case .target: result[name] = a
        }
      }
    }
    return result
  }

  /// Mirrors, and says what should have happened.
  mutating func mirror(_ source: String, to target: String, prefer: Prefer) -> Expected {
    let (mine, yours) = (self[target], self[source])
    if yours.known.isSubset(of: mine.known) { return .current }
    if mine.known.isSubset(of: yours.known) {
      regions[target] = yours
      return .forwarded
    }
    guard let fleet, mine.known.union(yours.known).contains(fleet) else { return .refused }
    guard target == primary else { return .waiting }
    guard let merged = merge(mine, yours, prefer: prefer) else { return .conflict }
    set(target, RegionState(known: mine.known.union(yours.known).union([change()]), values: merged))
    return .joined
  }
}
