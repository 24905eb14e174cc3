import CanonicalJSON
import Foundation
import LiveAccount
import MediaResources
import Support
import Testing

@testable import MediaServicesAccount

/// Requests through a proxy that spoils them: everything arrives, and nothing twice.
@Suite(.serialized) struct FaultTests {
  /// How many schedules run: all 1,000 take some minutes.
  private static let schedules =
    ProcessInfo.processInfo.environment["LOCKSTEP_FAULT_SCHEDULES"].flatMap(Int.init) ?? 50

  private static func resources(_ seed: Int) throws -> [Resource] {
    let keys: JSONValue = [
      [
        "id": "a0000000-0000-0000-0000-000000000001", "labelReferenceInStreamingPolicy": "cencKeyDefault",
        "value": "dmFsdWG=",
      ]
    ]
    return [
      try Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0")),
      try Samples.resource(
        .streamingPolicy, "clear", Samples.clearPolicy),
      try Samples.resource(
        .asset, "film \(seed)", ["container": "film", "storageAccountName": "mainstorage"]),
      try Samples.resource(.assetFilter, "f", Samples.range, of: "film \(seed)"),
      try Samples.resource(
        .streamingLocator, "one",
        [
          "assetName": .string("film \(seed)"), "contentKeys": keys, "defaultContentKeyPolicyName": "tokens",
          "streamingLocatorId": "b0000000-0000-0000-0000-000000000001",
          "streamingPolicyName": "Predefined_MultiDrmCencStreaming",
        ]),
      try Samples.resource(
        .streamingLocator, "two",
        [
          "assetName": .string("film \(seed)"), "filters": ["f"],
          "streamingLocatorId": "b0000000-0000-0000-0000-000000000002", "streamingPolicyName": "clear",
        ]),
    ]
  }

  /// A schedule: make everything, change some, take some away; then nothing must be left to do.
  private func run(_ seed: Int, _ service: ServiceStandIn, kinds: [String]? = nil) async throws {
    try await service.control(["reset": true])
    try await service.spoil(seed: seed, rate: 0.3, kinds: kinds)
    let account = try service.account(
      throughProxy: true,
      [
        .authentication: "clientCredentials", .tenant: "t", .clientID: "c", .deadlineSeconds: "100000",
        .authority: "http://127.0.0.1:\(service.proxyPort)",
      ], clock: .hasty(seed: UInt64(seed)))
    let resources = try Self.resources(seed)
    for resource in resources { try await account.create(resource) }
    for resource in resources { try await Samples.expect(resource, in: account) }
    var policy = resources[0]
    policy.properties["description"] = "changed"
    try await account.replace(policy)
    var locator = resources[4]
    locator.properties["alternativeMediaId"] = "other"
    try await account.replace(locator)
    try await account.delete(resources[5].id)
    try await Samples.expect(policy, in: account)
    try await Samples.expect(locator, in: account)
    #expect(try await account.read(resources[5].id) == nil)
    #expect(try await account.list(.streamingLocator).count == 1)
    let state = try await service.state()
    let effects = (state["effects"]?.arrayValue ?? []).map { effect in
      (effect.arrayValue ?? []).map { $0.stringValue ?? "" }.joined(separator: " ")
    }
    #expect(
      effects == [
        "create contentKeyPolicies  tokens", "create streamingPolicies  clear", "create assets  film \(seed)",
        "create assetFilters film \(seed) f", "create streamingLocators  one",
        "create streamingLocators  two",
        "change contentKeyPolicies  tokens", "delete streamingLocators  one", "create streamingLocators  one",
        "delete streamingLocators  two",
      ], "seed \(seed)")
  }

  @Test func `random schedules of faults end where none would, and nothing happens twice`() async throws {
    let service = try ServiceStandIn()
    for seed in 1...Self.schedules { try await run(seed, service) }
    if Self.schedules >= 20 {
      let passed = try await service.passed()
      #expect(passed["counts"] != nil)
    }
  }

  @Test(arguments: [
    "429", "429-retry-after", "500", "500-after", "503", "503-retry-after", "503-after", "reset",
    "reset-after", "half",
    "half-after", "expire",
  ])
  func `a fault of each sort is got over`(_ kind: String) async throws {
    let service = try ServiceStandIn()
    try await run(1_000, service, kinds: [kind])
    #expect(try await service.passed()["counts"]?[kind]?.int64Value ?? 0 > 0)
  }

  @Test func `a service that stalls is asked again`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account(throughProxy: true, clock: .hasty(stallSeconds: 1))
    try await service.spoil(seed: 3, rate: 0.4, kinds: ["stall"], stall: 4)
    let asset = try Samples.resource(
      .asset, "film", ["container": "film", "storageAccountName": "mainstorage"])
    try await account.create(asset)
    try await account.replace(asset)
    try await Samples.expect(asset, in: account)
    #expect(try await service.passed()["counts"]?["stall"]?.int64Value ?? 0 > 0)
    let effects = try await service.state()["effects"]?.arrayValue ?? []
    #expect(effects.count == 1)
  }

  @Test func `a replacement that ends between deletion and creation says so`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account(
      throughProxy: true, [.deadlineSeconds: "30"], clock: .hasty(isHeld: true))
    try await account.create(Samples.asset("film"))
    let locator = try Samples.locator("one", of: "film", number: 1)
    try await account.create(locator)
    var other = locator
    other.properties["alternativeMediaId"] = "other"
    try await service.spoil(seed: 1, rate: 1, kinds: ["503"], methods: ["PUT"])
    let error = await #expect(throws: AccountError.self) { try await account.replace(other) }
    #expect(error?.code == .io && error?.message.contains("503") == true, "\(String(describing: error))")
    #expect(error?.message.contains("locator/one is deleted") == true, "\(String(describing: error))")
    #expect(try await account.read(locator.id) == nil)
    try await service.spoil(seed: 1, rate: 0)
    try await account.replace(other)
    try await Samples.expect(other, in: account)
  }

  @Test func `connections are kept and used again`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account(throughProxy: true)
    try await service.spoil(seed: 0, rate: 0)
    for _ in 0..<50 { _ = try await account.list(.accountFilter) }
    // One of the account, one of the question itself.
    #expect(try await service.passed()["connections"]?.int64Value ?? 99 <= 4)
  }
}
