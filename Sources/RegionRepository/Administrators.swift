package import Git

/// The keys of those who may change what is an administrator's, from the settings `lockstep.administrator`.
///
/// Each is an OpenPGP fingerprint, an SSH key's fingerprint (`SHA256:…`, as `ssh-keygen -lf` prints it), or the line of an
/// SSH public key.
package struct Administrators: Equatable {
  private let fingerprints: Set<String>

  /// Reads the settings of a region.
  /// - Throws: `RegionError` (`.badConfiguration`) for one that is no key; then nobody's push is accepted.
  package init(of region: RegionRepository) throws {
    let key = RegionConfiguration.administrator
    let values = try region.git.configEntries(matching: key).filter { $0.key == key }.map(\.value)
    fingerprints = try Set(
      values.map { value in
        guard let fingerprint = Self.fingerprint(value) else {
          throw RegionError(
            .badConfiguration, "the setting \(key) '\(value)' of region \(region.name) is no key",
            hint: "take it out: git -C \(region.shellPlace) config --fixed-value --unset-all \(key)"
              + " \(ShellWord.quoted(value)); a key is an OpenPGP fingerprint, the line of an SSH public key, or its"
              + " fingerprint SHA256:…")
        }
        return fingerprint
      })
  }

  /// Whether none is configured.
  package var isEmpty: Bool { fingerprints.isEmpty }

  /// Whether a signature is one of theirs.
  package func contains(_ signature: VerifiedSignature) -> Bool {
    signature.fingerprints.contains { fingerprints.contains($0) }
  }

  /// What is wrong with a commit's signature, if anything.
  package func problem(with signature: VerifiedSignature?) -> String? {
    guard let signature else { return "the commit has no good signature" }
    return contains(signature) ? nil : "the commit is signed by somebody else"
  }

  /// The fingerprint that a setting gives; nil where it is no key.
  private static func fingerprint(_ text: String) -> String? {
    let words = text.split(separator: " ").map(String.init)
    if words.count == 1, text.hasPrefix("SHA256:"), text.utf8.count == 50 { return text }
    if words.count >= 2, let fingerprint = SSHKey.fingerprint(ofLine: words[1]) { return fingerprint }
    let digits = words.joined().uppercased()
    let isFingerprint =
      (digits.utf8.count == 40 || digits.utf8.count == 64) && digits.allSatisfy(\.isHexDigit)
    return isFingerprint ? digits : nil
  }
}
