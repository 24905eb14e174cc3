import CanonicalJSON
import Foundation
import Git
import MediaResources
import RegionRepository
import Support
import Testing

@testable import Replay

/// Fleets of two and three regions in which anything may happen in any order, compared with a simple model.
///
/// `LOCKSTEP_SEEDS=1-1000 swift test --filter RandomFleetTests` runs more of them.
@Suite struct RandomFleetTests {
  static let seeds: [UInt64] = {
    let bounds = (ProcessInfo.processInfo.environment["LOCKSTEP_SEEDS"] ?? "1-50").split(separator: "-")
      .compactMap {
        UInt64($0)
      }
    guard bounds.count == 2, bounds[0] <= bounds[1] else { return [1] }
    return Array(bounds[0]...bounds[1])
  }()

  @Test(arguments: seeds)
  func `invariants 2, 3, 8 and 10: regions agree with the model, and settle`(seed: UInt64) async throws {
    let world = try World(seed: seed, regions: seed % 2 == 0 ? 2 : 3)
    var log: [String] = []
    do {
      if seed % 3 != 0 { try world.beginFleet() }
      for _ in 0..<Int.random(in: 10...40, using: &world.random) { try await step(world, seed: seed, &log) }
      if world.model.fleet == nil { try world.beginFleet() }
      try settle(world, &log)
      for name in world.names { try check(name, in: world) }
    } catch {
      Issue.record("seed \(seed): \(error)\n\(log.joined(separator: "\n"))")
    }
  }

  private func step(_ world: World, seed: UInt64, _ log: inout [String]) async throws {
    let name = try world.pick(world.names)
    let other = try world.pick(world.names.filter { $0 != name })
    let isCaptured = seed % 2 == 0
    switch Int.random(in: 0..<20, using: &world.random) {
    case 0..<5:
      log.append("commit \(name)")
      try world.commit(name)
    case 5:
      log.append("empty \(name)")
      try world.empty(name)
    case 6, 7:
      log.append("local \(name)")
      try world.local(name)
    case 8, 9:
      log.append("merge in \(name)")
      try world.sideMerge(name)
    case 10...11 where isCaptured:
      log.append("capture \(name)")
      try await world.capture(name)
    case 10:
      log.append("apply \(name)")
      try world.apply(name)
    case 12:
      log.append("roll back in \(name)")
      try world.rollback(name)
    case 13:
      log.append("forget \(name)")
      try world.forget(name)
    case 14:
      log.append("cut off \(name) -> \(other)")
      try world.cutOff(name, to: other)
    default:
      let (prefer, words) = (world.randomPreference(), world.isLucky(1, of: 2) ? Form.identified : [])
      let outcome = try world.mirror(name, to: other, prefer: prefer, allowing: words)
      log.append("mirror \(name) -> \(other), prefer \(prefer), allowing \(words): \(outcome)")
    }
    try compare(name, in: world)
    try compare(other, in: world)
  }

  /// Exchanges until nothing moves; within as many rounds as there are regions.
  ///
  /// A person says what counts, and lets identity change where that is asked for.
  private func settle(_ world: World, _ log: inout [String]) throws {
    let (center, others) = (world.names[0], world.names.dropFirst())
    var prefer = Model.Prefer(all: .source)
    for name in Form.identified { prefer.named[name] = .source }
    for round in 1...world.names.count + 1 {
      log.append("round \(round)")
      var isQuiet = true
      for (from, to) in others.map({ ($0, center) }) + others.map({ (center, $0) }) {
        let outcome = try world.mirror(from, to: to, prefer: prefer, allowing: Form.identified)
        log.append("mirror \(from) -> \(to): \(outcome)")
        if outcome != .current { isQuiet = false }
      }
      if isQuiet {
        let trees = try Set(world.names.map { try world.region($0).mirrored(of: world.head($0)) })
        guard trees.count == 1 else { throw World.Wrong("settled, and the trees differ") }
        return
      }
    }
    throw World.Wrong("not settled after \(world.names.count) rounds")
  }

  /// Whether a region holds what the model says.
  private func compare(_ name: String, in world: World) throws {
    let found = try world.forms(of: name)
    let expected = world.model[name].values
    guard found == expected else {
      let names = Set(found.keys).union(expected.keys).filter { found[$0] != expected[$0] }.sorted()
      let lines = names.map {
        "\($0): \(String(describing: found[$0])), not \(String(describing: expected[$0]))"
      }
      throw World.Wrong("\(name) has \(lines.joined(separator: "; "))")
    }
  }

  /// Every image is the one that its original gives, in `mirrored/` and in every byte, and no change is there twice.
  private func check(_ name: String, in world: World) throws {
    let region = try world.region(name)
    var origins: Set<SourceTrailer> = []
    for id in try region.git.commits(reachableFrom: [world.head(name)], hiding: []) {
      let commit = try RawCommit(bytes: region.git.read(id).bytes)
      guard let origin = SourceTrailer(of: commit) else { continue }
      guard origins.insert(origin).inserted else { throw World.Wrong("\(name) replayed \(origin) twice") }
      guard origin.region.text != name else { throw World.Wrong("\(name) replayed its own \(origin.commit)") }
      guard try Image.isHonest(commit, trailer: origin, in: region.git) else {
        throw World.Wrong("\(name): \(id) is not the image of \(origin)")
      }
    }
    let outcome = try Program.run("git", ["fsck", "--strict", "--no-dangling"], in: region.place)
    guard outcome.status == 0 else { throw World.Wrong("git fsck: \(outcome.errors)") }
  }
}
