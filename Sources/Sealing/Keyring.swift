import Age
import CanonicalJSON
import MediaResources
import Synchronization

/// The data keys of a region, each opened when a value first needs it.
///
/// Any number of threads may use it at once.
package final class Keyring: Sendable {
  /// The files that it opens.
  package let files: SealingFiles
  private let identities: Identities
  private let founder: Founder?
  private let made = Mutex<SealingFiles?>(nil)
  private let opened = Mutex<[Fingerprint: Result<DataKeyFile, SealingError>]>([:])
  private let sealingKey = Mutex<Result<DataKey, SealingError>?>(nil)

  /// Makes the first data key of a region, and its files.
  package typealias Founder = @Sendable () throws(SealingError) -> (key: DataKey, files: SealingFiles)

  /// A founder whose key is never written: for comparing what has never been captured.
  package static let passing: Founder = { () throws(SealingError) in
    (DataKey.random(generation: 1), SealingFiles())
  }

  /// - Parameter founder: asked when a value must be sealed before there is any data key; nil to refuse that.
  package init(files: SealingFiles, identities: Identities, founder: Founder? = nil) {
    self.files = files
    self.identities = identities
    self.founder = founder
  }

  /// A keyring whose current data key is known, whatever the list of recipients says.
  init(current key: DataKey, files: SealingFiles, identities: Identities) {
    self.files = files
    self.identities = identities
    founder = nil
    sealingKey.withLock { $0 = .success(key) }
  }

  /// The files of the first data key, where a value that had to be sealed made it necessary; nobody has written them yet.
  package var founded: SealingFiles? { made.withLock { $0 } }

  // MARK: Keys

  /// A data key by its name.
  /// - Throws: `SealingError`: `.noKey` where there is no such file, else why it does not open.
  package func key(_ fingerprint: Fingerprint) throws(SealingError) -> DataKey {
    if let current = sealingKey.withLock({ try? $0?.get() }), current.fingerprint == fingerprint {
      return current
    }
    return try keyFile(fingerprint).key
  }

  func keyFile(_ fingerprint: Fingerprint) throws(SealingError) -> DataKeyFile {
    try opened.withLock { opened -> Result<DataKeyFile, SealingError> in
      if let known = opened[fingerprint] { return known }
      let result: Result<DataKeyFile, SealingError>
      do throws(SealingError) { result = .success(try open(fingerprint)) } catch { result = .failure(error) }
      opened[fingerprint] = result
      return result
    }.get()
  }

  private func open(_ fingerprint: Fingerprint) throws(SealingError) -> DataKeyFile {
    guard let file = files.keys[fingerprint] else {
      throw SealingError(
        .noKey, "there is no data key \(fingerprint.abbreviated) in mirrored/\(SealingFiles.folder)/",
        hint: "bring its file back: git log --all -- mirrored/\(SealingFiles.path(of: fingerprint))")
    }
    do throws(SealingError) {
      return try DataKeyFile(opening: file, named: fingerprint, with: identities.read())
    } catch {
      throw error.isLackOfKey ? withWayOut(error, fingerprint) : error
    }
  }

  /// Says who has the key, and how to get it.
  private func withWayOut(_ error: SealingError, _ fingerprint: Fingerprint) -> SealingError {
    let holders = ((try? claim())?.list.entries ?? []).map(\.description)
    let own = (try? identities.read())?.identities.first?.recipient.text
    let who =
      holders.isEmpty
      ? "" : "; data key \(fingerprint.abbreviated) is wrapped for \(holders.joined(separator: ", "))"
    let hint =
      own.map { "one of them lets you in: lockstep keys recipients --add \($0); then mirror it here" }
      ?? error.hint
    return SealingError(error.code, error.message + who, hint: hint)
  }

  // MARK: The current key

  /// What the list of recipients says, believed by nobody yet; nil where there is none.
  package func claim() throws(SealingError) -> RecipientList.Claim? {
    guard let bytes = files.recipients else { return nil }
    return try RecipientList.Claim(bytes: bytes)
  }

  /// The data key that values are sealed with.
  /// - Throws: `SealingError`: `.noKey` before the first one was made, `.badRecipients` where the list that names it is
  ///   not authentic or older than the newest key, else why it does not open.
  package func currentKey() throws(SealingError) -> DataKey {
    try sealingKey.withLock { known -> Result<DataKey, SealingError> in
      if let known { return known }
      let result: Result<DataKey, SealingError>
      do throws(SealingError) { result = .success(try findCurrentKey()) } catch { result = .failure(error) }
      known = result
      return result
    }.get()
  }

  private func findCurrentKey() throws(SealingError) -> DataKey {
    guard files.recipients == nil, files.keys.isEmpty, let founder else { return try authenticList().key }
    let first = try founder()
    made.withLock { $0 = first.files }
    return first.key
  }

  /// The list of recipients, vouched for by the current data key.
  package func authenticList() throws(SealingError) -> (list: RecipientList, key: DataKey) {
    guard let claim = try claim() else {
      throw SealingError(
        .noKey,
        files.keys.isEmpty
          ? "there is no data key yet to seal secrets with"
          : "there are data keys, but no mirrored/\(SealingFiles.recipientsPath) that says which one is current",
        hint: files.keys.isEmpty
          ? "lockstep keys init" : "bring it back: git log -- mirrored/\(SealingFiles.recipientsPath)")
    }
    let file = try keyFile(claim.current)
    guard claim.isAuthentic(under: file.key) else { throw notAuthentic(claim, file) }
    if let newer = try newerKey(than: file.key) {
      throw SealingError(
        .badRecipients,
        "mirrored/\(SealingFiles.recipientsPath) is older than data key \(newer.fingerprint.abbreviated): it names"
          + " \(claim.current.abbreviated) as the current one",
        hint:
          "bring back the list that came with the newer key: git log -- mirrored/\(SealingFiles.recipientsPath)"
      )
    }
    return (claim.list, file.key)
  }

  private func notAuthentic(_ claim: RecipientList.Claim, _ file: DataKeyFile) -> SealingError {
    let listed = claim.list.entries.filter { !file.recipients.contains($0.recipient.text) }
    let missing = file.recipients.filter { text in !claim.list.entries.contains { $0.recipient.text == text }
    }
    let who =
      (listed.isEmpty ? "" : "; new in it: \(listed.map(\.description).joined(separator: ", "))")
      + (missing.isEmpty ? "" : "; no longer in it: \(missing.joined(separator: ", "))")
    return SealingError(
      .badRecipients,
      "mirrored/\(SealingFiles.recipientsPath) was changed by somebody who does not hold the data key, or by hand\(who)",
      hint: "bring it back (git log -- mirrored/\(SealingFiles.recipientsPath)), then add whom you trust:"
        + " lockstep keys recipients --add RECIPIENT")
  }

  /// A key of a later generation that can be opened here.
  ///
  /// Not asked of identities that a person must touch or unlock for each file.
  private func newerKey(than key: DataKey) throws(SealingError) -> DataKey? {
    guard try !identities.read().needsProgram else { return nil }
    for fingerprint in files.keys.keys.sorted() where fingerprint != key.fingerprint {
      if let other = try? keyFile(fingerprint).key, other.generation > key.generation { return other }
    }
    return nil
  }
}
