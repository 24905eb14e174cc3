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
    var answer: [UInt8] = []
    var byte: UInt8 = 0
    while answer.count < 64, !Interruption.cancellation.isCancelled {
      let count = read(terminal, &byte, 1)
      if count < 0, errno == EINTR { continue }
      if count <= 0 || byte == UInt8(ascii: "\n") { break }
      answer.append(byte)
    }
    try Interruption.cancellation.check()
    let text = String(decoding: answer, as: UTF8.self).lowercased()
    guard text == "y" || text == "yes" else {
      throw SealingError(.refused, "not confirmed; nothing was changed")
    }
  }
}
