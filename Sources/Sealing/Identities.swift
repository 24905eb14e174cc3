package import Age
import Synchronization

/// The identities of who is at the keyboard; read at most once, and only when a value must be opened.
package final class Identities: Sendable {
  private let source: @Sendable () throws(SealingError) -> IdentityFile
  private let file = Mutex<IdentityFile?>(nil)

  /// Takes what reads them: it may ask for a passphrase.
  package init(_ source: @escaping @Sendable () throws(SealingError) -> IdentityFile) { self.source = source }

  /// The identities.
  /// - Throws: `SealingError` (`.noIdentity`, `.badIdentity`).
  package func read() throws(SealingError) -> IdentityFile {
    let result = file.withLock { file -> Result<IdentityFile, SealingError> in
      if let file { return .success(file) }
      do throws(SealingError) {
        let made = try source()
        file = made
        return .success(made)
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// The recipients that these identities are, to wrap a first data key for.
  /// - Throws: `SealingError` (`.badIdentity`) where only the `age` program knows which recipient it is.
  package func own(label: String) throws(SealingError) -> [RecipientList.Entry] {
    let entries = try read().identities.map { RecipientList.Entry($0.recipient, label: label) }
    guard !entries.isEmpty else {
      throw SealingError(
        .badIdentity, "which recipient this identity is cannot be told from it",
        hint: "name it once: lockstep keys init --recipient RECIPIENT")
    }
    return entries
  }
}
