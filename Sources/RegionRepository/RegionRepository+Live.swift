package import Git

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The commit that the live account matches, and which account that is.
extension RegionRepository {
  /// The commit that the live account was last known to match; nil where that is not known: in a clone, and where another
  /// account is configured since.
  package func live() throws -> ObjectID? {
    guard let live = try git.reference(Self.liveReference) else { return nil }
    let noted = FilePaths.read(liveAccountPath).map { String(decoding: $0, as: UTF8.self) }
    return try noted == nil || noted == accountName() ? live : nil
  }

  /// Notes which commit the live account matches now.
  /// - Parameter old: what `live` said.
  /// - Throws: `GitError` (`.referenceMoved`) where somebody else noted another one.
  package func setLive(from old: ObjectID?, to new: ObjectID, log: String) throws {
    // What another account matched is forgotten first: in between nothing is known.
    if old == nil, let stale = try git.reference(Self.liveReference) {
      try git.setReference(Self.liveReference, to: nil, expecting: stale, log: log)
    }
    // What another account could not take says nothing of this one.
    if old == nil { try forgetHeldBack() }
    try noteAccount()
    guard old != new else { return }
    try git.setReference(Self.liveReference, to: new, expecting: old, log: log)
  }

  /// Notes that the live account holds nothing, as the first commit says.
  package func noteEmptyAccount() throws {
    guard let head = try head(), try live() == nil else { return }
    try setLive(from: nil, to: head, log: "lockstep init: an empty account")
  }

  /// Where it is noted which resources the live account has otherwise than the commit that it matches, since it could not
  /// take them.
  package var heldBackPath: String {
    FilePaths.absolute("lockstep/held-back", relativeTo: git.gitDirectory)
  }

  /// Forgets that something was held back.
  package func forgetHeldBack() throws {
    guard unlink(heldBackPath) == 0 || errno == ENOENT else {
      throw RegionError(
        .fileSystem, "cannot remove \(heldBackPath): \(String(cString: strerror(errno)))")
    }
  }

  private var liveAccountPath: String {
    FilePaths.absolute("lockstep/live-account", relativeTo: git.gitDirectory)
  }

  private func noteAccount() throws {
    let name = Array(try accountName().utf8)
    guard FilePaths.read(liveAccountPath) != name else { return }
    _ = try stateFolder()
    try FilePaths.writeDurably(name, to: liveAccountPath)
  }

  /// What tells the configured account from others.
  private func accountName() throws -> String {
    let told = try git.configEntries(matching: "lockstep.").filter { entry in
      ["account", "project", "resourcegroup", "subscription"].contains {
        entry.key.lowercased() == "lockstep.mediaservices.\($0)"
      }
    }.map { "\($0.key.lowercased())=\($0.value)" }.sorted()
    let text = try git.configValue(RegionConfiguration.account) ?? ""
    return ([(try? accountLocation().description) ?? text] + told).joined(separator: "\n")
  }
}
