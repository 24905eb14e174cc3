import RegionRepository
import Synchronization
import Testing

@testable import Traffic

/// A switch in memory that fails when it is told to; what it stands for is in LockstepTests, with the real ones.
private final class MemorySwitch: TrafficSwitch {
  let service: Fleet.Service
  let place: String
  private let roles: Mutex<[RegionName: TrafficRole]>
  private let budget: FailingBudget

  init(_ service: Fleet.Service, _ number: Int, _ roles: [RegionName: TrafficRole], _ budget: FailingBudget) {
    self.service = service
    place = "switch \(number)"
    self.roles = Mutex(roles)
    self.budget = budget
  }

  var now: [RegionName: TrafficRole] { roles.withLock { $0 } }

  func read() async throws(TrafficError) -> [RegionName: RegionTraffic] {
    now.mapValues { RegionTraffic(role: $0, health: .up) }
  }

  func goal(
    of wish: TrafficWish, from reading: [RegionName: RegionTraffic]
  ) -> (roles: [RegionName: TrafficRole], notes: [String]) {
    (Dictionary(uniqueKeysWithValues: reading.keys.map { ($0, wish.role(of: $0)) }), [])
  }

  func set(_ wished: [RegionName: TrafficRole]) async throws(TrafficError) {
    try budget.spend(at: place)
    roles.withLock { $0 = wished }
  }
}

/// Lets the calls with certain numbers fail.
private final class FailingBudget: Sendable {
  private let count = Mutex(0)
  private let failing: @Sendable (Int) -> Bool

  init(_ failing: @escaping @Sendable (Int) -> Bool) { self.failing = failing }

  func spend(at place: String) throws(TrafficError) {
    let number = count.withLock { count in
      count += 1
      return count
    }
    if failing(number) { throw TrafficError(.unreachable, "\(place) does not answer") }
  }
}

private struct MemoryProvider: TrafficProvider {
  let items: [MemorySwitch]
  var name: String { "memory" }
  var option: String { "-C memory" }
  var isByHand: Bool { false }
  func switches(for fleet: Fleet) throws(TrafficError) -> [any TrafficSwitch] { items }
  func rendered(_ fleet: Fleet) throws(TrafficError) -> [UInt8] { [] }
  func apply(_ fleet: Fleet) async throws(TrafficError) -> [String] { [] }
}

@Suite struct MoveTests {
  private let east: RegionName
  private let west: RegionName
  private let fleet: Fleet

  init() throws {
    east = try #require(Fleets.east)
    west = try #require(Fleets.west)
    fleet = try Fleets.two(ports: [1, 2, 3, 4])
  }

  private func switches(_ failing: @escaping @Sendable (Int) -> Bool) -> [MemorySwitch] {
    let budget = FailingBudget(failing)
    let before: [RegionName: TrafficRole] = [east: .active, west: .backup]
    return [.origin, .origin, .keyDelivery, .keyDelivery].enumerated().map {
      MemorySwitch($0.element, $0.offset, before, budget)
    }
  }

  @Test(arguments: 1...5) func `whichever switch fails, all move or none does`(failing: Int) async throws {
    let items = switches { $0 == failing }
    let traffic = try Traffic(of: fleet, by: MemoryProvider(items: items))
    let plan = try await traffic.plan(TrafficWish(active: west, exceptions: [east: .off]))
    #expect(plan.steps.count == 4)
    if failing <= 4 {
      let error = await #expect(throws: TrafficError.self) { try await traffic.move(plan) { _ in } }
      #expect(error?.code == .undone)
      #expect(error?.message.contains("switch \(failing - 1)") == true)
      for item in items { #expect(item.now == [east: .active, west: .backup], "\(item.place)") }
    } else {
      try await traffic.move(plan) { _ in }
    }
    let again = try await traffic.plan(TrafficWish(active: west, exceptions: [east: .off]))
    if !again.isEmpty { try await traffic.move(again) { _ in } }
    for item in items { #expect(item.now == [east: .off, west: .active], "\(item.place)") }
    #expect(try await traffic.plan(again.wish).isEmpty, "the same again changes nothing")
  }

  @Test(arguments: 2...4) func `what cannot be moved back is named`(failing: Int) async throws {
    let items = switches { $0 >= failing }
    let traffic = try Traffic(of: fleet, by: MemoryProvider(items: items))
    let plan = try await traffic.plan(TrafficWish(active: west))
    let thrown = await #expect(throws: TrafficError.self) { try await traffic.move(plan) { _ in } }
    let error = try #require(thrown)
    #expect(error.code == .incomplete)
    for (number, item) in items.enumerated() {
      #expect(item.now[west] == (number < failing - 1 ? .active : .backup))
      #expect(
        error.message.contains("\(item.place) stays changed") == (number < failing - 1), "\(error.message)")
    }
    #expect(error.hint?.contains("lockstep traffic show") == true)
  }

  @Test func `a switch that changed since the plan stops the move before it begins`() async throws {
    let items = switches { _ in false }
    let traffic = try Traffic(of: fleet, by: MemoryProvider(items: items))
    let plan = try await traffic.plan(TrafficWish(active: west))
    try await items[3].set([east: .off, west: .active])
    let error = await #expect(throws: TrafficError.self) { try await traffic.move(plan) { _ in } }
    #expect(error?.code == .refused)
    for item in items.dropLast() { #expect(item.now[east] == .active) }
  }

  @Test func `a region without a place is refused`() async throws {
    let traffic = try Traffic(of: fleet, by: MemoryProvider(items: switches { _ in false }))
    let north = try #require(RegionName("north"))
    let error = await #expect(throws: TrafficError.self) {
      try await traffic.plan(TrafficWish(active: north))
    }
    #expect(error?.code == .refused)
  }
}
