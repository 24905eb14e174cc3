import Foundation

/// A player that plays a film under AES-128 over and over, and notes of each round how it went.
package final class Player: Sendable {
  /// One time that the film was played from its playlist to its last segment.
  package struct Round: Sendable {
    /// When it began, in seconds since 1970.
    package let begin: Double
    /// When it ended.
    package let end: Double
    /// The SHA-256 of what was decrypted; nil where it did not play.
    package let film: String?
    /// The round's line.
    package let line: String
  }

  private let process: ChildProcess

  /// Whether one can be started here.
  package static var isThere: Bool { Program.has("python3", "openssl") }

  /// Begins to play.
  package init(_ url: String) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    process = try Program.start(
      "python3", [root.appendingPathComponent("Referees/player.py").path, url])
  }

  deinit { process.stop(SIGKILL) }

  /// The rounds so far.
  package var rounds: [Round] {
    get throws {
      // The last line may be half of one.
      try process.files.read("output").split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        .compactMap { line in
          let words = line.split(separator: " ")
          guard words.count > 2, let begin = Double(words[0]), let end = Double(words[1]) else { return nil }
          return Round(
            begin: begin, end: end, film: words[2] == "-" ? nil : String(words[2]), line: String(line))
        }
    }
  }

  /// Waits until it has played the film so many times more.
  package func waitForRounds(_ count: Int) throws -> Bool {
    let before = try rounds.count { $0.film != nil }
    return try waitUntil { try rounds.count { $0.film != nil } >= before + count }
  }

  /// The longest time in seconds, of those that ended after a moment, from one round that played to the next one that did.
  package func longestGap(after moment: Double) throws -> Double {
    let good = try rounds.filter { $0.film != nil }
    return zip(good, good.dropFirst()).filter { $1.end > moment }.map { $1.end - $0.end }.max() ?? .infinity
  }
}
