#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The descriptors on which secrets come in, taken from the environment before anything else is done.
///
/// No program that this one starts inherits them, nor finds out about them.
enum SecretDescriptors {
  static let identityVariable = "LOCKSTEP_IDENTITY_FD"
  static let passphraseVariable = "LOCKSTEP_PASSPHRASE_FD"
  static let newPassphraseVariable = "LOCKSTEP_NEW_PASSPHRASE_FD"

  /// What the environment says of each, where it says something.
  static let identity = take(identityVariable)
  static let passphrase = take(passphraseVariable)
  static let newPassphrase = take(newPassphraseVariable)

  /// Takes them all; called first thing.
  static func protect() { _ = (identity, passphrase, newPassphrase) }

  private static func take(_ name: String) -> String? {
    guard let text = Environment.value(name) else { return nil }
    unsetenv(name)
    if let descriptor = Int32(text), descriptor >= 0 {
      let flags = fcntl(descriptor, F_GETFD)
      if flags >= 0 { _ = fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC) }
    }
    return text
  }
}
