import CanonicalJSON
import Foundation
import LiveAccount
import MediaResources
import Planning
import Support
import Synchronization
import Testing

@testable import MediaServicesAccount

@Suite struct BudgetTests {
  private static let writes: [Billing: ServiceProfile.Allowance] = [
    .write: ServiceProfile.Allowance(count: 1_200, periodSeconds: 3_600)
  ]

  @Test func `no hour ever sees more requests than are allowed`() throws {
    let time = Mutex(1_000_000.0)
    let budget = RequestBudget(allowances: Self.writes, path: nil, now: { time.withLock { $0 } })
    var sent: [Double] = []
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<6_000 {
      let wait = try budget.take(.write)
      time.withLock { $0 += wait }
      sent.append(time.withLock { $0 })
      // Now and then nobody asks for a while, and the bucket fills.
      if Int.random(in: 0..<500, using: &generator) == 0 { time.withLock { $0 += 2_000 } }
    }
    var start = 0
    for (index, moment) in sent.enumerated() {
      while sent[start] < moment - 3_600 { start += 1 }
      #expect(index - start + 1 <= 1_201)
    }
  }

  @Test func `two runs within an hour share one budget`() throws {
    let folder = try TemporaryFolder()
    let one = RequestBudget(allowances: Self.writes, path: folder["budget"], now: { 1_000_000 })
    for _ in 0..<300 { #expect(try one.take(.write) == 0) }
    let two = RequestBudget(allowances: Self.writes, path: folder["budget"], now: { 1_000_004 })
    // Four seconds have brought one back.
    #expect(try two.take(.write) == 0)
    #expect(try two.take(.write) > 3.9)
  }

  @Test func `what a service asked for holds for the next run too`() throws {
    let folder = try TemporaryFolder()
    let one = RequestBudget(allowances: Self.writes, path: folder["budget"], now: { 1_000_000 })
    try one.pause(.write, seconds: 60)
    let two = RequestBudget(allowances: Self.writes, path: folder["budget"], now: { 1_000_010 })
    #expect(try two.take(.write) == 50)
    #expect(try two.take(.read) == 0)
  }

  @Test func `who stops waiting gives back what was not sent`() async throws {
    let folder = try TemporaryFolder()
    let service = try ServiceStandIn()
    /// An account whose run is stopped as soon as it waits for anything but an answer.
    func account() throws -> MediaServicesAccount {
      let stopped = Cancellation()
      return try service.account(
        "azure", [.writesPerHour: "20"],
        clock: ServiceClock(
          now: { 1_000_000 },
          sleep: { seconds in
            guard seconds < RESTLimits.attemptSeconds else { return try await Task.sleep(for: .seconds(20)) }
            stopped.cancel()
          }, random: { 0 }), budgetPath: folder["budget"], cancellation: stopped)
    }
    let budget = try account().client.budget
    for _ in 0..<5 { #expect(try budget.take(.write) == 0) }
    let forecast = try budget.seconds(for: 1, .write)?.seconds
    for number in 0..<3 {
      let error = await #expect(throws: AccountError.self) {
        try await account().create(Samples.resource(.accountFilter, "f\(number)", Samples.range))
      }
      #expect(error?.code == .interrupted)
    }
    #expect(try budget.seconds(for: 1, .write)?.seconds == forecast)
    #expect(try await service.state()["effects"] == [])
  }

  @Test func `a wait that the service asked for is told as such, by a later run too`() async throws {
    let folder = try TemporaryFolder()
    let words = Mutex<[String]>([])
    let service = try ServiceStandIn()
    let clock = ServiceClock.hasty(isHeld: true)
    func account() throws -> MediaServicesAccount {
      try service.account(
        clock: clock, budgetPath: folder["budget"], notices: { line in words.withLock { $0.append(line) } })
    }
    try account().client.budget.pause(.read, seconds: 3_000)
    _ = try await account().list(.accountFilter)
    let said = words.withLock { $0 }
    #expect(said.count == 1, "\(said)")
    #expect(said.first?.contains("the service asked for no reads before then") == true, "\(said)")
    #expect(said.first?.contains(folder["budget"]) == true && said.first?.contains("allowed") == false)
  }

  @Test func `who would not wait long is told until when nothing is asked`() async throws {
    let folder = try TemporaryFolder()
    let service = try ServiceStandIn()
    func account() throws -> MediaServicesAccount {
      MediaServicesAccount(
        settings: try MediaServicesSettings(
          url: "http://127.0.0.1:\(service.proxyPort)", entries: ServiceStandIn.entries("azure")
        ).waiting(atMost: 0.01),
        transport: Program.http(connections: 2, stallSeconds: 60), budgetPath: folder["budget"],
        environment: { _ in "good" }, cancellation: Cancellation(), notices: { _ in })
    }
    try await service.spoil(seed: 1, rate: 1, kinds: ["429-retry-after"])
    let refused = await #expect(throws: AccountError.self) { _ = try await account().list(.accountFilter) }
    #expect(refused?.message.contains("429") == true, "\(String(describing: refused))")
    try await service.spoil(seed: 1, rate: 0)
    try account().client.budget.pause(.read, seconds: 4_000)
    let held = await #expect(throws: AccountError.self) { _ = try await account().list(.accountFilter) }
    let words = held?.message ?? ""
    #expect(
      words.contains("not asked for before") && words.contains("the service asked for that")
        && words.contains(folder["budget"]), "\(words)")
  }

  @Test func `a damaged budget file counts as a full bucket`() throws {
    let folder = try TemporaryFolder()
    try folder.write("write nan 0 0\nwhat is this\n\u{0}", to: "budget")
    let budget = RequestBudget(allowances: Self.writes, path: folder["budget"], now: { 1 })
    #expect(try budget.take(.write) == 0)
  }

  @Test func `a plan says what it costs, and an apply makes just that many requests`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    var steps: [PlanStep] = []
    func add(_ action: PlanStep.Action, _ live: Resource?, _ wanted: Resource?) throws {
      let id = try #require(live ?? wanted).id
      steps.append(
        PlanStep(action: action, change: ResourceChange(id: id, live: live, wanted: wanted), phase: 1))
    }
    let policy = try Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0"))
    var other = policy
    other.properties["description"] = "changed"
    let asset = try Samples.asset("film")
    let keys = [Samples.key("clearKeyDefault")]
    let locator = try Samples.locator("one", of: "film", number: 1, policy: "Predefined_ClearKey", keys: keys)
    var moved = locator
    moved.properties["alternativeMediaId"] = "x"
    try add(.create, nil, policy)
    try add(.create, nil, asset)
    try add(.create, nil, locator)
    try add(.replace, policy, other)
    try add(.replace, locator, moved)
    try add(.delete, moved, nil)
    try add(.delete, asset, nil)
    let forecast = try #require(try await account.forecast(of: steps))
    for step in steps {
      _ = try await account.read(step.id)
      switch (step.action, step.change.wanted) {
      case (.create, let wanted?): try await account.create(wanted)
      case (.replace, let wanted?): try await account.replace(wanted)
      default: try await account.delete(step.id)
      }
    }
    let requests = try await service.state()["requests"]
    func count(_ name: String) -> Int { Int(requests?[name]?.int64Value ?? 0) }
    #expect(forecast.reads == count("reads"))
    #expect(forecast.writes == count("writes") + count("resource-requests"))
    #expect(forecast.deletes == count("deletes"))
  }

  @Test func `a forecast says the number, what is allowed, and the time`() async throws {
    let settings = try MediaServicesSettings(
      url: "https://example.com",
      entries: ServiceStandIn.entries("azure", [.writesPerHour: "1200"]))
    let account = MediaServicesAccount(
      settings: settings, transport: Program.http(connections: 1, stallSeconds: 1), budgetPath: nil,
      environment: { _ in nil }, cancellation: .init(), notices: { _ in })
    let steps = try (0..<1_412).map { number in
      let filter = try Samples.resource(.accountFilter, "f\(number)", Samples.range)
      return PlanStep(
        action: .create, change: ResourceChange(id: filter.id, live: nil, wanted: filter), phase: 1)
    }
    let forecast = try #require(try await account.forecast(of: steps))
    #expect(
      forecast.sentence
        == "this apply needs 1 412 writes, 2 824 reads; 1 200 writes an hour are allowed: about 74 minutes")
    // A quarter at once, the rest at 900 an hour.
    #expect(Int(forecast.seconds) == 1_112 * 4)
  }

  @Test func `a forecast names what comes nearest to its limit, and one of a sort as one`() async throws {
    let settings = try MediaServicesSettings(
      url: "https://example.com", entries: ServiceStandIn.entries("azure", [.writesPerHour: "1200"]))
    let account = MediaServicesAccount(
      settings: settings, transport: Program.http(connections: 1, stallSeconds: 1), budgetPath: nil,
      environment: { _ in nil }, cancellation: .init(), notices: { _ in })
    let filter = try Samples.resource(.accountFilter, "f", Samples.range)
    #expect(
      try await account.forecast(of: [step(nil, filter)])?.sentence
        == "this apply needs 1 write, 2 reads; 1 200 writes an hour are allowed: no wait")
    #expect(
      try await account.forecast(of: [step(filter, nil)])?.sentence
        == "this apply needs 1 delete, 1 read; 15 000 deletes an hour are allowed: no wait")
  }

  @Test func `a forecast counts the ways to files, where the service signs them`() async throws {
    let steps = try (0..<10).map { number in
      let files = try Samples.resource(.content, "film \(number)", ["files": []])
      return PlanStep(
        action: .create, change: ResourceChange(id: files.id, live: nil, wanted: files), phase: 1)
    }
    for (profile, writes) in [("azure", 20), ("mkio", 0)] {
      let settings = try MediaServicesSettings(
        url: "https://example.com", entries: ServiceStandIn.entries(profile, [.contents: "true"]))
      let account = MediaServicesAccount(
        settings: settings, transport: Program.http(connections: 1, stallSeconds: 1), budgetPath: nil,
        environment: { _ in nil }, cancellation: .init(), notices: { _ in })
      #expect(try await account.forecast(of: steps)?.writes == writes)
    }
  }
}
