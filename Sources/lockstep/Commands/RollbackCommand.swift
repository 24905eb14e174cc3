import ArgumentParser
import CanonicalJSON
import Git
import History
import LiveAccount
import MediaResources
import RegionRepository
import Replay

/// `lockstep rollback`: takes commits back by ordinary revert commits.
struct RollbackCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback",
    abstract: "Take commits back by revert commits, which are mirrored like any other.",
    discussion: """
      Data keys, recipients and the fleet stay as they are; secrets are sealed under the current data key. What a later \
      change built upon is refused, and so is what would change locator ids, content keys or policy secrets (exit 4). \
      The live account follows with lockstep apply.
      """)

  @Argument(help: "A commit, or a range A..B of the branch's own line.")
  var commit: String?

  @Option(help: ArgumentHelp("Go back to what a commit holds, by one revert commit.", valueName: "commit"))
  var to: String?

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var colour: ColourOptions

  @Option(
    help: ArgumentHelp(
      "Let the locator id, content keys or secrets of this resource change.", valueName: "RESOURCE"))
  var allowIdentityChange: [String] = []

  @Flag(help: "Say what would change, and write nothing; works in every clone.")
  var dryRun = false

  func validate() throws {
    guard (commit == nil) != (to == nil) else { throw ValidationError("Give either COMMIT or --to COMMIT.") }
  }

  func run() async throws {
    // What would change can be seen in every clone.
    let repository = try dryRun ? RegionRepository.openOrClone(at: region.region) : region.open()
    let allowed = Set(try allowIdentityChange.map(ResourceArgument.parse))
    // What a name means now is meant: whoever waits for the lock must not take back what came meanwhile.
    let scope = try scope(in: repository.git)
    let lock = try dryRun ? nil : repository.lock(for: "lockstep rollback")
    defer { withExtendedLifetime(lock) {} }
    if !dryRun { try FenceCheck.pass("the rollback", in: repository) }
    let rollback = Rollback(
      region: repository, identities: IdentityPlace.identities, allowingIdentityChanges: allowed)
    let prepared = try rollback.prepare(scope)
    try await checkContent(of: prepared, in: repository)
    if dryRun { prepared.abandon() } else { try prepared.finish() }
    try report(prepared, keyringOf: repository)
  }

  private func scope(in git: Repository) throws -> Rollback.Scope {
    if let to { return .to(try git.commit(named: to)) }
    let text = commit ?? ""
    guard let dots = text.firstRange(of: "..") else { return .commit(try git.commit(named: text)) }
    let (first, last) = (String(text[..<dots.lowerBound]), String(text[dots.upperBound...]))
    guard !first.isEmpty, !last.hasPrefix(".") else { throw ValidationError("'\(text)' is no range A..B.") }
    return .range(
      after: try git.commit(named: first), through: try git.commit(named: last.isEmpty ? "HEAD" : last))
  }

  /// Refuses an inventory whose files no region holds any more: bytes are not versioned.
  private func checkContent(of prepared: PreparedRollback, in repository: RegionRepository) async throws {
    guard try repository.git.configValue(RegionConfiguration.account) != nil else { return }
    let account = try Accounts.open(for: repository)
    let sources = try Accounts.contentSources(for: repository)
    let bindings = try repository.document(at: prepared.oldHead).bindings
    var missing: [String] = []
    for edit in prepared.edits {
      guard let new = edit.new, new.id.kind == .content else { continue }
      let asset = ResourceID(kind: .asset, assetName: nil, name: new.id.name)
      let form = try prepared.edits.first { $0.new?.id == asset && $0.old == nil }?.new.map(bindings.bind)
      let known = Set(ContentInventory(edit.old.map { ContentView($0) }).files)
      let lacking = try await sources.lacking(
        ContentInventory(ContentView(new)).files.filter { !known.contains($0) },
        of: asset, as: form, besides: account, cancellation: Interruption.cancellation)
      missing += lacking.map { "\($0.path) of \(new.id)" }
    }
    guard !missing.isEmpty else { return }
    let shown =
      missing.prefix(10).joined(separator: ", ")
      + (missing.count > 10 ? " and \(missing.count - 10) more" : "")
    guard sources.unreachable.isEmpty else {
      Terminal.say("warning: not found where this machine can look: \(shown); apply needs them")
      return
    }
    throw RegionError(
      .refused, "no region holds these files any more: \(shown); nothing was changed",
      hint: "put them back into the container of the asset first, or take back something else")
  }

  private func report(_ prepared: PreparedRollback, keyringOf repository: RegionRepository) throws {
    let comparison = ResourceComparison(
      keyring: try repository.keyring(identities: IdentityPlace.identities))
    let reports = try prepared.edits.map { try comparison.report($0.old, $0.new) }
    if output.json {
      Terminal.print(
        [
          "differences": .array(reports.map(\.json)), "dryRun": .bool(dryRun),
          "newHead": dryRun ? .null : .string(prepared.newHead.hex), "oldHead": .string(prepared.oldHead.hex),
          "region": .string(repository.name.text),
          "reverts": .array(prepared.reverts.map { .string($0.of.hex) }), "version": 1,
        ])
      return
    }
    let colours = colour.colours
    Terminal.print(lines: reports.lazy.flatMap(\.lines).map(colours.text))
    let count = prepared.reverts.count
    Terminal.say(
      "\(dryRun ? "would make" : "made") \(Count.text(count, "revert commit")) in region \(repository.name)"
    )
    guard !dryRun else { return }
    let others =
      try repository.fleet() == nil ? "" : "; the other regions: lockstep mirror -C \(repository.shellPlace)"
    Terminal.say("hint: bring the live account along: lockstep apply -C \(repository.shellPlace)\(others)")
  }
}
