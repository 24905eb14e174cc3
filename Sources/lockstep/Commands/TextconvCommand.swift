import ArgumentParser
import CanonicalJSON
import MediaResources
import RegionRepository
import Sealing

/// `lockstep textconv`: what `git diff` and `git log -p` show of a document, a mark in the place of each secret.
struct TextconvCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "textconv", abstract: "Print a document with marks for its secrets (git's diff driver).",
    discussion: """
      A mark changes exactly when the secret does, whatever key it is sealed with. lockstep init sets the driver up; in a \
      clone: git config diff.lockstep.textconv 'lockstep textconv'; echo 'mirrored/**/*.json diff=lockstep' >> \
      .git/info/attributes
      """, shouldDisplay: false)

  @Argument(help: "The document.")
  var file: String

  func run() async throws {
    guard let bytes = FilePaths.read(file) else {
      throw RegionError(.badConfiguration, "cannot read \(file)")
    }
    Terminal.print(bytes: (try? marked(bytes)) ?? bytes)
  }

  /// The document with marks; nil for one that holds no secrets.
  private func marked(_ bytes: [UInt8]) throws -> [UInt8]? {
    guard let document = try JSONValue.parse(bytes).objectValue else { return nil }
    // git tells the content and not the path, but only one kind finds secrets in a document.
    for kind in SecretPlaces.kinds {
      guard let resource = try? Resource(document: document, kind: kind),
        !SecretPlaces.secrets(of: resource).isEmpty
      else { continue }
      let keyring = try RegionRepository.open(at: ".").keyring(identities: IdentityPlace.identities)
      return SecretMarks(keyring: keyring, identities: IdentityPlace.identities).marked(resource)
        .canonicalBytes()
    }
    return nil
  }
}
