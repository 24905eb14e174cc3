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
      for _ in 0..<Int.random(in: 10...40, using: &world.random) { try await step(world, &log) }
      if world.model.fleet == nil { try world.beginFleet() }
      try settle(world, &log)
      for name in world.names { try check(name, in: world) }
    } catch {
      Issue.record("seed \(seed): \(error)\n\(log.joined(separator: "\n"))")
    }
  }

  private func step(_ world: World, _ log: inout [String]) async throws {
    let name = try world.pick(world.names)
    let other = try world.pick(world.names.filter { $0 != name })
    let prefer = try world.pick(Model.Prefer.allCases)
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
    case 10, 11:
      log.append("capture \(name)")
      try await world.capture(name)
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
      log.append("mirror \(name) -> \(other), prefer \(prefer)")
      try world.mirror(name, to: other, prefer: prefer)
    }
    try compare(name, in: world)
    try compare(other, in: world)
  }

  /// Exchanges until nothing moves; within as many rounds as there are regions.
  private func settle(_ world: World, _ log: inout [String]) throws {
    let (center, others) = (world.names[0], world.names.dropFirst())
    for round in 1...world.names.count + 1 {
      log.append("round \(round)")
      var isQuiet = true
      for (from, to) in others.map({ ($0, center) }) + others.map({ (center, $0) }) {
        if try world.mirror(from, to: to, prefer: .source) != .current { isQuiet = false }
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
    let region = try world.region(name)
    var found: [String: Int] = [:]
    try TreeWalk.changes(from: nil, to: region.mirrored(of: world.head(name)), in: region.git) { change in
      guard let entry = change.new, ResourcePath.kind(ofPath: change.path) != nil else { return }
      let resource = try MirroredDocument.resource(bytes: region.git.read(entry.id).bytes, path: change.path)
      found[resource.id.name] = resource.properties["n"]?.int64Value.map { Int($0) }
    }
    guard found == world.model[name].values else {
      throw World.Wrong("\(name) has \(found) instead of \(world.model[name].values)")
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
