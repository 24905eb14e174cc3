import Foundation
import Support
import Testing

/// Streaming endpoints: captured, planned, applied and told of like every kind, and each region's own.
@Suite struct StreamingEndpointTests {
  private static let file = "local/streaming-endpoints/default.json"
  private static let key = "dmFsdWUtb2YtYW4tYWthbWFpLWtleQ=="

  private let regions: TwoRegions

  init() throws {
    regions = try TwoRegions()
    try regions.publish()
    try regions.mirrorAndApply()
  }

  /// Gives east's account an endpoint, as the service shows it.
  private func endpoint(_ name: String = "default", _ members: String = "", scaleUnits: Int = 1) throws {
    try regions.folder.write(
      """
      {"location": "West US 2", "name": "\(name)", "sku": {"name": "Premium", "capacity": 1}, "properties":
      {"accessControl": {"akamai": {"akamaiSignatureHeaderAuthenticationKeyList": [{"identifier": "k1",
      "base64Key": "\(Self.key)", "expiration": "2030-01-01T00:00:00Z"}]}}, "cdnEnabled": false,
      "customHostNames": [], "hostName": "x.example.com", "resourceState": "Running", \(members)
      "scaleUnits": \(scaleUnits)}}
      """, to: "east-account/account/streaming-endpoints/\(name).json")
  }

  /// Edits the default endpoint in east's working tree, and commits that.
  private func edit(_ old: String, _ new: String) throws {
    let file = Self.file
    let text = try regions.folder.read("east/\(file)")
    try #require(text.contains(old), "\(text)")
    try regions.folder.write(text.replacingOccurrences(of: old, with: new), to: "east/\(file)")
    try Program.git("commit", "--quiet", "-a", "-m", "Change \(file)", in: regions["east"])
  }

  private func capture() throws { try regions.succeed(["capture", "-C", regions["east"]]) }

  @Test func `an endpoint is captured under local, its keys sealed, and never mirrored`() throws {
    let before = try regions.mirroredTree("west")
    try endpoint()
    try capture()
    let text = try regions.folder.read("east/\(Self.file)")
    #expect(text.contains("\"sealed:") && text.contains("West US 2"), "\(text)")
    for word in [Self.key, "resourceState", "hostName", "sku", "customHostNames"] {
      #expect(!text.contains(word), "\(word)")
    }
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 0)
    #expect(try regions.succeed(["capture", "-C", regions["east"]]).isEmpty)
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    #expect(!regions.folder.has("west/\(Self.file)"))
    #expect(try regions.mirroredTree("west") == regions.mirroredTree("east"))
    // The data key came with it, and nothing else.
    let changed = try Program.git("diff", "--name-only", before, "HEAD:mirrored", in: regions["west"])
    #expect(changed.split(separator: "\n").allSatisfy { $0.hasPrefix("sealing/") }, "\(changed)")
    let shown = try regions.succeed(["show", regions["east"], "streaming-endpoint/default"])
    #expect(shown.contains("<secret>") && !shown.contains(Self.key))
    let opened = try regions.succeed(["show", regions["east"], "streaming-endpoint/default", "--reveal"])
    #expect(opened.contains(Self.key))
    let log = try regions.succeed(["log", "streaming-endpoint/default", "-C", regions["east"]])
    #expect(log.contains("streaming-endpoint/default") && !log.contains(Self.key), "\(log)")
    let blame = try regions.succeed(["blame", "streaming-endpoint/default", "-C", regions["east"]])
    #expect(blame.contains("scaleUnits"), "\(blame)")
  }

  @Test func `what changes in the account is drift`() throws {
    try endpoint()
    try endpoint("second")
    try capture()
    try endpoint("second", "\"maxCacheAge\": 60,")
    let drift = try regions.run(["drift", "-C", regions["east"]])
    #expect(drift.status == 2 && drift.output.contains("streaming-endpoint/second"), "\(drift.output)")
    let status = try regions.run(["status", "-C", regions["east"]])
    #expect(status.status == 2, "\(status.output)")
  }

  @Test func `a change of the branch is planned, shown and applied, and the key arrives in clear`() throws {
    try endpoint()
    try endpoint("second")
    try capture()
    try edit("\"scaleUnits\"", "\"maxCacheAge\": 90,\n    \"scaleUnits\"")
    let diff = try regions.succeed(["diff", "--text", "-C", regions["east"]])
    #expect(diff.contains("streaming-endpoint/default") && diff.contains("maxCacheAge"), "\(diff)")
    let plan = try regions.run(["plan", "-C", regions["east"]])
    #expect(
      plan.status == 2 && plan.output.contains("0 to create, 1 to replace, 0 to delete"), "\(plan.output)")
    try Program.git("rm", "--quiet", "local/streaming-endpoints/second.json", in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Take the second endpoint away", in: regions["east"])
    try regions.succeed(["apply", "-C", regions["east"]])
    let applied = try regions.folder.read("east-account/account/streaming-endpoints/default.json")
    #expect(applied.contains("\"maxCacheAge\": 90") && applied.contains(Self.key), "\(applied)")
    #expect(!regions.folder.has("east-account/account/streaming-endpoints/second.json"))
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 0)
    #expect(try regions.succeed(["capture", "-C", regions["east"]]).isEmpty)
  }

  @Test func `a change of an endpoint goes back by git revert, which a rollback says`() throws {
    try endpoint()
    try capture()
    try endpoint("default", "\"maxCacheAge\": 60,")
    try capture()
    let refused = try regions.run(["rollback", "HEAD", "-C", regions["east"]])
    #expect(refused.status == 4 && refused.errors.contains("revert COMMIT"), "\(refused.errors)")
    try Program.git("revert", "--no-edit", "HEAD", in: regions["east"])
    try regions.succeed(["apply", "-C", regions["east"]])
    let applied = try regions.folder.read("east-account/account/streaming-endpoints/default.json")
    #expect(!applied.contains("maxCacheAge") && applied.contains(Self.key), "\(applied)")
    #expect(try regions.run(["drift", "-C", regions["east"]]).status == 0)
  }

  @Test func `what no service can do with an endpoint is held back`() throws {
    try endpoint()
    try capture()
    for (old, new, words) in [
      ("\"scaleUnits\": 1", "\"scaleUnits\": 2", "scale"), ("West US 2", "West US 3", "location"),
    ] {
      try edit(old, new)
      let outcome = try regions.run(["plan", "-C", regions["east"]])
      #expect(outcome.status == 2 && outcome.errors.contains(words), "\(outcome.errors)")
      #expect(outcome.output.contains("Plan: 0 to create, 0 to replace, 0 to delete. 1 held back."))
      try Program.git("reset", "--quiet", "--hard", "HEAD~1", in: regions["east"])
    }
    // Another spelling is no other location.
    try edit("West US 2", "westus2")
    #expect(try regions.run(["plan", "-C", regions["east"]]).status == 0)
    try Program.git("rm", "--quiet", Self.file, in: regions["east"])
    try Program.git("commit", "--quiet", "-m", "Take the default endpoint away", in: regions["east"])
    let outcome = try regions.run(["apply", "-C", regions["east"]])
    #expect(outcome.status == 4 && outcome.errors.contains("cannot be taken away"), "\(outcome.errors)")
    #expect(regions.folder.has("east-account/account/streaming-endpoints/default.json"))
  }

  @Test func `changes on both sides come together, or are a conflict that writes nothing`() throws {
    try endpoint()
    try endpoint("second")
    try capture()
    try edit("\"scaleUnits\"", "\"maxCacheAge\": 90,\n    \"scaleUnits\"")
    try endpoint("second", "\"maxCacheAge\": 60,")
    try capture()
    #expect(try regions.folder.read("east/\(Self.file)").contains("\"maxCacheAge\": 90"))
    #expect(
      try regions.folder.read("east/local/streaming-endpoints/second.json").contains("\"maxCacheAge\": 60"))
    try endpoint("default", "\"maxCacheAge\": 30,")
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    let outcome = try regions.run(["capture", "-C", regions["east"]])
    #expect(outcome.status == 4 && outcome.errors.contains(Self.file), "\(outcome.status) \(outcome.errors)")
    #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
  }

  @Test func `a rotation seals the keys of endpoints anew`() throws {
    try endpoint()
    try capture()
    let before = try regions.folder.read("east/\(Self.file)")
    try regions.succeed(["keys", "rotate", "-C", regions["east"]])
    let after = try regions.folder.read("east/\(Self.file)")
    #expect(before != after && after.contains("\"sealed:"))
    #expect(try regions.run(["plan", "-C", regions["east"]]).status == 0)
    let opened = try regions.succeed(["show", regions["east"], "streaming-endpoint/default", "--reveal"])
    #expect(opened.contains(Self.key))
  }
}
