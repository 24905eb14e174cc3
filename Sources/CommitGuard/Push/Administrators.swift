package import Git
import RegionRepository

/// The keys of those who may change what is an administrator's, from the settings `lockstep.administrator`.
///
/// Each is an OpenPGP fingerprint, an SSH key's fingerprint (`SHA256:…`, as `ssh-keygen -lf` prints it), or the line of an
/// SSH public key.
package struct Administrators {
  private let fingerprints: Set<String>

  /// Reads the settings.
  /// - Throws: `RegionError` (`.badConfiguration`) for one that is no key; then nobody's push is accepted.
  package init(of repository: Repository) throws {
    fingerprints = try Set(
      repository.configEntries(matching: RegionConfiguration.administrator)
        .filter { $0.key == RegionConfiguration.administrator }
        .map { try Self.fingerprint($0.value) })
  }

  /// Whether none is configured.
  package var isEmpty: Bool { fingerprints.isEmpty }

  /// Whether a signature is one of theirs.
  package func contains(_ signature: VerifiedSignature) -> Bool {
    signature.fingerprints.contains { fingerprints.contains($0) }
  }

  private static func fingerprint(_ text: String) throws -> String {
    let words = text.split(separator: " ").map(String.init)
    if words.count == 1, text.hasPrefix("SHA256:"), text.utf8.count == 50 { return text }
    if words.count >= 2, let fingerprint = SSHKey.fingerprint(ofLine: words[1]) { return fingerprint }
    let digits = words.joined().uppercased()
    if digits.utf8.count == 40 || digits.utf8.count == 64, digits.allSatisfy(\.isHexDigit) { return digits }
    throw RegionError(
      .badConfiguration, "the setting \(RegionConfiguration.administrator) '\(text)' is no key",
      hint: "set an OpenPGP fingerprint, the line of an SSH public key, or its fingerprint: git config --add"
        + " \(RegionConfiguration.administrator) \"$(cat ~/.ssh/id_ed25519.pub)\"")
  }
}
