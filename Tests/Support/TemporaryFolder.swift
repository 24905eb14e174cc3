import Foundation

/// A fresh folder for one test, removed with everything in it when the test lets go of it.
package final class TemporaryFolder: Sendable {
  /// The folder's path.
  package let path: String

  package init(in parent: String = NSTemporaryDirectory()) throws {
    let template = URL(fileURLWithPath: parent).appendingPathComponent("lockstep-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: template, withIntermediateDirectories: true)
    path = template.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// A path in the folder.
  package subscript(name: String) -> String { "\(path)/\(name)" }

  /// Writes a file, and makes the folders above it.
  package func write(_ text: String, to name: String) throws {
    let url = URL(fileURLWithPath: self[name])
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// A file's text.
  package func read(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: URL(fileURLWithPath: self[name])), as: UTF8.self)
  }

  /// Whether something stands under a name.
  package func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: self[name]) }
}
