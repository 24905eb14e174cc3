import ArgumentParser
import CanonicalJSON
import Git
import MediaResources
import RegionRepository
import Sealing

/// `lockstep textconv`: what `git diff` and `git log -p` show of a document, a mark in the place of each secret.
struct TextconvCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "textconv", abstract: "Print a document with marks for its secrets (git's diff driver).",
    discussion: """
      A mark changes exactly when the secret does, whatever key it is sealed with. lockstep init sets the driver up; in a \
      clone: git config diff.lockstep.textconv 'lockstep textconv'; for half in mirrored local; do \
      echo "$half/**/*.json diff=lockstep" >> .git/info/attributes; done
      """, shouldDisplay: false)

  @Argument(help: "The document.")
  var file: String

  func run() async throws {
    guard let bytes = FilePaths.read(file) else {
      throw RegionError(.badConfiguration, "cannot read \(file)")
    }
    guard let document = try? JSONValue.parse(bytes).objectValue else {
      // It may hold a secret all the same.
      return Terminal.print("(\(bytes.count) bytes that are no JSON object)")
    }
    Terminal.print(.object(marked(document)))
  }

  /// The document with marks.
  ///
  /// git tells the content and not the path: a secret of any kind of resource is one.
  private func marked(_ document: JSONObject) -> JSONObject {
    var document = document
    var done: Set<String> = []
    let marks = SecretMarks(keyring: keyring())
    let kinds = SecretPlaces.kinds.sorted { Self.isLike(document, $0) && !Self.isLike(document, $1) }
    for kind in kinds {
      guard let resource = try? Resource(document: document, kind: kind) else { continue }
      document = marks.marked(resource, besides: &done).document
    }
    return document
  }

  /// Whether a document looks like one of a kind.
  private static func isLike(_ document: JSONObject, _ kind: ResourceKind) -> Bool {
    let member =
      switch kind {
      case .contentKeyPolicy: "options"
      case .streamingLocator: "contentKeys"
      case .streamingEndpoint: "accessControl"
      default: "track"
      }
    return document["properties"]?[member] != nil
  }

  /// The keys of the repository in which git runs this; none where they cannot be had without asking anybody.
  private func keyring() -> Keyring {
    let files = try? Repository.discover(from: ".").keyring(identities: IdentityPlace.quiet)
    return files ?? Keyring(files: SealingFiles(), identities: IdentityPlace.quiet, trust: .none)
  }
}
