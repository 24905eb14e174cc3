import Git
package import MediaResources
package import RegionRepository

/// Something that two regions made differently, and that a person must settle.
package struct JoinConflict: Sendable {
  /// The file under `mirrored/`.
  package let path: String
  /// The resource; nil for a file that is none.
  package let resource: ResourceID?
  /// What it was where the regions parted, in the source and in the target; nil where it is not there, or cannot be read.
  package let base: Resource?
  package let source: Resource?
  package let target: Resource?
  /// What both sides made of the fleet's document, where it is that; of primary and epoch the higher ones count.
  package let fleet: Fleets?
  /// Whether the file is there at all.
  package let isThere: (base: Bool, source: Bool, target: Bool)
  /// Why it is a conflict, where it is not that both changed one resource.
  package let reason: Reason?

  /// The fleet's document where the regions parted, in the source and in the target.
  package struct Fleets: Sendable {
    package let base: Fleet
    package let source: Fleet
    package let target: Fleet
  }

  /// What --prefer names it by; nil for a file of which no side can be chosen.
  package var choice: String? { resource?.description ?? (fleet == nil ? nil : Self.fleetName) }

  /// What it is called.
  package var name: String { choice ?? "mirrored/\(path)" }

  /// What --prefer calls the fleet's document.
  package static let fleetName = "fleet"

  /// Whether settling it changes an identity, which only a word for the very resource lets through.
  var isOfIdentity: Bool {
    if let reason, reason.isIdentity { return true }
    guard let source, let target else { return false }
    return !Identity.changes(from: source, to: target).isEmpty
  }

  /// Why changes that are sound by themselves are not together.
  package struct Reason: Sendable {
    /// What is wrong.
    package let message: String
    /// The resources that do not go together, of which a side must be chosen.
    package let resources: [ResourceID]
    /// Whether identity would change, which only a word for the very resource lets through.
    package let isIdentity: Bool
  }
}

/// Why two regions' changes cannot be brought together without a person; nothing was written.
package struct JoinConflicts: Error, Sendable, CustomStringConvertible {
  /// The region that was read.
  package let source: RegionName
  /// The region that was to be written.
  package let target: RegionName
  /// Where both are, as `lockstep mirror` takes them.
  package let places: (source: String, target: String)
  /// What is in conflict, by path.
  package let conflicts: [JoinConflict]
  /// The resources for which a side was chosen, and which neither region has.
  package let unknownPreferences: [ResourceID]

  /// What happened.
  package var message: String {
    let count = conflicts.count
    return
      "regions \(source) and \(target) have \(count) change\(count == 1 ? " that does" : "s that do") not go together;"
      + " nothing was changed"
  }

  /// How it is settled, by mirroring.
  package var hint: String {
    hint(by: "lockstep mirror \(ShellWord.quoted(places.source)) \(ShellWord.quoted(places.target))")
  }

  /// How it is settled by a command that takes --prefer.
  package func hint(by command: String) -> String {
    guard let example = conflicts.first(where: { $0.choice != nil }), let choice = example.choice else {
      let files = conflicts.map { "mirrored/\($0.path)" }.joined(separator: ", ")
      return "make \(files) the same in both regions, and run this again"
    }
    let choices = example.reason?.resources.map(\.description) ?? [choice]
    let preferences = choices.map { " --prefer \(ShellWord.quoted("\($0)=source"))" }.joined()
    let forAll = conflicts.contains(where: \.isOfIdentity) ? "" : "; --prefer source or target for all"
    return
      "say which side counts: \(command)" + preferences
      + consequence(for: choices, \.source, against: \.target)
      + " (or =target\(consequence(for: choices, \.target, against: \.source))\(forAll));"
      + " or make it the same in both regions, and run this again"
  }

  /// What a side's choice takes out.
  private func consequence(
    for choices: [String], _ side: KeyPath<(base: Bool, source: Bool, target: Bool), Bool>,
    against other: KeyPath<(base: Bool, source: Bool, target: Bool), Bool>
  ) -> String {
    let out = conflicts.filter { conflict in
      conflict.choice.map(choices.contains) == true
        && !conflict.isThere[keyPath: side] && conflict.isThere[keyPath: other]
    }
    let names = out.compactMap(\.choice)
    return names.isEmpty ? "" : ", which takes out \(names.joined(separator: " and "))"
  }

  package var description: String { message }
}
