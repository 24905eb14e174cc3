import LiveAccount
import Sealing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Questions that a person answers at the terminal.
enum Confirmation {
  /// Asks, unless the answer was given already.
  /// - Throws: `SealingError` (`.refused`) where the answer is no, or nobody can be asked.
  static func ask(_ question: String, given: Bool) throws {
    if given { return }
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0, Terminal.isWatched else {
      if terminal >= 0 { close(terminal) }
      throw SealingError(
        .refused, "\(question) Nobody can be asked here; nothing was changed",
        hint: "if that is meant, run the same again with --yes")
    }
    defer { close(terminal) }
    _ = Descriptor.writeAll(Array("\(question) [y/N] ".utf8), to: terminal)
    let text = String(decoding: try TerminalInput.line(from: terminal), as: UTF8.self).lowercased()
    guard text == "y" || text == "yes" else {
      throw SealingError(.refused, "not confirmed; nothing was changed")
    }
  }
}
