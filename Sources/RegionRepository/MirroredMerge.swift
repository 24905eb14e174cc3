package import Git
import MediaResources
package import Sealing

/// Three-way merge of `mirrored/` trees, resource by resource.
///
/// A resource that was only sealed anew is not changed: where the texts of both sides differ, they are opened and
/// compared; what one side resealed and the other one changed is that change, under the current data key. `sealing/`
/// follows its own rule (`SealingMerge`), and so does `fleet.json`: primary and epoch are those of the side with the higher
/// one, and so is the rest, unless the other side edited it, which is for a person to settle.
package struct MirroredMerge {
  /// What becomes of `sealing/` and `fleet.json`.
  package enum Keys {
    /// Both sides' are brought together.
    case joined
    /// They stay as our side has them (a rollback); where it has no data key at all, theirs come with their secrets.
    case ours
  }

  private let pack: PackWriter
  private let identities: Identities
  private let trust: TrustStore
  private let keys: Keys
  private let settle: TreeMerge.Resolver

  /// - Parameter settle: says what becomes of a resource that both sides changed to different ends.
  package init(
    pack: PackWriter, identities: Identities, trust: TrustStore, keys: Keys = .joined,
    settle: @escaping TreeMerge.Resolver = { _, _, _, _ in .conflict }
  ) {
    self.pack = pack
    self.identities = identities
    self.trust = trust
    self.keys = keys
    self.settle = settle
  }

  /// Merges what `ours` and `theirs` made of `base`.
  /// - Throws: `SealingError` where a key is needed to compare and cannot be had; `RegionError`, `GitError`.
  package func merge(base: ObjectID?, ours: ObjectID?, theirs: ObjectID?) throws -> MergeOutcome {
    let files = try [base, ours, theirs].map { try pack.sealingFiles(in: $0) }
    let merged =
      keys == .ours
      ? (files[1].all.isEmpty ? files[2] : files[1])
      : try SealingMerge(
        base: files[0], ours: files[1], theirs: files[2], identities: identities, trust: trust
      ).files()
    let keyring = Keyring(
      files: merged.adding(files[2]).adding(files[0]), identities: identities, trust: trust)
    let outcome = try TreeMerge.merge(base: base, ours: ours, theirs: theirs, source: pack, sink: pack) {
      path, base, ours, theirs in
      if SealingFiles.isOne(path) { return .entry(ours ?? theirs) }
      if path == Fleet.path { return try newerFleet(base, ours, theirs) }
      return try resolve(path, base, ours, theirs, keyring)
    }
    guard case .merged(let tree) = outcome else { return outcome }
    let fleet = try keys == .ours ? pack.entry(Fleet.path, in: ours) : pack.entry(Fleet.path, in: tree)
    return .merged(try settle(tree, from: base, keys: merged, fleet: fleet, keyring))
  }

  // MARK: One resource

  private func resolve(
    _ path: String, _ base: TreeEntry?, _ ours: TreeEntry?, _ theirs: TreeEntry?, _ keyring: Keyring
  ) throws -> TreeMerge.Resolution {
    if case .entry(let entry)? = try resealed(path, base, ours, theirs, keyring) { return .entry(entry) }
    return try settle(path, base, ours, theirs)
  }

  /// What stands where one side, or both, only sealed a resource anew; nil where that is not what happened.
  private func resealed(
    _ path: String, _ base: TreeEntry?, _ ours: TreeEntry?, _ theirs: TreeEntry?, _ keyring: Keyring
  ) throws -> TreeMerge.Resolution? {
    guard ResourcePath.kind(ofPath: path) != nil,
      ![base, ours, theirs].contains(where: { $0?.isTree == true })
    else { return nil }
    let entries = [base, ours, theirs]
    let forms = try entries.map { try $0.flatMap { try readable($0, at: path) } }
    // What cannot be read cannot be compared.
    guard zip(entries, forms).allSatisfy({ ($0 == nil) == ($1 == nil) }) else { return nil }
    guard forms.contains(where: { $0.map { !SealedValues.fingerprints(in: $0).isEmpty } ?? false }) else {
      return nil
    }
    let clear = try forms.map { try $0.map { try keyring.open($0) } }
    if clear[1] == clear[2] || clear[2] == clear[0] { return .entry(ours) }
    if clear[1] == clear[0] { return .entry(theirs) }
    return nil
  }

  /// A document as a resource; nil where it is none, which is for those to mend who wrote it.
  private func readable(_ entry: TreeEntry, at path: String) throws -> Resource? {
    let bytes = try pack.read(entry.id).bytes
    return try? MirroredDocument.resource(bytes: bytes, path: path)
  }

  /// The fleet of the higher epoch; a conflict where both have one number.
  ///
  /// What the side with the lower one edited beside its role is in neither or in both: a person says whether it comes in.
  private func newerFleet(
    _ base: TreeEntry?, _ ours: TreeEntry?, _ theirs: TreeEntry?
  ) throws -> TreeMerge.Resolution {
    if keys == .ours { return .entry(ours) }
    guard let ours, let theirs else { return .entry(ours ?? theirs) }
    let (mine, yours) = (
      try Fleet(bytes: pack.read(ours.id).bytes), try Fleet(bytes: pack.read(theirs.id).bytes)
    )
    if mine.epoch.number == yours.epoch.number { return .conflict }
    let isMineNewer = mine.epoch.number > yours.epoch.number
    let (newer, older) = isMineNewer ? (mine, yours) : (yours, mine)
    let (kept, given) = isMineNewer ? (ours, theirs) : (theirs, ours)
    guard let base, let ground = try? Fleet(bytes: pack.read(base.id).bytes),
      (try? newer.withEdits(of: older, since: ground)) != newer
    else { return .entry(kept) }
    guard case .entry(let chosen) = try settle(Fleet.path, base, ours, theirs) else { return .conflict }
    guard chosen == given else { return .entry(kept) }
    let edited: Fleet
    do { edited = try newer.withEdits(of: older, since: ground) } catch {
      throw RegionError(
        .refused,
        "the fleet of \(newer.primary) cannot take over what the other side edited: \(error.message)",
        hint: "make it the same in both regions, and run this again")
    }
    let blob = try pack.write(.blob, edited.canonicalBytes(), replacing: nil)
    return .entry(TreeEntry(mode: TreeMode.file, nameBytes: kept.nameBytes, id: blob))
  }

  // MARK: The result

  /// Whether a resource stands under the data key that the list of recipients says is the current one.
  private func isCurrent(_ resource: Resource, _ keys: SealingFiles) -> Bool {
    guard let recipients = keys.recipients, let claim = try? RecipientList.Claim(bytes: recipients) else {
      return false
    }
    return SealedValues.fingerprints(in: resource).allSatisfy { $0 == claim.current }
  }

  /// Puts the merged keys in place, and seals what either side changed with the current data key, where that can be had
  /// here: what stands under an older one, or in clear.
  private func settle(
    _ tree: ObjectID?, from base: ObjectID?, keys: SealingFiles, fleet: TreeEntry?, _ keyring: Keyring
  ) throws -> ObjectID? {
    let found = try pack.sealingFiles(in: tree)
    var edits = try TreeEditor.edits(for: keys, besides: found, into: pack)
    for (path, _) in found.all where !keys.all.contains(where: { $0.path == path }) {
      edits.updateValue(nil, forKey: path)
    }
    if try pack.entry(Fleet.path, in: tree) != fleet {
      edits.updateValue(fleet.map { (mode: $0.mode, id: $0.id) }, forKey: Fleet.path)
    }
    try TreeWalk.changes(from: base, to: tree, in: pack) { change in
      guard let entry = change.new, let kind = ResourcePath.kind(ofPath: change.path),
        SecretPlaces.kinds.contains(kind), let resource = try readable(entry, at: change.path)
      else { return }
      let anew: Resource
      do { anew = try keyring.reseal(resource) } catch let error as SealingError {
        guard error.isLackOfKey, SealedValues.clearPlaces(in: resource).isEmpty,
          self.keys == .joined || isCurrent(resource, keys)
        else { throw error }
        return
      }
      guard anew != resource else { return }
      edits[change.path] = (
        mode: TreeMode.file, id: try pack.write(.blob, anew.canonicalBytes(), replacing: nil)
      )
    }
    return edits.isEmpty ? tree : try TreeEditor.apply(edits, to: tree, source: pack, sink: pack)
  }
}
