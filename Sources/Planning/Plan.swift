package import MediaResources

/// What must be done to a live account, in order.
package struct Plan: Sendable, Equatable {
  /// The steps in the order in which they are applied.
  package let steps: [PlanStep]
  /// What a guard refuses, with the numbers; empty when the plan may be applied.
  package let refusals: [GuardRefusal]
  /// What is left as it is, since no account takes what is wanted of it, in order.
  package let held: [HeldBack]

  package init(steps: [PlanStep], refusals: [GuardRefusal], held: [HeldBack] = []) {
    self.steps = steps
    self.refusals = refusals
    self.held = held
  }

  /// Whether the account is what is wanted: there is nothing to do, and nothing held back.
  package var isEmpty: Bool { steps.isEmpty && held.isEmpty }

  /// How many steps do one thing.
  package func count(_ action: PlanStep.Action) -> Int { steps.lazy.filter { $0.action == action }.count }

  /// The last line of every plan, such as `Plan: 3 to create, 1 to replace, 0 to delete.`; where something is held back,
  /// ` 1 held back.` follows.
  package var summary: String {
    "Plan: \(count(.create)) to create, \(count(.replace)) to replace, \(count(.delete)) to delete."
      + (held.isEmpty ? "" : " \(held.count) held back.")
  }

  /// What was done once it is applied, such as `3 created, 1 replaced, 0 deleted`.
  package var done: String {
    "\(count(.create)) created, \(count(.replace)) replaced, \(count(.delete)) deleted"
      + (held.isEmpty ? "" : ", \(held.count) held back")
  }
}

/// One step of a plan.
package struct PlanStep: Sendable, Equatable {
  /// What is done to the resource.
  package enum Action: String, Sendable, CaseIterable {
    /// It is not there and shall be.
    case create
    /// It is there and shall be different.
    case replace
    /// It is there and shall not be.
    case delete
  }

  /// What is done.
  package let action: Action
  /// The resource at live and as wanted.
  package let change: ResourceChange
  /// Steps with the same phase do not depend on each other and may run at once; phases run in ascending order.
  package let phase: Int

  package init(action: Action, change: ResourceChange, phase: Int) {
    self.action = action
    self.change = change
    self.phase = phase
  }

  /// The resource.
  package var id: ResourceID { change.id }
}

/// A guard that refuses a plan, and the flag that overrides it.
package struct GuardRefusal: Sendable, Equatable {
  /// The guards that a plan passes.
  package enum Guard: String, Sendable, CaseIterable {
    /// Many resources of a kind would be deleted or replaced.
    case deletions
    /// An asset that has content would be deleted.
    case content
    /// A locator id, content key id or value, or a secret would change.
    case identity
    /// More of a kind would be there than the account is known to hold at once.
    case limits
    /// A streaming policy that locators use would be replaced, which a service refuses.
    case policyInUse = "policy-in-use"
    /// An asset would get another container or storage account, and be another one.
    case assetReplacement = "asset-replacement"
  }

  /// Which guard.
  package let kind: Guard
  /// What it found, with the numbers.
  package let message: String
  /// Whether `--force-<guard>` overrides it.
  package let isForceable: Bool

  package init(_ kind: Guard, _ message: String, isForceable: Bool = true) {
    self.kind = kind
    self.message = message
    self.isForceable = isForceable
  }
}
