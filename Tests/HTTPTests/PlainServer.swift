import Foundation
import Support
import Testing

/// A server of Python's that answers well and badly.
final class PlainServer: Sendable {
  let port: Int
  var url: String { "http://127.0.0.1:\(port)" }
  private let child: ChildProcess

  init() throws {
    let script = try #require(Bundle.module.url(forResource: "Server", withExtension: nil)).path
    let child = try Program.start("python3", ["-u", "\(script)/server.py"])
    var port: Int?
    _ = waitUntil {
      let said = (try? child.files.read("output")) ?? ""
      port = said.hasSuffix("\n") ? Int(said.trimmingCharacters(in: .newlines)) : nil
      return port != nil
    }
    self.port = try #require(port)
    self.child = child
  }

  deinit { child.stop(SIGKILL) }
}
