package import Age
import Synchronization

/// The identities of who is at the keyboard; read at most once, and only when a value must be opened.
package final class Identities: Sendable {
  private let source: @Sendable () throws(SealingError) -> IdentityFile
  private let result = Mutex<Result<IdentityFile, SealingError>?>(nil)

  /// Takes what reads them: it may ask for a passphrase.
  package init(_ source: @escaping @Sendable () throws(SealingError) -> IdentityFile) { self.source = source }

  /// The identities.
  /// - Throws: `SealingError` (`.noIdentity`, `.badIdentity`).
  package func read() throws(SealingError) -> IdentityFile {
    // A failure is kept, too: nobody is asked for a passphrase twice.
    try result.withLock { result -> Result<IdentityFile, SealingError> in
      if let result { return result }
      let read: Result<IdentityFile, SealingError>
      do throws(SealingError) { read = .success(try source()) } catch { read = .failure(error) }
      result = read
      return read
    }.get()
  }

  /// The recipients that these identities are, to wrap a first data key for.
  /// - Throws: `SealingError` (`.badIdentity`) where only the `age` program knows which recipient it is.
  package func own(label: String) throws(SealingError) -> [RecipientList.Entry] {
    let entries = try read().identities.map { RecipientList.Entry($0.recipient, label: label) }
    guard !entries.isEmpty else {
      throw SealingError(
        .badIdentity, "which recipient this identity is cannot be told from it",
        hint: "name it once: lockstep keys init -C REGION --recipient RECIPIENT")
    }
    return entries
  }
}
