import Age

/// Brings together what two sides made of `sealing/`: keys by union, never fewer; lists of recipients by who may vouch.
package struct SealingMerge {
  private let base: SealingFiles
  private let ours: SealingFiles
  private let theirs: SealingFiles
  private let identities: Identities
  private let trust: TrustStore

  /// What two sides made of a base; empty files stand for a side that has none.
  package init(
    base: SealingFiles, ours: SealingFiles, theirs: SealingFiles, identities: Identities, trust: TrustStore
  ) {
    self.base = base
    self.ours = ours
    self.theirs = theirs
    self.identities = identities
    self.trust = trust
  }

  /// The files that both sides together have.
  ///
  /// Where both changed the list, somebody who can open both sides' keys must do it: a recipient that one side took out
  /// is out, one that a side added is in (but not under a key that the other side rotated away from when it took somebody
  /// out: who is out knows that key, and must be let in by name), and the side's key is current that follows the other's, or else is known to
  /// nobody who is out; where there is none, a new one is made. Sides that have no key in common are two fleets until a
  /// person says otherwise (`lockstep keys trust`).
  /// - Throws: `SealingError` where a key is needed and cannot be had, or a list is not authentic.
  package func files() throws(SealingError) -> SealingFiles {
    if theirs.recipients == nil || theirs.recipients == base.recipients {
      return settled(by: ours, other: theirs)
    }
    if ours.recipients == nil || ours.recipients == base.recipients {
      return settled(by: theirs, other: ours)
    }
    if ours.recipients == theirs.recipients { return alike() }
    do throws(SealingError) { return try joined() } catch {
      throw SealingError(
        error.code, "both sides changed mirrored/\(SealingFiles.recipientsPath): \(error.message)",
        hint: error.hint)
    }
  }

  /// One side changed the list, and wrapped the keys for it.
  private func settled(by side: SealingFiles, other: SealingFiles) -> SealingFiles {
    side.adding(other).adding(base)
  }

  /// Both have the same list: a key that one wrapped anew is taken from there, of one that both did the same on both
  /// sides.
  private func alike() -> SealingFiles {
    var result = ours.adding(theirs).adding(base)
    for (fingerprint, mine) in ours.keys {
      guard let yours = theirs.keys[fingerprint], mine != yours else { continue }
      let old = base.keys[fingerprint]
      result.keys[fingerprint] =
        mine == old ? yours : yours == old || mine.lexicographicallyPrecedes(yours) ? mine : yours
    }
    return result
  }

  private func joined() throws(SealingError) -> SealingFiles {
    let mine = try Keyring(files: ours.adding(base), identities: identities, trust: trust).authority()
    let yours = try Keyring(files: theirs.adding(base), identities: identities, trust: .none).authority()
    let known = mine.trusted.union(try trust.load()?.all ?? [])
    guard !known.isDisjoint(with: yours.ancestors) else {
      throw SealingError(
        .refused,
        "the other side's data key \(yours.key.fingerprint.abbreviated) has nothing in common with ours; its recipients"
          + " are \(yours.list.entries.map(\.description).joined(separator: ", ")), and would open our secrets, too",
        hint: "if they may, and one of them confirms the key: lockstep keys trust \(yours.key.fingerprint)")
    }
    let old =
      base.recipients == nil
      ? nil : try Keyring(files: base, identities: identities, trust: .none).authority().list
    let list = try merged(old, mine, yours)
    let files = ours.adding(theirs).adding(base)
    let serial = max(mine.serial, yours.serial)
    let trusted = mine.trusted.union(yours.ancestors)
    let (key, all) = try current(mine, yours, for: list, serial: serial, files)
    let authority = Authority(
      list: list, serial: serial, key: key, recipients: [], ancestors: trusted,
      trusted: trusted.union([key.fingerprint]))
    let keyring = Keyring(authority: authority, files: all, identities: identities)
    return try KeyAdministration.wrap(for: list, in: keyring).files
  }

  /// The data key that becomes current, and the files with it.
  private func current(
    _ mine: Authority, _ yours: Authority, for list: RecipientList, serial: Int, _ files: SealingFiles
  ) throws(SealingError) -> (key: DataKey, files: SealingFiles) {
    let texts = Set(list.recipients.map(\.text))
    func isClosed(_ side: Authority) -> Bool { texts.isSuperset(of: side.recipients) }
    let candidates = [mine, yours].filter { side in
      let other = side.key.fingerprint == mine.key.fingerprint ? yours : mine
      let isOlder =
        side.key.fingerprint != other.key.fingerprint && other.ancestors.contains(side.key.fingerprint)
      return isClosed(side) && !isOlder
    }
    let best = candidates.min {
      ($1.key.generation, $0.key.fingerprint) < ($0.key.generation, $1.key.fingerprint)
    }
    let sides = [mine.key, yours.key]
    guard let best else {
      let made = try KeyAdministration.make(
        for: list, generation: max(mine.key.generation, yours.key.generation) + 1, serial: serial,
        after: sides)
      return (made.key, made.files.adding(files))
    }
    // The other side's key vouches for it, unless it leads to it already.
    let others = sides.filter { !best.ancestors.contains($0.fingerprint) }
    guard !others.isEmpty else { return (best.key, files) }
    let keyring = Keyring(files: files, identities: identities, trust: .none)
    let file = try keyring.keyFile(best.key.fingerprint)
    var result = files
    result.keys[best.key.fingerprint] = try DataKeyFile(
      key: file.key, recipients: file.recipients,
      predecessors: file.predecessors + others.map { DataKeyFile.Link(from: $0, to: file.key) }
    ).wrapped(for: list.recipients)
    return (best.key, result)
  }

  private func merged(
    _ base: RecipientList?, _ ours: Authority, _ theirs: Authority
  ) throws(SealingError) -> RecipientList {
    var entries: [RecipientList.Entry] = []
    for entry in ours.list.entries + theirs.list.entries {
      func has(_ list: RecipientList?) -> Bool {
        list?.entries.contains { $0.recipient == entry.recipient } ?? false
      }
      /// Whether one side rotated away from the other's key after it had taken somebody out.
      func closed(_ side: Authority, to other: Authority) -> Bool {
        side.key.fingerprint != other.key.fingerprint && side.ancestors.contains(other.key.fingerprint)
          && base?.entries.contains { entry in
            !side.list.entries.contains { $0.recipient == entry.recipient }
          } ?? false
      }
      let isTakenOut = has(base) && !(has(ours.list) && has(theirs.list))
      let isDoubtful =
        !has(base)
        && (!has(ours.list) && closed(ours, to: theirs) || !has(theirs.list) && closed(theirs, to: ours))
      if !isTakenOut, !isDoubtful, !entries.contains(where: { $0.recipient == entry.recipient }) {
        entries.append(entry)
      }
    }
    guard !entries.isEmpty else {
      throw SealingError(
        .badRecipients, "together they take every recipient out",
        hint: "lockstep keys recipients --add RECIPIENT")
    }
    return try RecipientList(entries)
  }
}
