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

/// How secrets are shown in a difference.
private struct SecretView {
  let keyring: Keyring
  let reveals: Bool

  func report(_ old: Resource?, _ new: Resource?) throws -> DiffReport {
    var report = DiffReport(what: (new ?? old)?.id.summary ?? "", isThere: (old != nil, new != nil))
    if reveals {
      let (before, after) = (try old.map(keyring.open), try new.map(keyring.open))
      report.properties = ResourceDifference.between(before, after).map { .shown($0) }
      return report
    }
    let (before, after) = (old.map(SecretPlaces.redacted), new.map(SecretPlaces.redacted))
    report.properties =
      ResourceDifference.between(before, after).filter {
        $0.old != SecretPlaces.redaction && $0.new != SecretPlaces.redaction
      }.map { .shown($0) } + secrets(old, new)
    return report
  }

  /// What became of each secret; those that share a place are compared in their order.
  private func secrets(_ old: Resource?, _ new: Resource?) -> [DiffReport.Property] {
    var before = old.map { SecretPlaces.secrets(of: $0) } ?? []
    var properties: [DiffReport.Property] = []
    for secret in new.map({ SecretPlaces.secrets(of: $0) }) ?? [] {
      guard let id = new?.id, let index = before.firstIndex(where: { $0.place == secret.place }) else {
        properties.append(.secret(place: secret.place, "value added"))
        continue
      }
      let known = before.remove(at: index)
      properties.append(.secret(place: secret.place, compare(known, secret, of: id)))
    }
    return properties + before.map { .secret(place: $0.place, "value removed") }
  }

  private func compare(_ old: SecretPlace, _ new: SecretPlace, of id: ResourceID) -> String {
    if old.value == new.value { return "value unchanged" }
    switch keyring.isSame(old, new, of: id) {
    case true?: return "value unchanged"
    case false?: return "value changed"
    case nil: return "sealed with another data key; whether the value changed shows to who can open it"
    }
  }
}

/// How one resource, or another file of `mirrored/`, differs.
private struct DiffReport {
  enum Property {
    case shown(PropertyDifference)
    case secret(place: String, String)
  }

  let what: String
  let isThere: (old: Bool, new: Bool)
  var properties: [Property] = []

  init(what: String, isThere: (Bool, Bool)) {
    self.what = what
    self.isThere = isThere
  }

  static func file(_ path: String, isThere: (Bool, Bool)) -> DiffReport {
    DiffReport(what: "mirrored/\(path)", isThere: isThere)
  }

  private var how: String { !isThere.old ? "added" : !isThere.new ? "removed" : "changed" }

  var lines: [String] {
    ["\(how) \(what)"]
      + properties.map { property in
        switch property {
        case .secret(let place, let what): "  /properties\(place): \(what)"
        case .shown(let difference):
          "  \(difference.place): \(Self.text(difference.old)) -> \(Self.text(difference.new))"
        }
      }
  }

  private static func text(_ value: JSONValue?) -> String {
    value.map { String(decoding: $0.compactBytes(), as: UTF8.self) } ?? "(nothing)"
  }

  var json: JSONValue {
    [
      "difference": .string(how),
      "properties": .array(
        properties.map { property in
          switch property {
          case .secret(let place, let what):
            ["place": .string("/properties\(place)"), "secret": .string(what)]
          case .shown(let difference):
            [
              "new": difference.new ?? .null, "old": difference.old ?? .null,
              "place": .string(difference.place),
            ]
          }
        }), "resource": .string(what),
    ]
  }
}
