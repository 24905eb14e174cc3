import Age

/// Who decides over a fleet's secrets: the list of recipients and the current data key, found to be authentic.
struct Authority: Sendable {
  let list: RecipientList
  /// How many lists came before; never falls.
  let serial: Int
  /// The current data key.
  let key: DataKey
  /// Whom it was wrapped for last.
  let recipients: [String]
  /// The current data key and all that lead to it.
  let ancestors: Set<Fingerprint>
  /// Those, and what this machine knows of for another reason.
  let trusted: Set<Fingerprint>
}

extension Keyring {
  /// What the list of recipients says, believed by nobody yet; nil where there is none.
  package func claim() throws(SealingError) -> RecipientList.Claim? {
    guard let bytes = files.recipients else { return nil }
    return try RecipientList.Claim(bytes: bytes)
  }

  /// Finds the current data key, and whether it may be believed.
  func findAuthority() throws(SealingError) -> Authority {
    let seen = try trust.load()
    guard let claim = try claim() else { throw noList(seen) }
    let file = try keyFile(claim.current)
    guard claim.isAuthentic(under: file.key) else { throw notAuthentic(claim, file) }
    // What was current here before is not looked behind again: each look may cost a touch of somebody's hardware key.
    let isKnown =
      seen.map { seen in
        seen.latest == claim.current && seen.serial > 0
          && file.predecessors.allSatisfy {
            seen.keys.contains($0.fingerprint) || files.keys[$0.fingerprint] == nil
          }
      } ?? false
    let ancestors = try isKnown ? seen?.keys ?? [] : ancestors(of: file)
    if let seen { try check(claim, leadingTo: ancestors, against: seen) }
    try checkOthers(claim, besides: ancestors.union(seen?.all ?? []))
    let now = TrustedKeys(
      latest: claim.current, keys: ancestors, others: seen?.all ?? [], serial: claim.serial)
    if now != seen { trust.save(now) }
    return Authority(
      list: claim.list, serial: claim.serial, key: file.key, recipients: file.recipients,
      ancestors: ancestors, trusted: now.all)
  }

  /// The keys that lead to one: each vouches for the next.
  private func ancestors(of file: DataKeyFile) throws(SealingError) -> Set<Fingerprint> {
    var found: Set<Fingerprint> = [file.key.fingerprint]
    var queue = [file]
    while let next = queue.popLast() {
      for link in next.predecessors
      where !found.contains(link.fingerprint) && files.keys[link.fingerprint] != nil {
        let older: DataKeyFile
        do throws(SealingError) { older = try keyFile(link.fingerprint) } catch {
          guard error.isLackOfKey else { throw error }
          continue
        }
        guard older.key.vouches(link.code, forSuccessor: next.key) else {
          throw SealingError(
            .badKeyFile,
            "data key \(next.key.fingerprint.abbreviated) says that it follows \(link.fingerprint.abbreviated), which does"
              + " not vouch for it",
            hint: "find out who brought it: git log -- mirrored/\(SealingFiles.folder)")
        }
        found.insert(link.fingerprint)
        queue.append(older)
      }
    }
    return found
  }

  /// What is current must follow what was current on this machine before.
  private func check(
    _ claim: RecipientList.Claim, leadingTo trusted: Set<Fingerprint>, against seen: TrustedKeys
  ) throws(SealingError) {
    guard trusted.contains(seen.latest) else {
      throw SealingError(
        .badRecipients,
        "mirrored/\(SealingFiles.recipientsPath) names data key \(claim.current.abbreviated) as the current one, and"
          + " \(seen.latest.abbreviated), which was current on this machine before, does not lead to it; its list:"
          + " \(claim.list.entries.map(\.description).joined(separator: ", "))",
        hint:
          "bring mirrored/\(SealingFiles.folder) back as it was (git log -- mirrored/\(SealingFiles.folder)); if the"
          + " other key is right, ask who made it: lockstep keys trust \(claim.current)")
    }
    guard claim.serial >= seen.serial else {
      throw SealingError(
        .badRecipients,
        "mirrored/\(SealingFiles.recipientsPath) is older (\(claim.serial)) than a list that was in force on this machine"
          + " before (\(seen.serial))",
        hint: "\(SealingFiles.bringBack), with the newer list")
    }
  }

  /// Every other data key must lead to the current one, or be known here: one that does not may be the true one, whose
  /// holders somebody wants to be rid of, whether its file opens here or not.
  private func checkOthers(_ claim: RecipientList.Claim, besides known: Set<Fingerprint>) throws(SealingError)
  {
    guard let stray = files.keys.keys.sorted().first(where: { !known.contains($0) }) else { return }
    throw SealingError(
      .badRecipients,
      "data key \(stray.abbreviated) does not lead to \(claim.current.abbreviated), which"
        + " mirrored/\(SealingFiles.recipientsPath) names as the current one for"
        + " \(claim.list.entries.map(\.description).joined(separator: ", "))",
      hint:
        "find the commit that brought the wrong one (git log --stat -- mirrored/\(SealingFiles.folder)) and revert it"
        + " in the region's own repository; ask a recipient whom you trust which one is right:"
        + " lockstep keys trust FINGERPRINT")
  }

  private func noList(_ seen: TrustedKeys?) -> SealingError {
    guard files.keys.isEmpty, seen == nil else {
      return SealingError(
        .badRecipients,
        "there is no mirrored/\(SealingFiles.recipientsPath) that says which data key is the current one",
        hint: SealingFiles.bringBack)
    }
    return SealingError(
      .noKey, "there is no data key yet to seal secrets with",
      hint: "where this region follows another one, mirror that one first; else: lockstep keys init -C REGION"
    )
  }

  private func notAuthentic(_ claim: RecipientList.Claim, _ file: DataKeyFile) -> SealingError {
    let listed = claim.list.entries.filter { !file.recipients.contains($0.recipient.text) }
    let missing = file.recipients.filter { text in
      !claim.list.entries.contains { $0.recipient.text == text }
    }
    let who =
      (listed.isEmpty ? "" : "; new in it: \(listed.map(\.description).joined(separator: ", "))")
      + (missing.isEmpty ? "" : "; no longer in it: \(missing.joined(separator: ", "))")
    return SealingError(
      .badRecipients,
      "mirrored/\(SealingFiles.recipientsPath) was changed by somebody who does not hold the data key, or by hand\(who)",
      hint: "\(SealingFiles.bringBack); then add whom you trust: lockstep keys recipients --add RECIPIENT")
  }
}
