import Age

/// Brings together what two sides made of `sealing/`: keys by union, never fewer; lists of recipients by who may vouch.
package enum SealingMerge {
  /// Merges what two sides made of a base; nil stands for a side that has no such folder.
  ///
  /// Where both changed the list, or wrapped one key for different recipients, somebody who can open both sides' keys
  /// must do it: a recipient that one side took out is out, one that a side added is in, and the data key of the higher
  /// generation is current (of two of one generation that with the smaller fingerprint).
  /// - Throws: `SealingError` where a key is needed and cannot be had, or a list is not authentic.
  package static func merge(
    base: SealingFiles, ours: SealingFiles, theirs: SealingFiles, identities: Identities
  ) throws(SealingError) -> SealingFiles {
    let union = ours.adding(theirs).adding(base)
    if ours.recipients == theirs.recipients || theirs.recipients == base.recipients
      || theirs.recipients == nil
    {
      return settled(union, ours: ours, base: base, theirs: theirs, by: ours)
    }
    if ours.recipients == base.recipients || ours.recipients == nil {
      return settled(union, ours: theirs, base: base, theirs: ours, by: theirs)
    }
    return try joined(base: base, ours: ours, theirs: theirs, union: union, identities)
  }

  /// The union with the list of one side; a key that both wrapped anew is taken from that side.
  private static func settled(
    _ union: SealingFiles, ours: SealingFiles, base: SealingFiles, theirs: SealingFiles, by side: SealingFiles
  ) -> SealingFiles {
    var result = union
    result.recipients = side.recipients ?? union.recipients
    for (fingerprint, file) in union.keys {
      let (old, mine, yours) = (base.keys[fingerprint], ours.keys[fingerprint], theirs.keys[fingerprint])
      if mine == old, let yours, yours != old, ours.recipients == theirs.recipients {
        result.keys[fingerprint] = yours
      } else if let mine, let yours, mine != yours, mine != old, yours != old,
        ours.recipients == theirs.recipients
      {
        // Wrapped twice for the same: the same choice on both sides.
        result.keys[fingerprint] = mine.lexicographicallyPrecedes(yours) ? mine : yours
      } else {
        result.keys[fingerprint] = mine ?? file
      }
    }
    return result
  }

  private static func joined(
    base: SealingFiles, ours: SealingFiles, theirs: SealingFiles, union: SealingFiles,
    _ identities: Identities
  ) throws(SealingError) -> SealingFiles {
    do throws(SealingError) {
      let mine = try Keyring(files: ours.adding(union), identities: identities).authenticSide()
      let yours = try Keyring(files: theirs.adding(union), identities: identities).authenticSide()
      let old =
        base.recipients == nil ? nil : try Keyring(files: base, identities: identities).authenticSide()
      let list = try merged(old?.list, mine.list, yours.list)
      let current = [mine.key, yours.key].min {
        ($1.generation, $0.fingerprint) < ($0.generation, $1.fingerprint)
      }
      guard let current else { return union }
      let keyring = Keyring(current: current, files: union, identities: identities)
      return try KeyAdministration.wrap(for: list, in: keyring).files
    } catch {
      throw SealingError(
        error.code, "both sides changed mirrored/\(SealingFiles.recipientsPath): \(error.message)",
        hint: error.hint)
    }
  }

  private static func merged(
    _ base: RecipientList?, _ ours: RecipientList, _ theirs: RecipientList
  ) throws(SealingError) -> RecipientList {
    var entries: [RecipientList.Entry] = []
    for entry in ours.entries + theirs.entries {
      func has(_ list: RecipientList?) -> Bool {
        list?.entries.contains { $0.recipient == entry.recipient } ?? false
      }
      let isTakenOut = has(base) && !(has(ours) && has(theirs))
      if !isTakenOut, !entries.contains(where: { $0.recipient == entry.recipient }) { entries.append(entry) }
    }
    guard !entries.isEmpty else {
      throw SealingError(
        .badRecipients, "together they take every recipient out",
        hint: "lockstep keys recipients --add RECIPIENT")
    }
    return try RecipientList(entries)
  }
}

extension Keyring {
  /// The list of one side of a merge; that the other side may have a newer key is what the merge settles.
  fileprivate func authenticSide() throws(SealingError) -> (list: RecipientList, key: DataKey) {
    guard let claim = try claim() else {
      throw SealingError(.badRecipients, "one side has no list", hint: "lockstep keys init")
    }
    let key = try key(claim.current)
    guard claim.isAuthentic(under: key) else {
      throw SealingError(
        .badRecipients, "one of the lists was changed by hand or by somebody who does not hold the data key",
        hint: "bring it back: git log -- mirrored/\(SealingFiles.recipientsPath)")
    }
    return (claim.list, key)
  }
}
