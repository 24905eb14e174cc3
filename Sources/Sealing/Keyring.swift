import Age
import MediaResources
import Synchronization

/// The data keys of a region, each opened when a value first needs it.
///
/// Any number of threads may use it at once.
package final class Keyring: Sendable {
  /// The files that it opens.
  package let files: SealingFiles
  let identities: Identities
  let trust: TrustStore
  private let founder: Founder?
  private let made = Mutex<SealingFiles?>(nil)
  private let opened = Mutex<[Fingerprint: Result<DataKeyFile, SealingError>]>([:])
  private let known = Mutex<Result<Authority, SealingError>?>(nil)

  /// Makes the first data key of a region, and its files.
  package typealias Founder = @Sendable () throws(SealingError) -> (key: DataKey, files: SealingFiles)

  /// A founder whose key is never written: for comparing what has never been captured.
  package static let passing: Founder = { () throws(SealingError) in
    (DataKey.random(generation: 1), SealingFiles())
  }

  /// - Parameters:
  ///   - trust: what this machine has seen of these keys.
  ///   - founder: asked when a value must be sealed before there is any data key; nil to refuse that.
  package init(
    files: SealingFiles, identities: Identities, trust: TrustStore, founder: Founder? = nil
  ) {
    self.files = files
    self.identities = identities
    self.trust = trust
    self.founder = founder
  }

  /// A keyring in which it is known who decides.
  init(authority: Authority, files: SealingFiles, identities: Identities) {
    self.files = files
    self.identities = identities
    trust = .none
    founder = nil
    known.withLock { $0 = .success(authority) }
  }

  /// The files of the first data key, where a value that had to be sealed made it necessary; nobody has written them yet.
  package var founded: SealingFiles? { made.withLock { $0 } }

  // MARK: Keys

  /// The data key that values are sealed with.
  /// - Throws: `SealingError`: `.noKey` before the first one was made, `.badRecipients` where the list that names it is
  ///   not authentic or older than what this machine has seen, else why it does not open.
  package func currentKey() throws(SealingError) -> DataKey { try authority(founding: true).key }

  /// The list of recipients, vouched for by the current data key.
  package func authenticList() throws(SealingError) -> (list: RecipientList, key: DataKey) {
    let authority = try authority()
    return (authority.list, authority.key)
  }

  /// A data key by its name.
  /// - Throws: `SealingError`: `.noKey` where there is no such file, `.badRecipients` where nothing leads from it to the
  ///   current one, else why it does not open.
  package func key(_ fingerprint: Fingerprint) throws(SealingError) -> DataKey {
    if let authority = known.withLock({ try? $0?.get() }), authority.key.fingerprint == fingerprint {
      return authority.key
    }
    guard files.keys[fingerprint] != nil else { throw missing(fingerprint) }
    let authority = try authority()
    guard authority.trusted.contains(fingerprint) else {
      throw SealingError(
        .badRecipients,
        "data key \(fingerprint.abbreviated) leads to nothing that this fleet's current data key vouches for",
        hint: "find out who brought it: git log -- mirrored/\(SealingFiles.path(of: fingerprint))")
    }
    return try keyFile(fingerprint).key
  }

  /// Who decides, found out once.
  func authority(founding: Bool = false) throws(SealingError) -> Authority {
    try known.withLock { known -> Result<Authority, SealingError> in
      if let known { return known }
      if founding, files == SealingFiles(), let founder {
        let result = found(by: founder)
        known = result
        return result
      }
      let result: Result<Authority, SealingError>
      do throws(SealingError) { result = .success(try findAuthority()) } catch { result = .failure(error) }
      known = result
      return result
    }.get()
  }

  private func found(by founder: Founder) -> Result<Authority, SealingError> {
    do throws(SealingError) {
      guard try trust.load() == nil else {
        throw SealingError(
          .badRecipients,
          "the data keys that this machine knows of have gone from mirrored/\(SealingFiles.folder)/",
          hint: SealingFiles.bringBack)
      }
      let (key, files) = try founder()
      made.withLock { $0 = files }
      return .success(
        Authority(
          list: try RecipientList([]), serial: 0, key: key, recipients: [], ancestors: [key.fingerprint],
          trusted: [key.fingerprint]))
    } catch { return .failure(error) }
  }

  /// The file of a data key, opened at most once, whoever vouches for it.
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
    guard let file = files.keys[fingerprint] else { throw missing(fingerprint) }
    do throws(SealingError) {
      return try DataKeyFile(opening: file, named: fingerprint, with: identities.read())
    } catch {
      throw error.isLackOfKey ? withWayOut(error, fingerprint) : error
    }
  }

  private func missing(_ fingerprint: Fingerprint) -> SealingError {
    SealingError(
      .noKey, "there is no data key \(fingerprint.abbreviated) in mirrored/\(SealingFiles.folder)/",
      hint: SealingFiles.bringBack)
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
}
