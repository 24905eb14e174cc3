import Age
import Git
import RegionRepository
import Sealing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where the identity of who is at the keyboard is: a descriptor, a file that the environment names, or
/// `$XDG_CONFIG_HOME/lockstep/identity.txt`; never an argument, which every user of a machine can see.
enum IdentityPlace: CustomStringConvertible {
  /// A descriptor that was opened for this program (`LOCKSTEP_IDENTITY_FD`).
  case descriptor(Int32)
  /// A file.
  case file(String)

  static let fileVariable = "LOCKSTEP_IDENTITY_FILE"

  /// What every command opens values with; read at most once, and only where a value must be opened.
  static let identities = Identities { () throws(SealingError) in try named().read() }

  /// What git's diff driver opens values with: nobody is asked for anything, and no descriptor is read.
  static let quiet = Identities { () throws(SealingError) in
    guard case .file(let path) = try named() else {
      throw SealingError(.noIdentity, "an identity on a descriptor is not read for this")
    }
    return try IdentityPlace.file(path).read(mayAsk: false)
  }

  /// The place that the environment names.
  static func named() throws(SealingError) -> IdentityPlace {
    if let number = SecretDescriptors.identity {
      guard let descriptor = Int32(number), descriptor >= 0 else {
        throw SealingError(
          .badIdentity, "\(SecretDescriptors.identityVariable) is '\(number)' and must be a number")
      }
      return .descriptor(descriptor)
    }
    if let path = Environment.value(fileVariable) { return .file(FilePaths.absolute(path)) }
    guard
      let folder = Environment.value("XDG_CONFIG_HOME") ?? Environment.value("HOME").map({ $0 + "/.config" })
    else {
      throw SealingError(
        .noIdentity, "there is no identity: neither \(fileVariable), XDG_CONFIG_HOME nor HOME is set",
        hint: "name the file: export \(fileVariable)=PATH; lockstep keys init")
    }
    return .file(FilePaths.absolute(folder) + "/lockstep/identity.txt")
  }

  var description: String {
    switch self {
    case .descriptor(let number): "descriptor \(number)"
    case .file(let path): path
    }
  }

  // MARK: Reading

  /// The identities.
  /// - Parameter mayAsk: whether a person is asked for the passphrase of an encrypted file.
  /// - Throws: `SealingError` (`.noIdentity`, `.badIdentity`).
  func read(mayAsk: Bool = true) throws(SealingError) -> IdentityFile {
    var bytes = try contents()
    defer { wipe(&bytes) }
    do {
      guard IdentityFile.isEncrypted(bytes) else { return try IdentityFile(bytes: bytes) }
      guard mayAsk else {
        throw SealingError(
          .noIdentity, "\(self) opens with a passphrase only, and nobody is asked for it here")
      }
      var passphrase = try Passphrase.ask("Passphrase of \(self)")
      defer { wipe(&passphrase) }
      var opened = try Age.decrypt(bytes, passphrase: passphrase)
      defer { wipe(&opened) }
      return try IdentityFile(bytes: opened)
    } catch let error as AgeError {
      throw SealingError(.badIdentity, "\(self): \(error.message)", hint: error.hint)
    } catch let error as SealingError {
      throw error
    } catch {
      throw SealingError(.badIdentity, "\(self): \(error)")
    }
  }

  private func contents() throws(SealingError) -> [UInt8] {
    switch self {
    case .descriptor(let number):
      guard let bytes = Descriptor.readSecret(number) else {
        throw SealingError(
          .badIdentity, "cannot read the identity from \(self): \(String(cString: strerror(errno)))",
          hint: "open it for this program: \(SecretDescriptors.identityVariable)=3 lockstep … 3< FILE")
      }
      return bytes
    case .file(let path):
      let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
      guard descriptor >= 0 else {
        let reason = String(cString: strerror(errno))
        guard errno == ENOENT || errno == ENOTDIR else {
          throw SealingError(.badIdentity, "cannot read the identity \(path): \(reason)")
        }
        throw SealingError(
          .noIdentity, "there is no identity at \(path), and sealed values cannot be opened without one",
          hint: "make one: lockstep keys init; or say where it is: export \(Self.fileVariable)=PATH")
      }
      defer { close(descriptor) }
      try checkPrivate(descriptor, path)
      guard let bytes = Descriptor.readSecret(descriptor) else {
        throw SealingError(
          .badIdentity, "cannot read the identity \(path): \(String(cString: strerror(errno)))")
      }
      return bytes
    }
  }

  private func checkPrivate(_ descriptor: Int32, _ path: String) throws(SealingError) {
    var info = stat()
    guard fstat(descriptor, &info) == 0 else {
      throw SealingError(
        .badIdentity, "cannot look at the identity \(path): \(String(cString: strerror(errno)))")
    }
    guard info.st_mode & S_IFMT == S_IFREG else {
      throw SealingError(.badIdentity, "the identity \(path) is no file")
    }
    guard info.st_uid == geteuid() || info.st_uid == 0 else {
      throw SealingError(
        .badIdentity, "the identity \(path) belongs to somebody else",
        hint: "use one of your own: lockstep keys init")
    }
    guard info.st_mode & 0o077 == 0 else {
      throw SealingError(
        .badIdentity, "the identity \(path) can be read by others than its owner",
        hint: "chmod 600 \(ShellWord.quoted(path))"
      )
    }
  }

  // MARK: Making

  /// Makes an identity where there is none yet.
  /// - Returns: the recipient that it is, or nil where there is one already.
  /// - Throws: `SealingError` where the file cannot be written.
  func makeIfMissing() throws -> Recipient? {
    guard case .file(let path) = self, access(path, F_OK) != 0 else { return nil }
    let identity = Identity.generate()
    if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
      try FilePaths.makeFolders(String(path[..<slash]), mode: 0o700)
    }
    try SecretFile.write(identity, to: path, encryptedWith: nil)
    return identity.recipient
  }
}
