import CanonicalJSON
import Failover
import FolderAccount
import Git
import History
import LiveAccount
import MediaResources
import Planning
import RegionRepository
import Replay
import Upkeep

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
  /// Peer to how many of its commits are not here, or to why they cannot be.
  var notMirrored: [(region: RegionName, commits: Result<Int, Failure>)] = []
  /// What is not applied; nil where it is not known what the account matches.
  var plan: Plan?
  var drift: Int?
  /// How many resources are new or have changed and were not looked at, since that counts as a write.
  var unlooked = 0
  /// Whether an apply was cut off.
  var isApplyOpen = false
  /// A push that was cut off and has left its traces in the working tree.
  var cutOffPush: CutOffPush?
  /// What pushes left to be done.
  var queued: [UpkeepTask] = []
  /// The command that does each of them.
  var queuedMends: [String] = []
  /// What else keeps the fleet from being kept up to date, as the region that was asked sees it.
  var upkeep: [String] = []
  var needsKeyServer: [String] = []
  /// Locators whose publication could not be completed.
  var unfinished: [String] = []
  /// What is held back and why, with what mends it.
  var heldBack: [String] = []
  /// Why locators are not published although their asset has files.
  var unencrypted: [String] = []
  var problem: String?
  /// Whether it is on another machine, where its account is looked at.
  var isElsewhere = false
  /// Whether a region on another machine has what the one that was asked has, and nothing else.
  var isInStep = false

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
      status.cutOffPush = try region.cutOffPush()
      status.queued = try UpkeepQueue(of: region).left(for: region)
      status.queuedMends = status.queued.map { $0.mend(in: region) }
      status.isApplyOpen = try ApplyJournal.isOpen(for: region)
      let account = try Accounts.open(for: region, patience: Self.patience)
      status.unfinished = try await account.unfinished().map(\.summary).sorted()
      status.unencrypted = try await account.unencrypted().map { Failure($0).line }
      status.needsKeyServer = try await account.locatorsNeedingKeyServer().map(\.summary).sorted()
      if try region.live() != nil {
        status.plan = try await PlanBuilder(
          region: region, capabilities: account.capabilities, identities: IdentityPlace.identities,
          purpose: .reading
        ).rest(observing: account.billsReading ? nil : account, cancellation: Interruption.cancellation).plan
        status.heldBack = try heldBack(status.plan, in: region)
        if lookingForDrift {
          let capture = Capture(
            region: region, account: account, identities: IdentityPlace.identities,
            cancellation: Interruption.cancellation)
          // Whoever asks where it stands does not wait until writes are allowed again.
          let look = try await capture.look(reading: .unbilled)
          status.drift = look.findings.count
          status.unlooked = look.unlooked.count
        }
      }
    } catch {
      status.problem = Failure(error).line
    }
    return status
  }

  /// What the plan holds back, and what the last apply did besides.
  private static func heldBack(_ plan: Plan?, in region: RegionRepository) throws -> [String] {
    let planned = plan?.held ?? []
    let ids = Set(planned.map(\.id))
    let steps = Set(plan?.steps.map(\.id) ?? [])
    return try planned.map { held in
      try held.sentence + (held.root == nil ? "; \(held.mend(in: region))" : "")
    } + HeldResources(of: region).entries.filter { !ids.contains($0.id) && steps.contains($0.id) }.map(\.line)
  }

  /// How many commits of the regions that this one is mirrored from are not here yet.
  private static func notMirrored(
    to region: RegionRepository, primary: RegionName?
  ) throws -> [(region: RegionName, commits: Result<Int, Failure>)] {
    var result: [(region: RegionName, commits: Result<Int, Failure>)] = []
    for (name, place) in try RegionConfiguration.peers(of: region.git).sorted(by: { $0.key < $1.key }) {
      let known = try region.git.reference(RegionRepository.sourceReference(name))
      // A region that no fleet's document has reached yet is mirrored from whomever it knows.
      let isSource = known != nil || primary == nil || (name == primary && primary != region.name)
      guard isSource, FilePaths.exists(place),
        let peer = try? RegionRepository.open(at: place), peer.name == name, try peer.head() != nil
      else { continue }
      do { result.append((name, .success(try Mirror.backlog(from: peer, to: region)))) } catch {
        result.append((name, .failure(Failure(error))))
      }
    }
    return result
  }

  /// Whether there is nothing to do for this region.
  var isClean: Bool {
    problem == nil && aside == nil && fenceWords.isEmpty && cutOffPush == nil && queued.isEmpty
      && !isApplyOpen && unfinished.isEmpty && heldBack.isEmpty && unencrypted.isEmpty
      && upkeep.isEmpty
      && notMirrored.allSatisfy { (try? $0.commits.get()) == 0 }
      && (isElsewhere ? isInStep : plan?.isEmpty == true)
      && (drift ?? 0) == 0 && unlooked == 0
  }

  private var unasked: [UnaskedPeer] { if case .unfenced(let peers)? = standing { peers } else { [] } }

  /// Why the region may not be what it says it is, a line each.
  private var fenceWords: [String] {
    let shellPlace = ShellWord.quoted(place)
    return switch standing {
    case .superseded(let promotion)?:
      [
        "superseded: \(promotion.primary) is primary since epoch \(promotion.epoch.number):"
          + " lockstep rejoin \(name) -C \(shellPlace)"
      ]
    case .contested(let promotion)?:
      [
        "contested: \(promotion.primary) was made primary with epoch \(promotion.epoch.number), too:"
          + " lockstep rejoin \(name) --primary \(promotion.primary) -C \(shellPlace), or lockstep rejoin"
          + " \(promotion.primary) --primary \(name) -C \(shellPlace)"
      ]
    case .unfenced(let peers)?:
      peers.map { "unfenced: \($0.region) cannot be asked: \($0.reason.inOneLine)" }
    default: []
    }
  }

  private func driftWords(_ drift: Int, _ command: String) -> String {
    let seen = drift == 0 ? unlooked == 0 ? "none" : "none seen" : Count.text(drift, "resource")
    if unlooked == 0 { return drift == 0 ? seen : "\(seen): \(command)" }
    return
      "\(seen); not looked at \(Count.text(unlooked, "resource")), whose secrets or files must be asked for: \(command)"
  }

  var lines: [String] {
    let shellPlace = ShellWord.quoted(place)
    var lines = ["\(name)\(role.map { " (\($0))" } ?? "")  \(place)  head \(head?.abbreviated ?? "none")"]
    // What another machine's programs said has lines of its own, and may hold anything.
    if let problem {
      let said = problem.inOneLine
      lines.append("  problem      \(Printable.text(said))")
    }
    for words in fenceWords { lines.append("  fence        \(Printable.text(words))") }
    if let aside {
      lines.append("  aside        what was captured since stands in \(aside.abbreviated), beside the branch")
    }
    for (region, commits) in notMirrored {
      switch commits {
      case .success(0): lines.append("  mirrored     every commit of \(region)")
      case .success(let count):
        lines.append("  mirrored     \(Count.text(count, "commit")) of \(region) missing")
      case .failure(let failure):
        lines.append("  mirrored     not what \(region) has: \(Printable.text(failure.line))")
      }
    }
    if let push = cutOffPush { lines.append("  push         \(push.message): \(push.mend(in: place))") }
    for (task, mend) in zip(queued, queuedMends) {
      lines.append("  queued       \(task.summary): \(mend)")
    }
    for problem in upkeep { lines.append("  upkeep       \(problem)") }
    if isApplyOpen { lines.append("  apply        was cut off; go on: lockstep apply -C \(shellPlace)") }
    if isElsewhere {
      if isInStep { lines.append("  mirrored     in step") }
      lines.append("  applied      is seen on its own machine: lockstep status")
    } else if let plan {
      lines.append("  applied      \(plan.isEmpty ? "everything" : "not yet. \(plan.summary)")")
    } else if problem == nil {
      lines.append("  applied      not known: lockstep capture -C \(shellPlace)")
    }
    for words in heldBack { lines.append("  held back    \(Printable.text(words))") }
    if let drift { lines.append("  drift        " + driftWords(drift, "lockstep drift -C \(shellPlace)")) }
    for locator in unfinished {
      lines.append("  publication  \(locator) is not complete: lockstep apply -C \(shellPlace)")
    }
    for words in unencrypted { lines.append("  publication  \(Printable.text(words.inOneLine))") }
    for locator in needsKeyServer { lines.append("  key server   \(locator) needs one that checks tokens") }
    return lines
  }

  var json: JSONValue {
    [
      "applyCutOff": .bool(isApplyOpen), "aside": aside.map { .string($0.hex) } ?? .null,
      "clean": .bool(isClean),
      "drift": drift.map { .number(.int64(Int64($0))) } ?? .null,
      "driftNotLookedAt": .number(.int64(Int64(unlooked))),
      "elsewhere": .bool(isElsewhere), "heldBack": .array(heldBack.map { .string($0) }),
      "unencrypted": .array(unencrypted.map { .string($0) }), "head": head.map { .string($0.hex) } ?? .null,
      "name": .string(name.text),
      "needsKeyServer": .array(needsKeyServer.map { .string($0) }),
      "notApplied": plan.map { .number(.int64(Int64($0.steps.count))) } ?? .null,
      "notMirrored": .object(
        JSONObject(
          notMirrored.map { region, commits in
            (region.text, (try? commits.get()).map { .number(.int64(Int64($0))) } ?? .null)
          })),
      "notMirrorable": .object(
        JSONObject(
          notMirrored.compactMap { region, commits in
            if case .failure(let failure) = commits { (region.text, .string(failure.line)) } else { nil }
          })),
      "unfinished": .array(unfinished.map { .string($0) }), "upkeep": .array(upkeep.map { .string($0) }),
      "place": .string(place), "pushCutOff": cutOffPush.map { .string($0.message) } ?? .null,
      "queued": .array(queued.map(\.json)),
      "problem": problem.map { .string($0) } ?? .null,
      "role": role.map { .string($0) } ?? .null,
      "standing": standing.map { .string($0.name) } ?? .null,
      "unfenced": .array(unasked.map { .string($0.region.text) }),
    ]
  }
}
