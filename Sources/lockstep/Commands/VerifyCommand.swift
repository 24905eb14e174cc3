import ArgumentParser
import CanonicalJSON
import FolderAccount
import Git
import LiveAccount
import MediaResources
import Planning
import RegionRepository
import Sealing

/// `lockstep verify`: proves that two regions are the same.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Prove that two regions agree on every resource (exit 2: they differ).",
    discussion: """
      Compares the mirrored/ trees of the two newest commits by id. With --deep reads every document, key and content \
      file of both live accounts too, and compares their bytes with what the trees say; files in storage elsewhere by \
      what that says of them.
      """)

  @Argument(help: "A region repository; without --deep also a clone of one.")
  var a: String

  @Argument(help: "Another one.")
  var b: String

  @Flag(help: "Read both live accounts, whole.")
  var deep = false

  @OptionGroup var output: OutputOptions

  func run() async throws {
    let regions = try [a, b].map {
      try deep ? RegionRepository.open(at: $0) : RegionRepository.openOrClone(at: $0)
    }
    let trees = try regions.map { try $0.mirrored(of: $0.head()) }
    var differences = try compare(trees, regions)
    var looks: [DeepLook] = []
    if deep {
      do {
        for region in regions {
          let look = try await Self.deepLook(at: region)
          differences += look.differences
          looks.append(look)
        }
      } catch {
        // What the trees say is known all the same.
        for difference in differences { Terminal.say(difference) }
        throw error
      }
    }
    report(differences, regions, trees, looks)
    if !differences.isEmpty { throw ExitCode(ExitStatus.differences) }
  }

  /// How two trees differ; opens only what differs.
  private func compare(_ trees: [ObjectID?], _ regions: [RegionRepository]) throws -> [String] {
    guard trees[0] != trees[1] else { return [] }
    var differences: [String] = []
    try TreeWalk.changes(
      from: trees[0], to: trees[1], in: JoinedObjects(regions[0].git, regions[1].git), prefix: "mirrored/"
    ) { change in
      let how =
        switch (change.old, change.new) {
        case (nil, _): "is only in \(regions[1].name)"
        case (_, nil): "is only in \(regions[0].name)"
        default: "differs between \(regions[0].name) and \(regions[1].name)"
        }
      differences.append("\(change.path) \(how)")
    }
    if differences.isEmpty { differences.append("mirrored/ differs between the two, though no file does") }
    return differences
  }

  /// What a look at a live account, whole, has found.
  struct DeepLook {
    /// How the account differs from its region's newest commit, a line each.
    var differences: [String] = []
    /// What mends some of it.
    var hints: [String] = []
    /// How the files of its assets were looked at.
    var filesSeen = AccountCapabilities.FilesSeen.bytes
  }

  /// Reads a live account and compares it with its region's newest commit.
  static func deepLook(at region: RegionRepository) async throws -> DeepLook {
    let account = try Accounts.open(for: region)
    let bindings = try region.document().bindings
    let observer = Observer(
      region: region, account: account, bindings: bindings,
      keyring: try region.keyring(
        of: [region.head()], identities: IdentityPlace.identities, founder: Keyring.passing),
      cancellation: Interruption.cancellation)
    let observation = try await observer.compare(
      with: region.root(of: region.head()), reading: .everything)
    var look = DeepLook(filesSeen: account.capabilities.filesSeen)
    look.differences = observation.changes.map { change in
      let how =
        switch change.finding.difference {
        case .added: "is in the live account only"
        case .changed: "is another one in the live account"
        case .removed: "is missing in the live account"
        }
      return "\(region.name): \(change.id.summary) \(how)"
    }
    look.differences += try await account.publicationProblems().map { "\(region.name): \($0)" }
    if observation.changes.contains(where: { $0.id.kind == .content && $0.wasThere }) {
      look.hints.append("of files that \(region.name) lost: \(ContentMend.command(for: region))")
    }
    return look
  }

  private func report(
    _ differences: [String], _ regions: [RegionRepository], _ trees: [ObjectID?], _ looks: [DeepLook]
  ) {
    if output.json {
      let seen = zip(regions, looks).map { ($0.name.text, JSONValue.string($1.filesSeen.rawValue)) }
      Terminal.print(
        [
          "deep": .bool(deep), "differences": .array(differences.map { .string($0) }),
          "filesSeen": .object(JSONObject(seen)),
          "mirroredTrees": .object(
            JSONObject(zip(regions, trees).map { ($0.name.text, $1.map { .string($0.hex) } ?? .null) })),
          "version": 1,
        ])
      return
    }
    for difference in differences { Terminal.print(difference) }
    if differences.isEmpty {
      let tree = trees[0].map { "mirrored/ is \($0.hex) in both" } ?? "mirrored/ is empty in both"
      Terminal.say(
        "\(regions[0].name) and \(regions[1].name) agree: \(tree)\(Self.whatWasRead(regions, looks))")
    } else {
      Terminal.say("\(regions[0].name) and \(regions[1].name) differ in \(differences.count)")
      for hint in looks.flatMap(\.hints) { Terminal.say("hint: \(hint)") }
    }
  }

  /// How far the two accounts were read, after a semicolon; nothing where they were not.
  private static func whatWasRead(_ regions: [RegionRepository], _ looks: [DeepLook]) -> String {
    guard !looks.isEmpty else { return "" }
    func names(_ seen: AccountCapabilities.FilesSeen) -> String? {
      let names = zip(regions, looks).filter { $1.filesSeen == seen }.map(\.0.name.text)
      return names.isEmpty ? nil : names.joined(separator: " and ")
    }
    let others = [
      names(.listing).map {
        "the files of \($0) were compared by what their storage says of them (lockstep apply --contents --read-back"
          + " reads those of which it says no digest)"
      },
      names(.none).map { "the files of \($0) were not looked at" },
    ].compactMap(\.self)
    guard !others.isEmpty else { return "; every document, key and file of both accounts was read" }
    let files = names(.bytes).map { ", and every file of \($0)" } ?? ""
    return (["; every document and key of both accounts was read\(files)"] + others).joined(separator: "; ")
  }
}
