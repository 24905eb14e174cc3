import Age

/// Making, wrapping and rotating of data keys; nothing here writes a file.
package enum KeyAdministration {
  /// The first data key of a region, wrapped for its recipients.
  package static func found(
    for list: RecipientList
  ) throws(SealingError) -> (key: DataKey, files: SealingFiles) {
    try make(for: list, generation: 1, serial: 1, after: [])
  }

  /// A new data key that older ones vouch for.
  static func make(
    for list: RecipientList, generation: Int, serial: Int, after older: [DataKey]
  ) throws(SealingError) -> (key: DataKey, files: SealingFiles) {
    let key = DataKey.random(generation: generation)
    let file = DataKeyFile(
      key: key, recipients: list.recipients.map(\.text),
      predecessors: older.map { DataKeyFile.Link(from: $0, to: key) })
    var files = SealingFiles()
    files.keys[key.fingerprint] = try file.wrapped(for: list.recipients)
    files.recipients = list.text(serial: serial, vouchedBy: key)
    return (key, files)
  }

  /// What another list of recipients means for those who can open the current data key.
  package struct Difference: Sendable {
    /// Who will be able to open the secrets and is not yet.
    package let new: [RecipientList.Entry]
    /// Recipients who were, and are not in the list.
    package let gone: [String]

    /// Whether nothing differs.
    package var isEmpty: Bool { new.isEmpty && gone.isEmpty }
  }

  /// How a list differs from those for whom the current data key was wrapped last.
  package static func difference(
    of list: RecipientList, in keyring: Keyring
  ) throws(SealingError) -> Difference {
    let known = try keyring.authority().recipients
    return Difference(
      new: list.entries.filter { !known.contains($0.recipient.text) },
      gone: known.filter { text in !list.entries.contains { $0.recipient.text == text } })
  }

  /// The files with every data key that can be opened here wrapped for a list, which the current one vouches for.
  ///
  /// Keys that do not lead to the current one stay as they are.
  /// - Returns: the files, and the keys that could not be opened.
  package static func wrap(
    for list: RecipientList, in keyring: Keyring
  ) throws(SealingError) -> (files: SealingFiles, unopened: [Fingerprint]) {
    let authority = try keyring.authority()
    var files = keyring.files
    var unopened: [Fingerprint] = []
    for fingerprint in files.keys.keys.sorted() where authority.trusted.contains(fingerprint) {
      let file: DataKeyFile
      do throws(SealingError) { file = try keyring.keyFile(fingerprint) } catch {
        guard error.isLackOfKey else { throw error }
        unopened.append(fingerprint)
        continue
      }
      files.keys[fingerprint] = try file.wrapped(for: list.recipients)
    }
    files.recipients = list.text(serial: authority.serial + 1, vouchedBy: authority.key)
    return (files, unopened)
  }

  /// A keyring with a new data key, which is the current one; the old ones stay.
  package static func rotate(_ keyring: Keyring) throws(SealingError) -> (old: Fingerprint, keyring: Keyring)
  {
    let old = try keyring.authority()
    let (key, made) = try make(
      for: old.list, generation: old.key.generation + 1, serial: old.serial + 1, after: [old.key])
    let authority = Authority(
      list: old.list, serial: old.serial + 1, key: key, recipients: old.list.recipients.map(\.text),
      ancestors: old.ancestors.union([key.fingerprint]), trusted: old.trusted.union([key.fingerprint]))
    return (
      old.key.fingerprint,
      Keyring(authority: authority, files: made.adding(keyring.files), identities: keyring.identities)
    )
  }
}
