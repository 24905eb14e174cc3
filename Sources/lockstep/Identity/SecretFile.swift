import Age
import RegionRepository
import Sealing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Writing of files that hold an identity: new ones only, and for their owner only.
enum SecretFile {
  /// Writes an identity, in clear or under a passphrase.
  ///
  /// A file that is there is never replaced.
  /// - Throws: `SealingError` with the system's reason.
  static func write(_ identity: Identity, to path: String, encryptedWith passphrase: [UInt8]?)
    throws(SealingError)
  {
    var text = Array(
      "# The identity of lockstep on this machine: keep it secret, and keep a copy of it.\n".utf8)
    text.reserveCapacity(text.count + 512)
    text += Array("# public key: \(identity.recipient.text)\n\(identity.reveal())\n".utf8)
    defer { wipe(&text) }
    var bytes = text
    if let passphrase {
      wipe(&bytes)
      do { bytes = try Age.encrypt(text, passphrase: passphrase) } catch {
        throw SealingError(.refused, error.message, hint: error.hint)
      }
    }
    defer { wipe(&bytes) }
    // Written aside and linked into place: a crash leaves no half of it, and no file is ever replaced.
    let temporary = "\(path).\(getpid()).tmp"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw problem("write", path) }
    defer {
      close(descriptor)
      unlink(temporary)
    }
    guard Descriptor.writeAll(bytes, to: descriptor), fsync(descriptor) == 0, link(temporary, path) == 0
    else {
      throw problem("write", path)
    }
    if let slash = path.lastIndex(of: "/") { FilePaths.syncFolder(String(path[..<slash])) }
  }

  private static func problem(_ what: String, _ path: String) -> SealingError {
    let number = errno
    return SealingError(
      .refused, "cannot \(what) \(path): \(String(cString: strerror(number)))",
      hint: number == EEXIST ? "something stands there already: name a new file, or move it away" : nil)
  }
}
