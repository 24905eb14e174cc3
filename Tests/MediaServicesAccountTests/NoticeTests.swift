import CanonicalJSON
import Foundation
import LiveAccount
import MediaResources
import Support
import Synchronization
import Testing

@testable import MediaServicesAccount

/// What a person is told while a service is asked in vain.
@Suite struct NoticeTests {
  /// Keeps what is said.
  private final class Words: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func hear(_ line: String) { lines.withLock { $0.append(line) } }
  }

  @Test func `a service that cannot be reached is named after some seconds, then seldom, and until when`()
    async throws
  {
    let words = Words()
    let port = try Loopback.freePort()
    let settings = try MediaServicesSettings(
      url: "http://127.0.0.1:\(port)", entries: ServiceStandIn.entries("azure"))
    let account = MediaServicesAccount(
      settings: settings, transport: Program.http(connections: 2, stallSeconds: 5), budgetPath: nil,
      clock: .hasty(isHeld: true), environment: { _ in "good" }, cancellation: Cancellation(),
      notices: words.hear)
    // Several at once are one trouble.
    await withTaskGroup(of: Void.self) { group in
      for kind in [ResourceKind.asset, .accountFilter, .streamingPolicy] {
        group.addTask {
          let error = await #expect(throws: AccountError.self) { _ = try await account.list(kind) }
          #expect(error?.code == .io)
        }
      }
    }
    // 300 seconds each, on a clock that passes at once.
    #expect((2...30).contains(words.all.count), "\(words.all)")
    for line in words.all {
      #expect(line.contains("http://127.0.0.1:\(port) cannot be reached: Connection refused"), "\(line)")
      #expect(line.contains(try Regex(#"^trying until \d\d:\d\d:\d\d: "#)), "\(line)")
    }
  }

  @Test func `a service that asks for patience is named, and what passes at once is not told`() async throws {
    let service = try ServiceStandIn()
    let words = Words()
    let account = try service.account(throughProxy: true, clock: .hasty(isHeld: true), notices: words.hear)
    try await service.spoil(seed: 2, rate: 0.1, kinds: ["503", "reset"])
    for _ in 0..<40 { _ = try await account.list(.accountFilter) }
    #expect(try await service.passed()["counts"]?.objectValue?.isEmpty == false)
    #expect(words.all == [])
    try await service.spoil(seed: 1, rate: 1, kinds: ["503-retry-after"])
    await #expect(throws: AccountError.self) { _ = try await account.list(.accountFilter) }
    #expect((1...6).contains(words.all.count), "\(words.all)")
    for line in words.all {
      #expect(
        line.contains(try Regex(#"^waiting until \d\d:\d\d:\d\d, as the service asks: .*503"#)), "\(line)")
    }
  }

  @Test func `a write in doubt that is tried again is told, too`() async throws {
    let service = try ServiceStandIn()
    let words = Words()
    let account = try service.account(
      throughProxy: true, [.deadlineSeconds: "60"], clock: .hasty(isHeld: true), notices: words.hear)
    try await service.spoil(seed: 1, rate: 1, kinds: ["500"])
    await #expect(throws: AccountError.self) { try await account.create(Samples.asset("film")) }
    #expect(words.all.contains { $0.hasPrefix("trying until ") && $0.contains("500") }, "\(words.all)")
  }

  @Test func `the program says it on standard error, and its JSON stays whole`() async throws {
    let service = try ServiceStandIn()
    let folder = try TemporaryFolder()
    let made = try Program.run(
      Program.lockstep,
      [
        "init", folder["east"], "--region", "east", "--account",
        "media-services:http://127.0.0.1:\(service.proxyPort)", "--user", "Tess <t@e.com>", "--profile",
        "azure",
        "--subscription", "s", "--resource-group", "g", "--account-name", "a", "--setting",
        "authentication=token", "--setting", "contents=false",
      ])
    try #require(made.status == 0, "\(made.errors)")
    try await service.spoil(seed: 1, rate: 1, kinds: ["503"])
    let child = try Program.start(
      Program.lockstep, ["capture", "-C", folder["east"], "--json"], environment: ["LOCKSTEP_TOKEN": "good"])
    #expect(
      waitUntil { (try? child.files.read("errors"))?.contains("trying until") == true || !child.isRunning })
    try await service.spoil(seed: 1, rate: 0)
    let outcome = try child.outcome()
    #expect(outcome.status == 0, "\(outcome.errors)")
    let line = try #require(outcome.errors.split(separator: "\n").first { $0.contains("trying until") })
    #expect(line.contains("http://127.0.0.1:\(service.proxyPort) said 503"), "\(line)")
    #expect(try JSONValue.parse(Array(outcome.output.utf8)).objectValue != nil, "\(outcome.output)")
  }
}
