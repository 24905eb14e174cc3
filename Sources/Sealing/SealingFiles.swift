/// The files under `mirrored/sealing/`: wrapped data keys and who may open them.
package struct SealingFiles: Sendable, Equatable {
  /// The folder under `mirrored/`.
  package static let folder = "sealing"
  /// Where the list of recipients stands under `mirrored/`.
  package static let recipientsPath = "\(folder)/recipients.txt"

  /// How a file that should be there comes back.
  static let bringBack =
    "bring it back and commit that: git checkout COMMIT -- mirrored/\(folder), with a commit of:"
    + " git log --all -- mirrored/\(folder)"

  /// The wrapped data keys.
  package var keys: [Fingerprint: [UInt8]]
  /// The list of recipients, or nil where there is none yet.
  package var recipients: [UInt8]?

  /// No keys and no recipients.
  package init() {
    keys = [:]
    recipients = nil
  }

  /// Where a data key stands under `mirrored/`.
  package static func path(of fingerprint: Fingerprint) -> String { "\(folder)/\(fingerprint).age" }

  /// The data key whose file has a name, or nil where a file of that name holds none.
  package static func fingerprint(ofFile name: String) -> Fingerprint? {
    name.hasSuffix(".age") ? Fingerprint(name.dropLast(4)) : nil
  }

  /// Whether a path under `mirrored/` is that of a data key or of the list.
  package static func isOne(_ path: String) -> Bool {
    path == recipientsPath
      || path.hasPrefix(folder + "/") && fingerprint(ofFile: String(path.dropFirst(folder.count + 1))) != nil
  }

  /// Every file by its path under `mirrored/`.
  package var all: [(path: String, bytes: [UInt8])] {
    keys.map { (Self.path(of: $0.key), $0.value) } + (recipients.map { [(Self.recipientsPath, $0)] } ?? [])
  }

  /// These files with the keys of others that are not among them.
  package func adding(_ other: SealingFiles) -> SealingFiles {
    var result = self
    result.keys.merge(other.keys) { mine, _ in mine }
    result.recipients = recipients ?? other.recipients
    return result
  }
}
