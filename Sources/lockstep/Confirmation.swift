import LiveAccount
import Sealing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Questions that a person answers at the terminal.
enum Confirmation {
  /// Asks for a name to be typed.
  /// - Throws: `SealingError` (`.refused`) where another one is typed, or nobody can be asked.
  static func typed(_ name: String, because reason: String) throws {
    let text = try answer(
      "\(reason) Type \(name) to go on:",
      hint: "if that is meant, run the same again with --yes --accept-loss N")
    guard text == name else { throw SealingError(.refused, "not confirmed; nothing was changed") }
  }

  /// Asks, unless the answer was given already.
  /// - Parameter state: how things stand where the answer is not yes.
  /// - Throws: `SealingError` (`.refused`) where the answer is no, or nobody can be asked.
  static func ask(_ question: String, given: Bool, otherwise state: String = unchanged) throws {
    if given { return }
    let text = try answer(
      "\(question) [y/N]", otherwise: state, hint: "if that is meant, run the same again with --yes"
    ).lowercased()
    guard text == "y" || text == "yes" else {
      throw SealingError(.refused, "not confirmed; \(state)")
    }
  }

  private static let unchanged = "nothing was changed"

  private static func answer(
    _ question: String, otherwise state: String = unchanged, hint: String
  ) throws -> String {
    let terminal = open("/dev/tty", O_RDWR | O_CLOEXEC)
    guard terminal >= 0, Terminal.isWatched else {
      if terminal >= 0 { close(terminal) }
      throw SealingError(
        .refused, "\(question) Nobody can be asked here; \(state)",
        hint: hint)
    }
    defer { close(terminal) }
    _ = Descriptor.writeAll(Array("\(question) ".utf8), to: terminal)
    return String(decoding: try TerminalInput.line(from: terminal), as: UTF8.self)
  }
}
