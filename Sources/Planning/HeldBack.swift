package import MediaResources

/// A change that a plan leaves out, since no account takes it as things are, while the rest is done.
///
/// The resource stays in the account as it is there.
package struct HeldBack: Sendable, Equatable {
  /// The resource at live and as wanted.
  package let change: ResourceChange
  /// Why no account takes it.
  package let cause: String
  /// What it names and would have to be there first; any one of them does.
  package let lacking: [ResourceID]
  /// What mends it, where whoever refused it knows.
  package let advice: String?
  /// The resource because of which this one is held back, where nothing is wrong with itself.
  package let root: ResourceID?

  package init(
    _ change: ResourceChange, cause: String, lacking: [ResourceID] = [], advice: String? = nil,
    root: ResourceID? = nil
  ) {
    self.change = change
    self.cause = cause
    self.lacking = lacking
    self.advice = advice
    self.root = root
  }

  /// The resource.
  package var id: ResourceID { change.id }
  /// What is held back and why, such as `locator/film is held back: there is no account-filter/short`.
  package var sentence: String { "\(id.summary) is held back: \(cause)" }
}

/// Parts what can go from what cannot, and from what would have to go with it.
///
/// Pure. Costs what differs.
package enum Holding {
  /// Parts changes by what is wrong with them.
  package static func part(
    _ changes: [ResourceChange], by findings: [Finding]
  ) -> (going: [ResourceChange], held: [HeldBack]) {
    guard !findings.isEmpty else { return (changes, []) }
    let wrong = Dictionary(grouping: findings, by: \.resource)
    let unsound = changes.compactMap { change -> HeldBack? in
      guard let findings = wrong[change.id] else { return nil }
      let causes = findings.prefix(3).map { finding in
        finding.pointer.isEmpty ? finding.message : "\(finding.message) (\(finding.pointer))"
      }
      let more = findings.count > causes.count ? "; and \(findings.count - causes.count) more" : ""
      return HeldBack(
        change, cause: causes.joined(separator: "; ") + more, lacking: findings.flatMap(\.lacking))
    }
    let held = closure(of: unsound, among: changes)
    let ids = Set(held.map(\.id))
    return (changes.filter { !ids.contains($0.id) }, held)
  }

  /// What is held back, with those of some changes that cannot go without it: what needs it, what it needs as it is live, and
  /// what would take over an id that it keeps.
  package static func closure(of held: [HeldBack], among changes: [ResourceChange]) -> [HeldBack] {
    var all = held
    var kept = Kept()
    held.forEach { kept.add($0) }
    var rest = changes.filter { kept.roots[$0.id] == nil }
    while case let next = rest.compactMap({ kept.dependent($0) }), !next.isEmpty {
      next.forEach { kept.add($0) }
      all += next
      rest.removeAll { kept.roots[$0.id] != nil }
    }
    return all.sorted { $0.id < $1.id }
  }

  /// What is held back so far.
  private struct Kept {
    /// Each resource with the one because of which it is held back.
    var roots: [ResourceID: ResourceID] = [:]
    /// What the resources need as they are live, each with one that does.
    private var needed: [ResourceID: ResourceID] = [:]
    private var holders: [IdentityClaim: Resource] = [:]

    mutating func add(_ held: HeldBack) {
      roots[held.id] = held.root ?? held.id
      guard let live = held.change.live else { return }
      for reference in References.of(live) { for target in reference.targets { needed[target] = held.id } }
      for claim in Identity.claims(of: live) { holders[claim] = live }
    }

    func dependent(_ change: ResourceChange) -> HeldBack? {
      guard let wanted = change.wanted else {
        guard let user = needed[change.id] else { return nil }
        return HeldBack(change, cause: "\(user.summary) needs it, and is held back", root: roots[user])
      }
      if let need = Self.needs(of: wanted).first(where: { roots[$0] != nil }) {
        return HeldBack(change, cause: "it needs \(need.summary), which is held back", root: roots[need])
      }
      for claim in Identity.claims(of: wanted) {
        guard let holder = holders[claim], holder.id != change.id,
          let clash = Identity.clash(holder, wanted)
        else { continue }
        return HeldBack(
          change, cause: "\(clash), and \(holder.id.summary) is held back", root: roots[holder.id])
      }
      return nil
    }

    /// What must be there before a resource; a locator goes live after its content.
    private static func needs(of resource: Resource) -> [ResourceID] {
      var needs = References.of(resource).filter(\.isAskedFor).flatMap(\.targets)
      let asset: String? =
        switch resource.id.kind {
        case .streamingLocator: StreamingLocatorView(resource).assetName
        case .assetTrack: resource.id.assetName
        default: nil
        }
      if let asset { needs.append(ResourceID(kind: .content, assetName: nil, name: asset)) }
      return needs
    }
  }
}
