import ArgumentParser
import CanonicalJSON
import FolderAccount
import LiveAccount
import Planning
import RegionRepository

/// The guards that a person can override, each by its own flag.
struct ForceOptions: ParsableArguments {
  @Flag(help: "Allow many deletions or replacements of a kind.")
  var forceDeletions = false

  @Flag(help: "Allow the deletion of assets that have content.")
  var forceContent = false

  @Flag(help: "Allow a change of locator ids, content keys or secrets.")
  var forceIdentity = false

  @Flag(help: "Let the account itself judge how many of a kind it holds.")
  var forceLimits = false

  @Flag(help: "Try to replace streaming policies that locators use.")
  var forcePolicyInUse = false

  @Flag(help: "Give assets other containers, and bring their files there.")
  var forceAssetReplacement = false

  var forced: Set<GuardRefusal.Guard> {
    var forced: Set<GuardRefusal.Guard> = []
    if forceDeletions { forced.insert(.deletions) }
    if forceContent { forced.insert(.content) }
    if forceIdentity { forced.insert(.identity) }
    if forceLimits { forced.insert(.limits) }
    if forcePolicyInUse { forced.insert(.policyInUse) }
    if forceAssetReplacement { forced.insert(.assetReplacement) }
    return forced
  }
}

/// `lockstep plan`: what must change in the live account to match the repository.
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Say what must change in the live account to match the repository (exit 2: something must).")

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var force: ForceOptions

  @Option(help: ArgumentHelp("Write the plan to a file, for lockstep apply --expect.", valueName: "file"))
  var out: String?

  func run() async throws {
    let repository = try region.open()
    let account = try Accounts.open(for: repository)
    try await account.checkPresence()
    let prepared = try await PlanBuilder(
      region: repository, capabilities: account.capabilities, identities: IdentityPlace.identities,
      purpose: .reading
    ).rest(observing: account, forced: force.forced, cancellation: Interruption.cancellation)
    let document = Reports.document(prepared, region: repository)
    if let out { try FilePaths.writeDurably(document.canonicalBytes(), to: FilePaths.absolute(out)) }
    if output.json {
      Terminal.print(try await Reports.document(prepared, region: repository, for: account))
    } else {
      try await Reports.print(prepared.plan, of: repository, for: account)
      let steps = Set(prepared.plan.steps.map(\.id))
      for entry in try HeldResources(of: repository).entries where steps.contains(entry.id) {
        Terminal.say("the last apply tried: \(entry.line)")
      }
      if try ApplyJournal.isOpen(for: repository) {
        Reports.tellCutOffApply(of: repository, listing: "what is left of it is listed here")
      }
    }
    if !prepared.plan.isEmpty { throw ExitCode(ExitStatus.differences) }
  }
}
