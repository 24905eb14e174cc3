import Foundation

/// Storage on loopback that knows no digest of its files, and that can be slow: a folder, served by rclone.
package final class WebDAVStorage {
  /// Where it is.
  package let url: String
  private let server: ChildProcess

  /// - Parameter rate: how many bytes a second it takes and gives, in rclone's words, such as `1M`.
  package init(_ folder: String, rate: String = "off") throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let server = try Program.start(
      "rclone",
      ["serve", "webdav", "--config", "/dev/null", "--addr", "127.0.0.1:0", "--bwlimit", rate, folder])
    func said() -> String { (try? server.files.read("errors")) ?? "" }
    _ = waitUntil { said().contains("started on") || !server.isRunning }
    guard let start = said().range(of: "http://"),
      let end = said()[start.upperBound...].firstIndex(where: { $0 == "/" || $0.isWhitespace })
    else {
      throw Program.Failed(
        what: "rclone serve webdav", outcome: .init(status: server.stop(), output: "", errors: said()))
    }
    url = String(said()[start.lowerBound..<end])
    self.server = server
  }

  deinit { server.stop() }
}
