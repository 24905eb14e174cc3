extension Model {
  /// The resources of which some changes make something else that players rely on, without saying so.
  ///
  /// Each change is compared with each of its parents, and where that lacks the resource with what there was last on every
  /// way back, as far as the changes are judged together; what comes to the region's branch out of nothing is compared with
  /// what is live. What lies beside the branch comes to it by a merge only.
  /// - Parameters:
  ///   - judged: the changes that come together.
  ///   - live: what the account was last known to be.
  ///   - branch: what the region's branch knows.
  ///   - asked: those that are asked about; all where nil.
  func identityChanges(
    in judged: Set<Int>, live: RegionState?, branch: Set<Int>, of asked: Set<Int>? = nil
  ) -> Set<String> {
    func isInLine(_ id: Int) -> Bool { changes[id]?.known.isSuperset(of: branch) == true }
    var found: Set<String> = []
    for id in asked ?? judged {
      guard let change = changes[id] else { continue }
      for (name, form) in change.values where !change.allowed.contains(name) {
        for parent in change.parents {
          for old in lastForms(of: name, at: parent, within: judged) where old.breaks(with: form) {
            if !isTakenOver(name, old, form, by: change, against: parent) { found.insert(name) }
          }
        }
        let before = change.parents.filter(isInLine)
        let isMadeAnew = (before.isEmpty ? change.parents : before).allSatisfy {
          changes[$0]?.values[name] == nil
        }
        if isMadeAnew, isInLine(id), let old = live?.values[name], old.breaks(with: form) {
          found.insert(name)
        }
      }
    }
    return found
  }

  /// What a resource was last, on every way back that leads through certain changes.
  func lastForms(of name: String, at id: Int, within judged: Set<Int>) -> Set<Form> {
    guard let change = changes[id] else { return [] }
    if let form = change.values[name] { return [form] }
    guard judged.contains(id) else { return [] }
    return change.parents.reduce(into: []) {
      $0.formUnion(lastForms(of: name, at: $1, within: judged))
    }
  }

  /// Whether a merge takes over what another side made of a resource since both sides parted.
  private func isTakenOver(_ name: String, _ old: Form, _ new: Form, by merge: Change, against parent: Int)
    -> Bool
  {
    merge.parents.contains { other in
      guard other != parent, let theirs = changes[other]?.values[name], theirs.isSameIdentity(new) else {
        return false
      }
      return nearestCommon(parent, other).contains {
        changes[$0]?.values[name]?.isSameIdentity(old) == true
      }
    }
  }

  private func nearestCommon(_ a: Int, _ b: Int) -> [Int] {
    let common = (changes[a]?.known ?? []).intersection(changes[b]?.known ?? [])
    return common.filter { id in
      !common.contains { $0 != id && changes[$0]?.known.contains(id) == true }
    }
  }

  /// Whether a rollback would bring something back that players who rely on what came after could not use.
  func rollbackBreaks(
    _ state: RegionState, into values: [String: Form], hiding hidden: Set<Int>, live: RegionState?,
    allowing allowed: Set<String>
  ) -> Bool {
    values.contains { name, form in
      guard state.values[name] != form, !allowed.contains(name) else { return false }
      if let old = state.values[name] { return old.breaks(with: form) }
      let last = state.tip.map { lastForms(of: name, at: $0, hiding: hidden) } ?? []
      return (last + [live?.values[name]].compactMap(\.self)).contains { $0.breaks(with: form) }
    }
  }

  private func lastForms(of name: String, at id: Int, hiding hidden: Set<Int>) -> [Form] {
    guard !hidden.contains(id), let change = changes[id] else { return [] }
    if let form = change.values[name] { return [form] }
    return change.parents.flatMap { lastForms(of: name, at: $0, hiding: hidden) }
  }
}
