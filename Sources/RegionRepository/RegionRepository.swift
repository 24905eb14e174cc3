package import Git

/// A git repository that holds one region's resource set, and what git does not know of it: its name and account.
///
/// One owner at a time; nothing here is `Sendable`. Reading costs what is read, never the size of the region.
package final class RegionRepository {
  /// The repository underneath.
  package let git: Repository
  /// The region, as the repository's configuration names it.
  package let name: RegionName

  init(git: Repository, name: RegionName) {
    self.git = git
    self.name = name
  }

  /// The commit that the live account was last known to match.
  package static let liveReference = "refs/lockstep/live"

  /// What the names of the refs begin with that keep other regions' own commits.
  package static let sourceReferences = "refs/lockstep/sources/"

  /// What the names of the refs begin with that keep the newest commits of other regions that this one heard of.
  ///
  /// They say at which epoch a peer on another machine is, and what is lost where it is gone; nothing is replayed from them.
  package static let peerReferences = "refs/lockstep/peers/"

  /// The ref that keeps the newest commit of another region that this one heard of.
  package static func peerReference(_ region: RegionName) -> String { peerReferences + region.text }

  /// The ref that keeps what was captured while the region was fenced, until it counts.
  package static let asideReference = "refs/lockstep/aside"

  /// The ref that keeps another region's own commits.
  package static func sourceReference(_ region: RegionName) -> String { sourceReferences + region.text }

  /// Opens the region repository at a folder, or at the nearest folder above it that is one.
  /// - Throws: `RegionError` where there is none, `GitError` where it cannot be read.
  package static func open(at path: String) throws -> RegionRepository {
    let git: Repository
    do { git = try Repository.discover(from: path) } catch {
      if let unreadable = unreadable(path) { throw unreadable }
      guard error.code == .notFound else { throw error }
      throw missing(path)
    }
    return try RegionRepository(opened: git, path: path)
  }

  /// Opens the region repository that git's environment names, within a hook: with the objects of a push that is still in
  /// quarantine.
  /// - Throws: `RegionError` where it is none, `GitError` where it cannot be read.
  package static func openByEnvironment() throws -> RegionRepository {
    let git = try Repository.openByEnvironment()
    return try RegionRepository(opened: git, path: git.workingDirectory ?? git.gitDirectory)
  }

  private convenience init(opened git: Repository, path: String) throws {
    guard let text = try git.configValue(RegionConfiguration.region) else {
      throw Self.notARegion(git, path)
    }
    if git.isLinkedWorkingTree { throw Self.linkedWorkingTree(git, path) }
    try self.init(git: git, name: RegionName(checking: text))
  }

  /// Makes a region repository: an empty `mirrored/`, `local/region.json`, and one first commit.
  ///
  /// A folder that holds a repository already is refused, but for one in which this very call was cut off. `user` is set
  /// in the repository's own configuration.
  /// - Throws: `RegionError` (`.alreadyARegion`), or `GitError`; nothing is made where nobody could commit.
  package static func create(
    at path: String, name: RegionName, account: AccountLocation, bare: Bool, bindings: Bindings,
    user: (name: String, email: String)? = nil
  ) throws -> RegionRepository {
    let begun = try checkCreation(at: path, name: name, isNameless: user == nil)
    try FilePaths.makeFolders(path)
    let git = try begun ?? Repository.create(at: path, bare: bare, initialBranch: "main")
    if let user {
      try git.setConfigValue("user.name", user.name)
      try git.setConfigValue("user.email", user.email)
    }
    try git.setConfigValue(RegionConfiguration.region, name.text)
    try git.setConfigValue(RegionConfiguration.account, account.description)
    if let branch = git.headReferenceName {
      try git.setConfigValue(RegionConfiguration.branch, shortName(ofBranch: branch))
    }
    let region = RegionRepository(git: git, name: name)
    try region.writeFirstCommit(bindings: bindings)
    return region
  }

  /// Whether `create` can begin a region in a folder.
  /// - Parameter isNameless: whether nobody is named who commits there.
  /// - Returns: the repository in which an earlier call was cut off, if there is one.
  @discardableResult
  package static func checkCreation(at path: String, name: RegionName, isNameless: Bool) throws -> Repository?
  {
    let begun = FilePaths.exists(path) ? try? Repository.open(at: path) : nil
    if let begun { try checkCutOff(begun, path: path, name: name) }
    if begun == nil, isNameless, try !Repository.hasDefaultSignature() { throw Repository.namelessError }
    return begun
  }

  /// Lets a repository pass that an earlier `create` for the same region left without a commit.
  private static func checkCutOff(_ git: Repository, path: String, name: RegionName) throws {
    let known = try git.configValue(RegionConfiguration.region)
    let isUnborn = try git.headReferenceName.map { try git.reference($0) == nil } ?? false
    if isUnborn, known == nil || known == name.text, try git.references(beneath: "refs/").isEmpty { return }
    throw RegionError(
      .alreadyARegion, "\(path) holds \(known.map { "the region \($0)" } ?? "a git repository") already",
      hint: "choose a new folder for the region \(name)")
  }

  private func writeFirstCommit(bindings: Bindings) throws {
    let pack = try PackWriter(repository: git)
    let document = RegionDocument(name: name, bindings: bindings)
    let blob = try pack.write(.blob, document.canonicalBytes(), replacing: nil)
    let tree = try TreeEditor.apply(
      [RegionDocument.path: (mode: TreeMode.file, id: blob)], to: nil, source: pack, sink: pack)
    let commit = try writeCommit(
      tree: tree ?? .emptyTree, parents: [], message: "Begin region \(name)\n", by: try signatures(),
      into: pack)
    try finish(HeadMove(old: nil, new: commit, log: "lockstep init: begin region \(name)"), pack: pack)
  }

  // MARK: Places

  /// The folder beside the repository where Lockstep keeps what may be deleted: indexes, journals, the lock.
  /// - Throws: `RegionError` when it cannot be made; a repository that was moved away is not begun anew.
  package func stateFolder() throws(RegionError) -> String {
    let path = FilePaths.absolute("lockstep", relativeTo: git.gitDirectory)
    do throws(RegionError) { try FilePaths.makeFolder(path, mode: 0o700) } catch {
      guard !FilePaths.exists(git.gitDirectory) else { throw error }
      throw RegionError(
        .notARegion, "the repository of region \(name) is no longer at \(place)",
        hint: "bring it back there, or run this again where it is now: -C FOLDER")
    }
    return path
  }

  /// The branch that is the region: what HEAD names, and nothing else.
  ///
  /// Work in progress on another branch is nobody's region: while it is checked out, nothing is captured, mirrored or
  /// applied.
  /// - Throws: `RegionError` where HEAD is detached, or names another branch than the one that the region began with.
  package func branchReference() throws -> String {
    let pinned = try git.configValue(RegionConfiguration.branch)
    guard let name = git.headReferenceName else {
      throw RegionError(
        .badConfiguration,
        "the repository of region \(self.name) has a detached HEAD: no branch is the region",
        hint: "git -C \(shellPlace) switch \(pinned ?? "main")")
    }
    let branch = Self.shortName(ofBranch: name)
    guard let pinned, pinned != branch else { return name }
    throw RegionError(
      .badConfiguration,
      "the repository of region \(self.name) has the branch \(branch) checked out, and the region is its branch"
        + " \(pinned)",
      hint: (git.isBare
        ? "git -C \(shellPlace) symbolic-ref HEAD \(ShellWord.quoted("refs/heads/\(pinned)"))"
        : "git -C \(shellPlace) switch \(ShellWord.quoted(pinned))")
        + "; where that branch has a new name: git -C \(shellPlace) config \(RegionConfiguration.branch)"
        + " \(ShellWord.quoted(branch))")
  }

  /// Notes the branch that is the region, where nobody has: in a clone that became one.
  private func pinBranch() throws {
    guard let name = git.headReferenceName, try git.configValue(RegionConfiguration.branch) == nil else {
      return
    }
    try git.setConfigValue(RegionConfiguration.branch, Self.shortName(ofBranch: name))
  }

  private static func shortName(ofBranch name: String) -> String {
    name.hasPrefix("refs/heads/") ? String(name.dropFirst("refs/heads/".count)) : name
  }

  /// The folder that a person would name this region by.
  package var place: String { git.workingDirectory ?? git.gitDirectory }

  /// The same as a shell takes it, for commands that can be pasted.
  package var shellPlace: String { ShellWord.quoted(place) }

  /// Takes the right to change this region, and ends what a run began that was cut off while it moved the branch.
  /// - Throws: `RegionError` (`.locked`).
  package func lock(for purpose: String) throws -> RegionLock {
    let lock = try RegionLock(path: stateFolder() + "/lock", region: name, purpose: purpose)
    git.removeAbandonedLock()
    try finishHeadMove()
    try pinBranch()
    return lock
  }

  /// Where this region's live account is.
  /// - Throws: `RegionError` (`.badConfiguration`) with the command that sets it.
  package func accountLocation() throws -> AccountLocation {
    guard let text = try git.configValue(RegionConfiguration.account) else {
      throw RegionError(
        .badConfiguration, "region \(name) has no live account: its configuration has no lockstep.account",
        hint: "git -C \(shellPlace) config lockstep.account folder:PATH")
    }
    return try AccountLocation(text, relativeTo: place)
  }

  // MARK: Refs

  /// The region's newest commit, or nil before the first.
  package func head() throws -> ObjectID? { try git.reference(branchReference()) }

}
