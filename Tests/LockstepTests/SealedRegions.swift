import Foundation
import Support
import Testing

/// Regions with secrets, and people with identities of their own.
extension TwoRegions {
  /// Makes an identity of its own for a person.
  /// - Returns: the environment that names it, and the recipient that it is.
  func person(_ name: String) throws -> (environment: [String: String], recipient: String) {
    let environment = ["LOCKSTEP_IDENTITY_FILE": folder["\(name).txt"]]
    let elsewhere = folder["elsewhere"]
    try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
    let outcome = try Program.run(
      Program.lockstep, ["keys", "init"], in: elsewhere, environment: environment)
    guard outcome.status == 0 else { throw Program.Failed(what: "lockstep keys init", outcome: outcome) }
    return (environment, outcome.output.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  /// Puts a content key policy whose tokens are checked with a symmetric key into a region's account.
  func tokens(_ name: String = "tokens", secret: String, in region: String = "east") throws {
    try folder.write(
      """
      {"name":"\(name)","properties":{"options":[{"configuration":
      {"@odata.type":"#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"},"name":"token","restriction":
      {"@odata.type":"#Microsoft.Media.ContentKeyPolicyTokenRestriction","audience":"a","issuer":"i",
      "primaryVerificationKey":{"@odata.type":"#Microsoft.Media.ContentKeyPolicySymmetricTokenKey",
      "keyValue":"\(secret)"},"restrictionTokenType":"Jwt"}}]}}
      """, to: "\(region)-account/account/content-key-policies/\(name).json")
  }

  /// The sealed value of such a policy, as the newest commit has it.
  func sealedValue(_ name: String = "tokens", in region: String = "east") throws -> String {
    let text = try Program.git("show", "HEAD:mirrored/content-key-policies/\(name).json", in: self[region])
    return text.components(separatedBy: "\"").first { $0.hasPrefix("sealed:") } ?? ""
  }

  /// The fingerprint of the data key that the newest commit says is current.
  func currentKey(in region: String = "east") throws -> String {
    let list = try Program.git("show", "HEAD:mirrored/sealing/recipients.txt", in: self[region])
    return list.components(separatedBy: "# mac ").last?.components(separatedBy: " ").first ?? ""
  }

  /// What `keys reveal` prints of such a policy.
  func reveal(
    _ name: String = "tokens", in region: String = "east", as environment: [String: String] = [:]
  ) throws -> Program.Outcome {
    try run(
      [
        "keys", "reveal", "content-key-policy/\(name)",
        "/properties/options/0/restriction/primaryVerificationKey/keyValue", "-C", self[region],
      ], environment: environment)
  }

  /// Runs `lockstep`, which must be refused with one error that holds some words.
  func refuse(
    _ arguments: [String], status: Int32, as environment: [String: String] = [:], _ words: String...,
    location: SourceLocation = #_sourceLocation
  ) throws {
    let outcome = try run(arguments, environment: environment)
    #expect(outcome.status == status, "\(outcome.output)\(outcome.errors)", sourceLocation: location)
    let errors = outcome.errors.split(separator: "\n").filter { $0.hasPrefix("error: ") }
    #expect(errors.count == 1, "\(outcome.errors)", sourceLocation: location)
    for word in words {
      #expect(outcome.errors.contains(word), "\(word): \(outcome.errors)", sourceLocation: location)
    }
  }

  /// Changes a file of a region's working tree by hand and commits it.
  func commit(_ file: String, in region: String = "east", _ change: (String) -> String) throws {
    try folder.write(change(folder.read("\(region)/\(file)")), to: "\(region)/\(file)")
    try Program.git("commit", "--all", "--quiet", "-m", "By hand", in: self[region])
  }
}
