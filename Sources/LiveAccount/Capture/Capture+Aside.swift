import Git
import MediaResources
import RegionRepository
import Sealing

extension Capture {
  /// Captures beside the branch, for a region that must not change: the commit is kept by `refs/lockstep/aside`.
  ///
  /// It stands on what was live, or on what was kept aside before; branch and live stay as they are. The next capture that
  /// may change the branch starts from it, so nothing that was seen in between is lost. Makes no data key: where there is
  /// none yet, an account with secrets cannot be captured.
  ///
  /// The caller holds the region's lock, and no apply is half done.
  package func keepAside(
    message: String? = nil, allowsDeletions: Bool = false, reading: Observer.Reading = .changed
  ) async throws -> CaptureReport {
    let start = try start()
    let keyring = try keyring(start, founder: nil)
    let observer = try observer(at: start.own, keyring: keyring, sealsClear: true)
    let tree = try region.root(of: start.base)
    let pack = try PackWriter(repository: region.git)
    var observation = try await observer.compare(with: tree, reading: reading, into: pack)
    let findings = observation.changes
    if !allowsDeletions {
      try guardRemovals(findings, of: tree)
      try guardContents(observation, in: pack, of: tree)
    }
    guard !findings.isEmpty else {
      return CaptureReport(
        region: region.name, changes: [], commit: nil, head: start.head, identityChanges: [],
        unboundStorage: [], isAside: true)
    }
    let identity = try CapturedIdentity(
      observation, in: pack, against: start.base, in: region.git, keyring: keyring)
    let commit = try write(observation, identity, on: start, message: message, into: pack)
    observation.index.tree = try RawCommit(bytes: pack.read(commit).bytes).tree
    try pack.finish()
    try region.git.setReference(
      RegionRepository.asideReference, to: commit, expecting: start.aside,
      log: "lockstep capture: kept aside: \(Self.subject(region.name, findings))")
    observer.save(observation)
    return CaptureReport(
      region: region.name, changes: findings, commit: commit, head: start.head,
      identityChanges: identity.changes,
      unboundStorage: observation.unboundStorage, isAside: true)
  }

  /// Lets go of what was kept aside, once branch and live hold it.
  func forgetAside(_ start: Start) throws {
    guard let aside = start.aside else { return }
    try region.git.setReference(
      RegionRepository.asideReference, to: nil, expecting: aside, log: "lockstep capture: it is in the branch"
    )
  }
}
