import Failover
import Git
import LiveAccount
package import RegionRepository
import Replay

/// Whether a region and its fleet are kept up to date: for those who ask every minute.
///
/// Some small files and some refs are read, whatever the size of the region; no account is listed and no peer on another
/// machine is asked.
package struct Health: Sendable {
  /// The region.
  package let region: RegionName
  /// What was begun or wanted and is not done, a line each.
  package let undone: [String]
  /// The regions that are not in step with it, a line each.
  package let apart: [String]
  /// A move of the primary's role that has not ended; among what is undone, too.
  package let moves: [String]
  /// What else is wrong with the region itself: that another one was made primary since, and its watch.
  package let ofItself: [String]

  /// What keeps the fleet from being kept up to date.
  package var upkeep: [String] { apart + ofItself }

  /// What is wrong, a line each; empty where all is well.
  package var problems: [String] { undone + upkeep }

  /// A wish that nobody has begun with after so many seconds has been forgotten.
  private static let forgottenAfter: Int64 = 60
  /// A round of a watch that takes longer than so many seconds is worth a look.
  private static let longestRound: Int64 = 6 * 3600

  /// Looks at a region.
  /// - Throws: `RegionError`, `GitError` where it cannot be read at all.
  package init(of region: RegionRepository) throws {
    self.region = region.name
    let now = UTCText.now
    var undone: [String] = []
    let folder = try region.stateFolder()
    if !RegionLock.isHeld(folder + "/lock") {
      if try ApplyJournal.isOpen(for: region) {
        undone.append("an apply was cut off; go on: lockstep apply -C \(region.shellPlace)")
      }
      if let head = try region.head(), let live = try region.live(),
        try AuditLog(region).lacksCaptured(head, live: live)
      {
        undone.append(
          "a capture was cut off before it reached the branch; go on: lockstep capture -C \(region.shellPlace)"
        )
      }
    }
    if let push = try region.cutOffPush() {
      undone.append("\(push.message); \(push.mend(in: region.place))")
    }
    moves = try Self.openMoves(region)
    undone += moves
    let open = try UpkeepQueue(of: region).left(for: region)
    let isWorking = RegionLock.isHeld(folder + "/worker.lock")
    for task in open {
      if task.failure != nil {
        undone.append("\(task.summary): \(task.mend(in: region))")
      } else if !isWorking, task.requested < now - Self.forgottenAfter {
        undone.append("\(task.summary); do it: \(task.mend(in: region))")
      }
    }
    let told = open.filter { $0.failure != nil }.map(\.summary)
    undone += try Self.heldBack(region) { entry in told.contains { $0.contains(entry.sentence) } }
    let underWay = Set(open.filter { $0.id.kind == .mirror }.map(\.id.region))
    self.undone = undone
    let fenced = try Self.fenced(region)
    // What brings a region that another one has superseded into step is a rejoin, and no mirror.
    apart = fenced.isEmpty ? try Self.apart(region, sparing: underWay) : []
    ofItself = try fenced + Self.administrators(region) + Self.watch(region, now)
  }

  /// What no account takes as things are: of this region, and of its peers on this machine, where it is mended perhaps.
  private static func heldBack(
    _ region: RegionRepository, isTold: (HeldResources.Entry) -> Bool
  ) throws -> [String] {
    var told: Set<String> = []
    func lines(_ held: HeldResources) -> [String] {
      // What several regions hold back is one trouble.
      held.entries.filter { $0.mend != nil && !isTold($0) && told.insert($0.sentence).inserted }.map(\.line)
    }
    var found = try lines(HeldResources(of: region))
    for (name, place) in try RegionConfiguration.peers(of: region.git).sorted(by: { $0.key < $1.key }) {
      guard let peer = try? RegionRepository.open(at: place), peer.name == name,
        let held = try? HeldResources(of: peer)
      else { continue }
      found += lines(held).map { "in region \(name), \($0)" }
    }
    return found
  }

  /// A move of the primary's role that was begun and has not ended, as either region in it knows.
  private static func openMoves(_ region: RegionRepository) throws -> [String] {
    if let run = try MoveRun.read(of: region) {
      return [
        "a \(run.cause.rawValue) to \(run.to) was begun and has not ended; go on: lockstep \(run.cause.rawValue)"
          + " --resume -C \(region.shellPlace)"
      ]
    }
    guard let drain = try Drain.read(of: region) else { return [] }
    return [
      "the region is being handed over to \(drain.target), and takes no changes; if that was cut off, go on:"
        + " lockstep switchover --resume -C \(region.shellPlace)"
    ]
  }

  /// The peers on this machine with which a mirror has something to do.
  private static func apart(_ region: RegionRepository, sparing: Set<RegionName>) throws -> [String] {
    guard try region.fleet() != nil else { return try strangers(to: region, sparing: sparing) }
    let peers = try FleetPeers(of: region)
    var problems: [String] = []
    for other in peers.others where !peers.isRemote(other) && !sparing.contains(other) {
      do {
        let peer = try RegionRepository.open(at: peers.place(of: other))
        problems += try unguarded(peer, in: region)
        problems += try apart(region, peer, isExchanging: [region.name, other].contains(peers.fleet.primary))
      } catch {
        problems.append("region \(other) cannot be read: \(error)")
      }
    }
    return problems
  }

  /// That a peer lets anybody change the fleet, whose changes a region with administrators refuses to take over.
  private static func unguarded(_ peer: RegionRepository, in region: RegionRepository) throws -> [String] {
    guard try Administrators(of: peer).isEmpty, (try? Administrators(of: region))?.isEmpty == false else {
      return []
    }
    let key = RegionConfiguration.administrator
    return [
      "region \(peer.name) has no administrators, and \(region.name) has: git -C \(peer.shellPlace) config --add \(key)"
        + " \"$(git -C \(region.shellPlace) config --get \(key))\""
    ]
  }

  /// The peers on this machine whose fleet has not reached a region yet.
  private static func strangers(to region: RegionRepository, sparing: Set<RegionName>) throws -> [String] {
    var problems: [String] = []
    for (name, place) in try RegionConfiguration.peers(of: region.git).sorted(by: { $0.key < $1.key }) {
      guard !sparing.contains(name), let peer = try? RegionRepository.open(at: place), peer.name == name,
        try peer.fleet()?.regions.contains(where: { $0.name == region.name }) == true
      else { continue }
      problems.append(
        "region \(region.name) has not got the fleet that \(name) has: lockstep mirror -C \(peer.shellPlace)")
    }
    return problems
  }

  /// What keeps two regions out of step.
  /// - Parameter isExchanging: whether they mirror each other: standbys do by the primary alone.
  private static func apart(
    _ region: RegionRepository, _ peer: RegionRepository, isExchanging: Bool
  ) throws -> [String] {
    let notInStep = "regions \(region.name) and \(peer.name) are not in step"
    let mirror = "lockstep mirror -C \(region.shellPlace)"
    guard try peer.mirrored(of: peer.head()) == region.mirrored(of: region.head()) else {
      return ["\(notInStep): \(mirror)"]
    }
    guard isExchanging else { return [] }
    do {
      // Commits that change nothing in sum are mirrored like all others.
      let isInStep =
        try Mirror.backlog(from: peer, to: region) == 0 && Mirror.backlog(from: region, to: peer) == 0
      return isInStep ? [] : ["\(notInStep): \(mirror)"]
    } catch {
      return ["\(notInStep), and cannot be mirrored; see why: \(mirror) --dry-run"]
    }
  }

  /// Whether another region was made primary since, as the peers on this machine say.
  private static func fenced(_ region: RegionRepository) throws -> [String] {
    let fence = try Fence(of: region)
    let standing = try fence.standing(asking: .thisMachine)
    guard standing.isFenced, let refusal = try fence.refusal(of: "every change", standing) else { return [] }
    return [[refusal.message, refusal.hint].compactMap(\.self).joined(separator: "; ")]
  }

  /// A setting because of which no push is accepted.
  private static func administrators(_ region: RegionRepository) throws -> [String] {
    do { _ = try Administrators(of: region) } catch let error as RegionError {
      return [[error.message, error.hint].compactMap(\.self).joined(separator: "; ")]
    }
    return []
  }

  private static func watch(_ region: RegionRepository, _ now: Int64) throws -> [String] {
    guard let heartbeat = try Heartbeat.read(of: region), heartbeat.state != .stopped else { return [] }
    guard RegionLock.isHeld(try Heartbeat.lockPath(of: region)) else {
      return [
        "the watch has ended without being asked to, after \(UTCText.of(heartbeat.since)):"
          + " lockstep watch -C \(region.shellPlace)"
      ]
    }
    let limit = heartbeat.state == .working ? longestRound : 3 * heartbeat.interval + forgottenAfter
    let failures = heartbeat.failures.map { "the watch cannot go on: \($0)" }
    guard heartbeat.since < now - limit else { return failures }
    return failures + [
      "the watch (process \(heartbeat.process)) is \(heartbeat.state.rawValue) since"
        + " \(UTCText.of(heartbeat.since))"
    ]
  }
}
