import Age
import LiveAccount
import Sealing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Passphrases: typed at the terminal without being shown, or read from a descriptor that was opened for this program.
enum Passphrase {
  /// Asks once.
  static func ask(_ what: String) throws(SealingError) -> [UInt8] {
    if let given = try read(SecretDescriptors.passphrase, named: SecretDescriptors.passphraseVariable) {
      return given
    }
    return try typed("\(what): ")
  }

  /// Asks for a new one, twice.
  static func choose(_ what: String) throws(SealingError) -> [UInt8] {
    var first: [UInt8]
    if let given = try read(SecretDescriptors.newPassphrase, named: SecretDescriptors.newPassphraseVariable) {
      first = given
    } else {
      first = try typed("\(what): ")
      var second = try typed("Again: ")
      defer { wipe(&second) }
      guard first == second else {
        wipe(&first)
        throw SealingError(.refused, "the two passphrases differ; nothing was written")
      }
    }
    guard first.count >= shortest else {
      wipe(&first)
      throw SealingError(
        .refused, "a passphrase has at least \(shortest) bytes; nothing was written",
        hint: "several random words are easy to keep and hard to guess")
    }
    return first
  }

  private static let shortest = 12

  private static func read(_ number: String?, named variable: String) throws(SealingError) -> [UInt8]? {
    guard let number else { return nil }
    guard let descriptor = Int32(number), descriptor >= 0, var bytes = Descriptor.readSecret(descriptor)
    else {
      throw SealingError(
        .badIdentity, "cannot read a passphrase from \(variable)=\(number)",
        hint: "open it for this program: \(variable)=4 lockstep … 4< FILE")
    }
    while bytes.last == UInt8(ascii: "\n") || bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    return bytes
  }

  /// A line from the terminal, not shown.
  private static func typed(_ prompt: String) throws(SealingError) -> [UInt8] {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0 else {
      throw SealingError(
        .badIdentity, "a passphrase is needed, and there is no terminal to ask at",
        hint: "give it on a descriptor: \(SecretDescriptors.passphraseVariable)=4 lockstep … 4< FILE")
    }
    defer { close(terminal) }
    let isHidden = TerminalEcho.switchOff(terminal)
    defer { if isHidden { TerminalEcho.restore() } }
    _ = Descriptor.writeAll(Array(prompt.utf8), to: terminal)
    let line: [UInt8]
    do throws(AccountError) { line = try TerminalInput.line(from: terminal) } catch {
      throw SealingError(.interrupted, error.message)
    }
    _ = Descriptor.writeAll([UInt8(ascii: "\n")], to: terminal)
    return line
  }
}
