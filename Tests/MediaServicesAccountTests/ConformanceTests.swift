import AccountConformance
import CanonicalJSON
import Foundation
import LiveAccount
import Support
import Testing

@testable import MediaServicesAccount

@Suite struct ConformanceTests {
  @Test func `an account behind a REST API does what every live account must`() async throws {
    let service = try ServiceStandIn()
    try await AccountConformance(service.account(), storageAccount: "mainstorage").run()
  }

  @Test func `a service with tokens that end soon and with faults does what every live account must`()
    async throws
  {
    let service = try ServiceStandIn()
    try await service.control(["tokenSeconds": 2])
    try await service.spoil(seed: 7, rate: 0.1)
    let account = try service.account(
      throughProxy: true,
      [
        .authentication: "clientCredentials", .tenant: "t", .clientID: "c",
        .authority: "http://127.0.0.1:\(service.proxyPort)",
      ])
    try await AccountConformance(account, storageAccount: "mainstorage").run()
    let state = try await service.state()
    #expect(state["issued"]?.int64Value ?? 0 > 1)
  }

  @Test func `a region that the built server serves does what every live account must`() async throws {
    let server = try BuiltServer(account: "east", in: TemporaryFolder())
    try await AccountConformance(server.account(), storageAccount: "mainstorage").run()
  }
}
