package import Git

/// Where a change was first made: the trailer `Lockstep-Source: <region>@<commit>` of an image.
package struct SourceTrailer: Hashable, Sendable, CustomStringConvertible {
  /// The trailer's name in a commit message.
  package static let name = "Lockstep-Source"

  /// The region in which the change was first made.
  package let region: RegionName
  /// The commit there.
  package let commit: ObjectID

  package init(region: RegionName, commit: ObjectID) {
    self.region = region
    self.commit = commit
  }

  /// Reads `<region>@<40 hex digits>`; nil when the text is anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].utf8.count == 40, let region = RegionName(String(parts[0])),
      let commit = ObjectID(hex: parts[1])
    else { return nil }
    self.init(region: region, commit: commit)
  }

  /// The trailer that a commit carries, or nil for none; the last one counts.
  package init?(of commit: RawCommit) {
    guard let text = commit.trailers(named: Self.name).last else { return nil }
    self.init(text)
  }

  package var description: String { "\(region)@\(commit)" }
}
