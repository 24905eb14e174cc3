import ArgumentParser
import CanonicalJSON
import Failover
import FolderAccount
import Git
import LiveAccount
import MediaResources
import Planning
import RegionRepository
import Upkeep

/// `lockstep status`: where every region stands, on one screen.
struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Say what is not mirrored, not applied, or drifted (exit 2: something is).")

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Do not list the live accounts to look for drift.")
  var noDrift = false

  @Flag(
    help: ArgumentHelp(
      "For monitors: only whether the upkeep of the fleet works, in one line.",
      discussion: "Lists no account and asks no other machine. Exit 0: all is well; 2: something is not."))
  var check = false

  func run() async throws {
    let own = try region.open()
    _ = try own.head()
    if check { return try tell(Health(of: own)) }
    var reports = [try await RegionStatus.read(own, lookingForDrift: !noDrift, asking: .everywhere)]
    for (name, place) in try RegionConfiguration.peers(of: own.git).sorted(by: { $0.key < $1.key }) {
      guard FilePaths.exists(place), let peer = try? RegionRepository.open(at: place), peer.name == name
      else {
        reports.append(.unreachable(name, place))
        continue
      }
      reports.append(
        try await RegionStatus.read(peer, lookingForDrift: !noDrift, asking: .thisMachine))
    }
    if output.json {
      Terminal.print(["regions": .array(reports.map(\.json)), "version": 1])
    } else {
      for report in reports { for line in report.lines { Terminal.print(line) } }
    }
    if !reports.allSatisfy(\.isClean) { throw ExitCode(ExitStatus.differences) }
  }

  private func tell(_ health: Health) throws {
    if output.json {
      Terminal.print([
        "healthy": .bool(health.problems.isEmpty), "problems": .array(health.problems.map { .string($0) }),
        "region": .string(health.region.text), "version": 1,
      ])
    } else {
      // Monitors show one line.
      let problems = health.problems.map { $0.map { $0.isNewline ? " " : String($0) }.joined() }
      Terminal.print("\(health.region): \(problems.isEmpty ? "healthy" : problems.joined(separator: "; "))")
    }
    if !health.problems.isEmpty { throw ExitCode(ExitStatus.differences) }
  }
}

/// Where one region stands.
struct RegionStatus {
  let name: RegionName
  let place: String
  var role: String?
  /// What the region is in its fleet, as far as those can say whom this machine can ask.
  var standing: Standing?
  /// What was captured while the region was fenced.
  var aside: ObjectID?
  var head: ObjectID?
  /// Peer to how many of its commits are not here.
  var notMirrored: [(region: RegionName, commits: Int)] = []
  /// What is not applied; nil where it is not known what the account matches.
  var plan: Plan?
  var drift: Int?
  /// Whether an apply was cut off.
  var isApplyOpen = false
  /// What pushes left to be done.
  var queued: [UpkeepTask] = []
  var needsKeyServer: [String] = []
  /// Locators whose publication could not be completed.
  var unfinished: [String] = []
  var problem: String?

  /// A peer that cannot be read from here.
  static func unreachable(_ name: RegionName, _ place: String) -> RegionStatus {
    RegionStatus(name: name, place: place, problem: "it cannot be read from this machine")
  }

  static func read(
    _ region: RegionRepository, lookingForDrift: Bool, asking reach: Fence.Reach
  ) async throws -> RegionStatus {
    var status = RegionStatus(name: region.name, place: region.place)
    do {
      status.head = try region.head()
      let fleet = try region.fleet()
      status.role = fleet.map { $0.primary == region.name ? "primary" : "standby" }
      status.standing = try Fence(of: region).standing(asking: reach)
      status.aside = try region.git.reference(RegionRepository.asideReference)
      status.notMirrored = try notMirrored(to: region, primary: fleet?.primary)
      status.queued = try UpkeepQueue(of: region).open()
      status.isApplyOpen = try ApplyJournal.isOpen(for: region)
      let account = try Accounts.open(for: region)
      status.unfinished = try await account.unfinished().map(\.summary).sorted()
      status.needsKeyServer = try await account.locatorsNeedingKeyServer().map(\.summary).sorted()
      if try region.live() != nil {
        status.plan = try await PlanBuilder(
          region: region, capabilities: account.capabilities, identities: IdentityPlace.identities,
          purpose: .reading
        ).plan().plan
        if lookingForDrift {
          let capture = Capture(
            region: region, account: account, identities: IdentityPlace.identities,
            cancellation: Interruption.cancellation)
          status.drift = try await capture.drift().count
        }
      }
    } catch {
      status.problem = Failure(error).message
    }
    return status
  }

  /// How many commits of the regions that this one is mirrored from are not here yet.
  private static func notMirrored(
    to region: RegionRepository, primary: RegionName?
  ) throws -> [(region: RegionName, commits: Int)] {
    var result: [(region: RegionName, commits: Int)] = []
    for (name, place) in try RegionConfiguration.peers(of: region.git).sorted(by: { $0.key < $1.key }) {
      let known = try region.git.reference(RegionRepository.sourceReference(name))
      guard known != nil || (name == primary && primary != region.name), FilePaths.exists(place),
        let peer = try? RegionRepository.open(at: place), peer.name == name, let head = try peer.head()
      else { continue }
      // What is newer there may be nothing but images of this region's own commits.
      let isInStep = try peer.mirrored(of: head) == region.mirrored(of: region.head())
      let new = isInStep ? [] : try peer.git.commits(reachableFrom: [head], hiding: known.map { [$0] } ?? [])
      result.append((name, new.count))
    }
    return result
  }

  private var unasked: [UnaskedPeer] { if case .unfenced(let peers)? = standing { peers } else { [] } }

  /// Whether there is nothing to do for this region.
  var isClean: Bool {
    problem == nil && aside == nil && fenceWords.isEmpty && queued.isEmpty && !isApplyOpen
      && unfinished.isEmpty
      && notMirrored.allSatisfy { $0.commits == 0 }
      && plan?.isEmpty == true
      && (drift ?? 0) == 0
  }

  /// Why the region may not be what it says it is, a line each.
  private var fenceWords: [String] {
    switch standing {
    case .superseded(let promotion)?:
      [
        "superseded: \(promotion.primary) is primary since epoch \(promotion.epoch.number):"
          + " lockstep rejoin \(name) -C \(place)"
      ]
    case .contested(let promotion)?:
      [
        "contested: \(promotion.primary) was made primary with epoch \(promotion.epoch.number), too:"
          + " lockstep rejoin REGION -C \(place)"
      ]
    case .unfenced(let peers)?:
      peers.map { "unfenced: \($0.region) cannot be asked: \($0.reason.filter { !$0.isNewline })" }
    default: []
    }
  }

  var lines: [String] {
    var lines = ["\(name)\(role.map { " (\($0))" } ?? "")  \(place)  head \(head?.abbreviated ?? "none")"]
    if let problem { lines.append("  problem      \(problem)") }
    for words in fenceWords { lines.append("  fence        \(words)") }
    if let aside {
      lines.append("  aside        what was captured since stands in \(aside.abbreviated), beside the branch")
    }
    for (region, commits) in notMirrored {
      lines.append(
        "  mirrored     \(commits == 0 ? "every commit of \(region)" : "\(commits) commit\(commits == 1 ? "" : "s") of \(region) missing")"
      )
    }
    for task in queued { lines.append("  queued       \(task.summary): lockstep mirror -C \(place)") }
    if isApplyOpen { lines.append("  apply        was cut off; go on: lockstep apply -C \(place)") }
    if let plan {
      lines.append("  applied      \(plan.isEmpty ? "everything" : "not yet. \(plan.summary)")")
    } else if problem == nil {
      lines.append("  applied      not known: lockstep capture -C \(place)")
    }
    if let drift {
      lines.append("  drift        \(drift == 0 ? "none" : "\(drift) resources: lockstep drift -C \(place)")")
    }
    for locator in unfinished {
      lines.append("  publication  \(locator) is not complete: lockstep apply -C \(place)")
    }
    for locator in needsKeyServer { lines.append("  key server   \(locator) needs one that checks tokens") }
    return lines
  }

  var json: JSONValue {
    [
      "applyCutOff": .bool(isApplyOpen), "aside": aside.map { .string($0.hex) } ?? .null,
      "clean": .bool(isClean),
      "drift": drift.map { .number(.int64(Int64($0))) } ?? .null,
      "head": head.map { .string($0.hex) } ?? .null, "name": .string(name.text),
      "needsKeyServer": .array(needsKeyServer.map { .string($0) }),
      "notApplied": plan.map { .number(.int64(Int64($0.steps.count))) } ?? .null,
      "notMirrored": .object(
        JSONObject(notMirrored.map { ($0.region.text, .number(.int64(Int64($0.commits)))) })),
      "unfinished": .array(unfinished.map { .string($0) }),
      "place": .string(place), "queued": .array(queued.map(\.json)),
      "problem": problem.map { .string($0) } ?? .null,
      "role": role.map { .string($0) } ?? .null,
      "standing": standing.map { .string($0.name) } ?? .null,
      "unfenced": .array(unasked.map { .string($0.region.text) }),
    ]
  }
}
