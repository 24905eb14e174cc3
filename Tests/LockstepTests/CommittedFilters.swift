import Foundation
import Support
import Testing

/// Account filters, committed by hand.
extension TwoRegions {
  /// Puts a filter into a region's working tree, canonically, and commits it.
  /// - Parameters:
  ///   - properties: the JSON of its properties.
  ///   - date: when it is made; now where nil.
  func commitFilter(
    _ name: String, _ properties: String, in region: String = "east", message: String, author: String? = nil,
    date: String? = nil
  ) throws {
    let file = "\(region)/mirrored/account-filters/\(name).json"
    try folder.write(#"{"name": "\#(name)", "properties": \#(properties)}"#, to: file)
    try succeed(["fmt", folder[file]])
    try Program.git("add", "-A", in: self[region])
    let outcome = try Program.run(
      "git", ["commit", "--quiet", "-m", message] + (author.map { ["--author", $0] } ?? []),
      in: self[region], environment: date.map { ["GIT_COMMITTER_DATE": $0, "GIT_AUTHOR_DATE": $0] } ?? [:])
    try #require(outcome.status == 0, "\(outcome.errors)")
  }

  /// The same with a bitrate.
  func commitFilter(
    _ name: String, bitrate: Int, in region: String = "east", message: String? = nil, author: String? = nil,
    date: String? = nil
  ) throws {
    try commitFilter(
      name, #"{"firstQuality": {"bitrate": \#(bitrate)}}"#, in: region,
      message: message ?? "Filter \(name) at \(bitrate)", author: author, date: date)
  }
}
