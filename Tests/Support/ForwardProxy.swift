import Foundation

/// A tinyproxy of this machine: what it was asked for stands in its log.
package final class ForwardProxy: Sendable {
  /// Its port on the loopback address.
  package let port: Int
  private let folder: TemporaryFolder
  private let process: ChildProcess

  /// Whether one can be started here.
  package static var isThere: Bool { Program.has("tinyproxy") }

  /// - Parameter credentials: who may ask it; anybody where this is nil.
  package init(credentials: (user: String, password: String)? = nil) throws {
    folder = try TemporaryFolder()
    port = try Loopback.freePort()
    let who = credentials.map { "BasicAuth \($0.user) \($0.password)\n" } ?? ""
    try folder.write(
      """
      Port \(port)
      Listen 127.0.0.1
      Timeout 60
      MaxClients 20
      LogLevel Info
      LogFile "\(folder["log"])"
      \(who)
      """, to: "conf")
    let (process, port) = (try Program.start("tinyproxy", ["-d", "-c", folder["conf"]]), port)
    self.process = process
    guard waitUntil({ !process.isRunning || Loopback.answers(port) }), process.isRunning else {
      process.stop()
      throw Program.Failed(what: "tinyproxy", outcome: try process.outcome())
    }
  }

  deinit { process.stop(SIGKILL) }

  /// The hosts and ports that it was asked to connect to, in order.
  package func asked() throws -> [String] {
    try folder.read("log").split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard let verb = words.lastIndex(of: "CONNECT"), words.indices.contains(verb + 2),
        words[verb + 2].hasPrefix("HTTP/")
      else { return nil }
      return String(words[verb + 1])
    }
  }
}
