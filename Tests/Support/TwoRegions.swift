import Foundation

/// Two folder regions on this machine, driven through the built program as a person would.
package struct TwoRegions: Sendable {
  /// The folder that holds everything.
  package let folder: TemporaryFolder

  /// Makes east and west.
  package init(bare: Bool = false, in parent: String = NSTemporaryDirectory()) throws {
    folder = try TemporaryFolder(in: parent)
    for region in ["east", "west"] {
      try succeed(
        [
          "init", folder[region], "--region", region, "--account", "folder:\(folder[region])-account",
          "--user",
          "Tess Ter <tess@example.com>",
        ] + (bare ? ["--bare"] : []))
    }
  }

  /// The path of a region's repository.
  package subscript(region: String) -> String { folder[region] }

  /// Runs `lockstep`.
  @discardableResult
  package func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Program.Outcome {
    try Program.run(Program.lockstep, arguments, in: folder.path, environment: environment)
  }

  /// Runs `lockstep`, which must succeed.
  @discardableResult
  package func succeed(_ arguments: [String]) throws -> String {
    let outcome = try run(arguments)
    guard outcome.status == 0 else {
      throw Program.Failed(what: "lockstep \(arguments.joined(separator: " "))", outcome: outcome)
    }
    return outcome.output
  }

  /// Puts a file into the film that `publish` takes.
  package func film(
    _ name: String = "film", _ files: [String: String] = ["a.mp4": "one", "sub/b.mp4": "two"]
  ) throws {
    for (path, text) in files { try folder.write(text, to: "\(name)/\(path)") }
  }

  /// Publishes a film without encryption in east.
  package func publish(_ asset: String = "film", region: String = "east") throws {
    if !folder.has(asset) { try film(asset) }
    try succeed(["publish", folder[asset], "-C", self[region], "--asset", asset])
  }

  /// A content key for `--content-key`, its value in a file.
  package func contentKey(id: String, value: String) throws -> String {
    let file = "key-\(UUID().uuidString).txt"
    try folder.write(value, to: file)
    return "id=\(id),value=@\(folder[file])"
  }

  /// Puts the content key policy `tokens` into east's account, which demands a token.
  package func restrictKeysByTokens() throws {
    try folder.write(
      """
      {"name":"tokens","properties":{"options":[{"configuration":
      {"@odata.type":"#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"},"name":"token","restriction":
      {"@odata.type":"#Microsoft.Media.ContentKeyPolicyTokenRestriction","audience":"a","issuer":"i",
      "primaryVerificationKey":{"@odata.type":"#Microsoft.Media.ContentKeyPolicySymmetricTokenKey","keyValue":"AAAA"},
      "restrictionTokenType":"Jwt"}}]}}
      """, to: "east-account/account/content-key-policies/tokens.json")
  }

  /// Mirrors east to west, and applies there.
  package func mirrorAndApply() throws {
    try succeed(["mirror", self["east"], self["west"]])
    try succeed(["apply", "-C", self["west"]])
  }

  /// The id of a region's `mirrored/` tree.
  package func mirroredTree(_ region: String) throws -> String {
    try Program.git("rev-parse", "HEAD:mirrored", in: self[region])
  }

  /// The locator id of a locator, as the region shows it.
  package func locatorID(_ locator: String, in region: String) throws -> String {
    let text = try succeed(["show", self[region], "locator/\(locator)"])
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
    return (object?["properties"] as? [String: Any])?["streamingLocatorId"] as? String ?? ""
  }
}
