import Age

/// Making, wrapping and rotating of data keys; nothing here writes a file.
package enum KeyAdministration {
  /// The first data key of a region, wrapped for its recipients.
  package static func found(
    for list: RecipientList, generation: Int = 1
  ) throws(SealingError) -> (key: DataKey, files: SealingFiles) {
    let key = DataKey.random(generation: generation)
    var files = SealingFiles()
    files.keys[key.fingerprint] = try DataKeyFile.wrap(key, for: list.recipients)
    files.recipients = list.text(vouchedBy: key)
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
    let known = try keyring.keyFile(keyring.currentKey().fingerprint).recipients
    return Difference(
      new: list.entries.filter { !known.contains($0.recipient.text) },
      gone: known.filter { text in !list.entries.contains { $0.recipient.text == text } })
  }

  /// The files with every data key that can be opened here wrapped for a list, which the current one vouches for.
  /// - Returns: the files, and the keys that could not be opened and stay as they were.
  package static func wrap(
    for list: RecipientList, in keyring: Keyring
  ) throws(SealingError) -> (files: SealingFiles, unopened: [Fingerprint]) {
    let current = try keyring.currentKey()
    var files = keyring.files
    var unopened: [Fingerprint] = []
    for fingerprint in files.keys.keys.sorted() {
      guard let key = try? keyring.key(fingerprint) else {
        unopened.append(fingerprint)
        continue
      }
      files.keys[fingerprint] = try DataKeyFile.wrap(key, for: list.recipients)
    }
    files.recipients = list.text(vouchedBy: current)
    return (files, unopened)
  }

  /// A keyring with a new data key, which is the current one; the old ones stay.
  package static func rotate(
    _ keyring: Keyring, identities: Identities
  ) throws(SealingError) -> (old: Fingerprint, keyring: Keyring) {
    let (list, old) = try keyring.authenticList()
    let (key, made) = try found(for: list, generation: old.generation + 1)
    let files = made.adding(keyring.files)
    return (old.fingerprint, Keyring(current: key, files: files, identities: identities))
  }
}
