import Foundation
import Support
import Testing

/// Region east with its hooks, and a clone from which a person pushes.
struct PushedRegion {
  let regions: TwoRegions
  let folder: TemporaryFolder
  let clone: String
  let east: String

  /// Publishes a film in east, with a content key policy whose secret is sealed.
  init(installing: Bool = true, in parent: String = NSTemporaryDirectory()) throws {
    regions = try TwoRegions(in: parent)
    folder = regions.folder
    east = regions["east"]
    clone = folder["clone"]
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", east])
    try regions.publish()
    if installing { try regions.succeed(["hooks", "install", "-C", east]) }
    try Program.git("clone", "--quiet", east, clone, in: "/")
  }

  // MARK: Documents

  /// The path of a locator's or an asset's document.
  func path(_ kind: String, _ name: String) throws -> String {
    let digest = try Program.run("sha256sum", [], input: name).output
    return "mirrored/\(kind)/\(digest.prefix(2))/\(digest.dropFirst(2).prefix(2))/\(name).json"
  }

  /// A text in canonical form.
  func canonical(_ text: String) throws -> String {
    try Program.run(Program.lockstep, ["fmt"], input: text).output
  }

  /// Writes a document of the clone canonically.
  func write(_ file: String, _ text: String) throws {
    try folder.write(canonical(text), to: "clone/\(file)")
  }

  /// Writes a filter, the plainest resource.
  func filter(_ name: String, _ properties: String = "{}") throws {
    try write("mirrored/account-filters/\(name).json", #"{"name":"\#(name)","properties":\#(properties)}"#)
  }

  /// Writes a locator of an asset.
  func locator(
    _ name: String, id: Int, asset: String = "film", _ more: String = ""
  ) throws {
    let guid = String(format: "00000000-0000-4000-8000-%012d", id)
    try write(
      path("streaming-locators", name),
      #"{"name":"\#(name)","properties":{"assetName":"\#(asset)","streamingLocatorId":"\#(guid)","#
        + #""streamingPolicyName":"Predefined_ClearStreamingOnly"\#(more)}}"#)
  }

  func read(_ file: String) throws -> String { try folder.read("clone/\(file)") }

  func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: "\(clone)/\(file)") }

  // MARK: Commits

  @discardableResult
  func git(_ arguments: String..., input: String? = nil) throws -> String {
    let outcome = try Program.run("git", arguments, in: clone, input: input)
    guard outcome.status == 0 else { throw Program.Failed(what: "git \(arguments)", outcome: outcome) }
    return outcome.output.trimmingCharacters(in: .newlines)
  }

  /// Commits all of the clone's working tree.
  func commit(_ message: String = "By hand", _ options: String...) throws {
    try git("add", "-A")
    let outcome = try Program.run(
      "git", ["commit", "--quiet", "-m", message] + options, in: clone)
    guard outcome.status == 0 else { throw Program.Failed(what: "git commit", outcome: outcome) }
  }

  func push(_ arguments: String...) throws -> Program.Outcome {
    try Program.run("git", ["push", "origin"] + (arguments.isEmpty ? ["HEAD"] : arguments), in: clone)
  }

  /// Pushes the clone, which must be accepted.
  func accept(
    _ arguments: String..., location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try Program.run(
      "git", ["push", "origin"] + (arguments.isEmpty ? ["HEAD"] : arguments), in: clone)
    #expect(outcome.status == 0, "\(outcome.errors)", sourceLocation: location)
  }

  /// Pushes the clone, which must be refused by one rule with some words; then takes everything back.
  func refuse(
    _ rule: String, _ words: String..., pushing arguments: [String] = ["HEAD"], keeping: Bool = false,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let head = try Program.git("rev-parse", "HEAD", in: east)
    let outcome = try Program.run("git", ["push", "origin"] + arguments, in: clone)
    #expect(outcome.status != 0, "it was accepted", sourceLocation: location)
    let lines = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("remote: refused: ") }
    #expect(!lines.isEmpty, "\(outcome.errors)", sourceLocation: location)
    for line in lines {
      #expect(line.contains("(\(rule)"), "\(line)", sourceLocation: location)
      #expect(line.contains("to mend it: "), "\(line)", sourceLocation: location)
    }
    for word in words {
      #expect(outcome.errors.contains(word), "\(word): \(outcome.errors)", sourceLocation: location)
    }
    #expect(try Program.git("rev-parse", "HEAD", in: east) == head, sourceLocation: location)
    if !keeping { try restore() }
  }

  /// Brings the clone to where east is.
  func restore() throws {
    try git("fetch", "--quiet", "origin")
    try git("checkout", "--quiet", "--force", "main")
    try git("reset", "--quiet", "--hard", "origin/main")
    try git("clean", "-fdq")
  }
}
