import Foundation

/// One HAProxy with a configuration and a runtime socket of its own.
package final class Balancer: Sendable {
  /// The path of its runtime socket, as the configuration names it.
  package let socket: String
  private let process: ChildProcess

  /// Whether one can be started here.
  package static var isThere: Bool { Program.has("haproxy") }

  /// Starts HAProxy on a configuration; its socket is there when this returns.
  package init(configuration: String, socket: String) throws {
    self.socket = socket
    let process = try Program.start("haproxy", ["-db", "-f", configuration])
    self.process = process
    guard waitUntil(seconds: 20, { !process.isRunning || FileManager.default.fileExists(atPath: socket) }),
      process.isRunning
    else {
      throw Program.Failed(
        what: "haproxy",
        outcome: Program.Outcome(status: 1, output: "", errors: try process.files.read("errors")))
    }
  }

  deinit { stop() }

  /// Ends it, its socket too.
  package func stop(_ signal: Int32 = SIGTERM) {
    process.stop(signal)
    try? FileManager.default.removeItem(atPath: socket)
  }
}
