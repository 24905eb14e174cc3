import ArgumentParser
import CanonicalJSON
import Git
import MediaResources
import RegionRepository
import Sealing

/// `lockstep diff`: what differs between two commits, resource by resource, secrets unseen.
struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff", abstract: "Say how resources differ between two commits, without showing secrets.",
    discussion: """
      Without FROM, begins at the commit that the live account matches, so it shows what is not applied yet. Of a secret \
      it says whether its value changed; a value that was only sealed anew did not.
      """)

  @Argument(help: "A commit, as git names them (HEAD~1, a branch, an id).")
  var from: String?

  @Argument(help: "Another one (the newest one, if not given).")
  var to: String?

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Open the secrets and show their values.")
  var reveal = false

  func run() async throws {
    let repository = try region.open()
    let new = try to.map { try repository.git.commit(named: $0) } ?? repository.head()
    let old = try from.map { try repository.git.commit(named: $0) } ?? start(of: repository)
    let keyring = try repository.keyring(
      of: [repository.head(), new, old], identities: IdentityPlace.identities)
    let view = SecretView(keyring: keyring, reveals: reveal)
    var reports: [DiffReport] = []
    try TreeWalk.changes(
      from: repository.mirrored(of: old), to: repository.mirrored(of: new), in: repository.git
    ) { change in
      func form(_ entry: TreeEntry?) throws -> Resource? {
        try entry.map {
          try MirroredDocument.resource(bytes: repository.git.read($0.id).bytes, path: change.path)
        }
      }
      guard ResourcePath.kind(ofPath: change.path) != nil else {
        reports.append(.file(change.path, isThere: (change.old != nil, change.new != nil)))
        return
      }
      reports.append(try view.report(form(change.old), form(change.new)))
    }
    if output.json {
      Terminal.print(["differences": .array(reports.map(\.json)), "version": 1])
    } else {
      Terminal.print(lines: reports.flatMap(\.lines))
    }
  }

  private func start(of repository: RegionRepository) throws -> ObjectID {
    guard let live = try repository.live() else {
      throw ValidationError(
        "It is not known which commit the live account of region \(repository.name) matches; give FROM.")
    }
    return live
  }
}
