import Foundation

/// One nginx on a port of its own, on loopback.
package final class WebServer: Sendable {
  /// The port.
  package let port: Int
  private let process: ChildProcess
  private let files: TemporaryFolder

  /// Whether one can be started here.
  package static var isThere: Bool { Program.has("nginx") }

  /// Serves a folder; it answers when this returns.
  /// - Parameters:
  ///   - locations: more of the server's configuration, such as `location = /health { return 200; }`.
  ///   - port: a port that was free before, or nil for any.
  package init(root: String, locations: String = "", port wanted: Int? = nil) throws {
    let files = try TemporaryFolder()
    let port = try wanted ?? Loopback.freePort()
    self.files = files
    self.port = port
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
      "\($0)_temp_path \(files["temporary"]);"
    }
    try files.write(
      """
      daemon off; master_process off; pid \(files["pid"]); error_log stderr;
      events {}
      http {
        access_log off; \(temporary.joined(separator: " "))
        types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; }
        server { listen 127.0.0.1:\(port); root \(root); \(locations) }
      }
      """, to: "nginx.conf")
    let process = try Program.start(
      "nginx", ["-e", "stderr", "-p", files.path, "-c", files["nginx.conf"]])
    self.process = process
    guard waitUntil(seconds: 20, { !process.isRunning || Loopback.answers(port) }), process.isRunning else {
      throw Program.Failed(
        what: "nginx",
        outcome: Program.Outcome(status: 1, output: "", errors: try process.files.read("errors")))
    }
  }

  deinit { stop() }

  /// The server's address without a path.
  package var address: String { "http://127.0.0.1:\(port)" }

  /// The address of a path.
  package func url(_ path: String) -> String { "\(address)/\(path)" }

  /// Ends it.
  package func stop(_ signal: Int32 = SIGTERM) { process.stop(signal) }
}
