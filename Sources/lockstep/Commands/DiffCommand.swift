import ArgumentParser
import CanonicalJSON
import Git
import History
import MediaResources
import RegionRepository
import Sealing

/// `lockstep diff`: what differs between two commits or two regions, resource by resource, secrets unseen.
struct DiffCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "diff",
    abstract: "Say how resources differ between two commits or two regions, without showing secrets.",
    discussion: """
      Without A, begins at the commit that the live account matches, so it shows what is not applied yet. Folders of \
      region repositories are compared by their newest commits, one folder with this region. Works in every clone. Of a secret it says whether its value changed; a value \
      that was only sealed anew did not.

      A terminal shows lines, in colours; a pipe or a file gets one JSON document, as with --json. --text gives the \
      lines everywhere: lockstep diff --text | less
      """)

  @Argument(help: "A commit, as git names them (HEAD~1, a branch, an id), two as A..B, or a region's folder.")
  var a: String?

  @Argument(help: "Another one (the newest commit, if not given).")
  var b: String?

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var colour: ColourOptions

  @Flag(help: "Print lines where standard output is no terminal, too.")
  var text = false

  @Flag(help: "Open the secrets and show their values.")
  var reveal = false

  /// The two states that are compared, and what their objects are read from.
  private struct Sides {
    let old: ObjectID?
    let new: ObjectID?
    /// Where the two trees stand in a commit's: two regions are compared by the half that they share.
    let prefix: String
    /// The `mirrored/` trees with the data keys; the first one's list of recipients counts.
    let keys: [ObjectID?]
    let source: any ObjectSource
    let trust: TrustStore
  }

  func validate() throws {
    guard !(text && output.json) else { throw ValidationError("Give --text or --json, not both.") }
  }

  func run() async throws {
    let sides = try regions() ?? commits()
    var files = SealingFiles()
    for mirrored in sides.keys {
      files = files.adding(try sides.source.sealingFiles(in: mirrored))
    }
    let comparison = ResourceComparison(
      keyring: Keyring(files: files, identities: IdentityPlace.identities, trust: sides.trust),
      reveals: reveal)
    let reports = try Self.reports(sides, in: sides.source, by: comparison)
    if output.json || !(text || Terminal.isShown) {
      Terminal.print(["differences": .array(reports.map(\.json)), "version": 1])
    } else {
      let colours = colour.colours
      Terminal.print(lines: reports.lazy.flatMap(\.lines).map(colours.text))
    }
  }

  private static func reports(
    _ sides: Sides, in source: some ObjectSource, by comparison: ResourceComparison
  ) throws -> [DifferenceReport] {
    var reports: [DifferenceReport] = []
    try TreeWalk.changes(from: sides.old, to: sides.new, in: source, prefix: sides.prefix) { change in
      func form(_ entry: TreeEntry?) throws -> Resource? {
        try entry.map { try ResourceDocument.resource(bytes: source.read($0.id).bytes, place: change.path) }
      }
      guard ResourcePath.kind(ofPlace: change.path) != nil else {
        reports.append(.file(change.path, old: change.old != nil, new: change.new != nil))
        return
      }
      reports.append(try comparison.report(form(change.old), form(change.new)))
    }
    return reports
  }

  // MARK: What is compared

  /// Two regions, where the arguments are folders of them or of clones; nil where one is none.
  private func regions() throws -> Sides? {
    guard let a else { return nil }
    guard let b else {
      guard !a.contains("..") || FilePaths.exists(a), let other = Self.region(at: a), !areCommits(a) else {
        return nil
      }
      return try sides(other, RegionRepository.openOrClone(at: region.region))
    }
    let (left, right) = (Self.region(at: a), Self.region(at: b))
    guard let first = left, let second = right else {
      // Of two folders one may be mistyped; where both name commits, a folder of that name means nothing.
      if (left == nil) != (right == nil), !areCommits(a, b) {
        throw RegionError(
          .notARegion, "\(left == nil ? a : b) is no folder of a region's repository, nor of a clone",
          hint:
            "name two folders, or two commits with -C FOLDER: lockstep diff \(ShellWord.quoted(left == nil ? b : a)) FOLDER"
        )
      }
      return nil
    }
    return try sides(first, second)
  }

  private func sides(_ first: RegionRepository, _ second: RegionRepository) throws -> Sides {
    let (old, new) = (try first.mirrored(of: first.head()), try second.mirrored(of: second.head()))
    return Sides(
      old: old, new: new, prefix: "mirrored/", keys: [old, new], source: JoinedObjects(first.git, second.git),
      trust: first.git.trust)
  }

  /// The region repository, or the clone of one, that stands at a path itself, not above it.
  private static func region(at path: String) -> RegionRepository? {
    guard let folder = FilePaths.resolved(path), let region = try? RegionRepository.openOrClone(at: path),
      [region.place, region.git.gitDirectory].contains(where: { FilePaths.resolved($0) == folder })
    else { return nil }
    return region
  }

  /// Whether both are names of commits here.
  private func areCommits(_ names: String...) -> Bool {
    guard let repository = try? RegionRepository.openOrClone(at: region.region) else { return false }
    return names.allSatisfy { (try? repository.git.commit(named: $0)) != nil }
  }

  private func commits() throws -> Sides {
    let repository = try RegionRepository.openOrClone(at: region.region)
    let (from, to) = try names()
    let new = try to.map { try repository.git.commit(named: $0) } ?? repository.head()
    let old = try from.map { try repository.git.commit(named: $0) } ?? start(of: repository)
    return Sides(
      old: try repository.root(of: old), new: try repository.root(of: new), prefix: "",
      keys: try [repository.head(), new, old].map { try repository.mirrored(of: $0) }, source: repository.git,
      trust: repository.git.trust)
  }

  /// The names of two commits: two arguments, or one that is `A..B`, where a side that is left out is the newest commit.
  private func names() throws -> (from: String?, to: String?) {
    guard b == nil, let a, let dots = a.firstRange(of: ".."), !FilePaths.exists(a) else { return (a, b) }
    guard !a[dots.upperBound...].hasPrefix(".") else {
      throw ValidationError("'\(a)': say A..B for what differs between two commits.")
    }
    func name(_ text: Substring) -> String { text.isEmpty ? "HEAD" : String(text) }
    return (name(a[..<dots.lowerBound]), name(a[dots.upperBound...]))
  }

  private func start(of repository: RegionRepository) throws -> ObjectID {
    guard let live = try repository.live() else {
      throw ValidationError(
        "It is not known here which commit the live account of region \(repository.name) matches; give A.")
    }
    return live
  }
}
