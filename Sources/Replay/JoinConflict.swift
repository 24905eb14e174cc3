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
  /// Whether the file is there at all.
  package let isThere: (base: Bool, source: Bool, target: Bool)
  /// What is wrong, where both changes are sound by themselves and not together; nil where both changed one resource.
  package let reason: String?
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

  /// How it is settled.
  package var hint: String {
    guard let example = conflicts.lazy.compactMap(\.resource).first else {
      let files = conflicts.map { "mirrored/\($0.path)" }.joined(separator: ", ")
      return "make \(files) the same in both regions, and run this again"
    }
    return
      "say which side counts: lockstep mirror \(ShellWord.quoted(places.source)) \(ShellWord.quoted(places.target))"
      + " --prefer \(ShellWord.quoted("\(example)=source")) (or =target;"
      + " --prefer source or target for all); or make it the same in both regions, and run this again"
  }

  package var description: String { message }
}
