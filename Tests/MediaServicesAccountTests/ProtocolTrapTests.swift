import CanonicalJSON
import LiveAccount
import MediaResources
import Planning
import Support
import Testing

@testable import MediaServicesAccount

/// Names, numbers, lists and long operations: what is known to go wrong with the real services.
///
/// Each test names the trap's number in the list of facts.
@Suite struct ProtocolTrapTests {
  @Test func `8: 64-bit timestamps arrive digit for digit, and a profile with 32 bits refuses them`()
    async throws
  {
    let service = try ServiceStandIn()
    let account = try service.account()
    let filter = try Samples.resource(.accountFilter, "f", Samples.range)
    try await account.create(filter)
    try await Samples.expect(filter, in: account)
    let narrow = try service.account("mkio")
    #expect(narrow.obstacles(to: try step(nil, filter)).first?.contains("9223372036854775807") == true)
    await #expect(throws: AccountError.self) { try await narrow.create(filter) }
  }

  @Test
  func `22: links to the next page are followed verbatim, relative ones too, and never to another host`()
    async throws
  {
    let service = try ServiceStandIn()
    for flavour in ["azure", "mkio"] {
      try await service.control(["reset": true, "flavour": .string(flavour)])
      let account = try service.account(flavour)
      for number in 0..<10 {
        try await account.create(
          Samples.resource(.accountFilter, "f \(number)", ["firstQuality": ["bitrate": 1]]))
      }
      try await service.control(["forget": true])
      #expect(try await account.list(.accountFilter).count == 10)
      #expect(try await asked(service).count == 4)
    }
    try await service.control(["nextLink": "https://elsewhere.example/next"])
    let error = await #expect(throws: AccountError.self) {
      _ = try await service.account().list(.accountFilter)
    }
    #expect(error?.message.contains("elsewhere.example") == true)
    try await service.control(["nextLink": .null, "total": 99])
    await #expect(throws: AccountError.self) { _ = try await service.account("mkio").list(.accountFilter) }
  }

  @Test func `22: what a moving list missed is not taken for removed`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    let asset = try Samples.asset("film")
    try await account.create(asset)
    try await service.control(["skipOnce": ["assets", "film"]])
    #expect(try await account.list(.asset).isEmpty)
    #expect(try await account.stillHolds(asset.id))
    try await account.delete(asset.id)
    #expect(try await !account.stillHolds(asset.id))
  }

  @Test func `23: a long operation that succeeds carries an error without meaning`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(Samples.asset("film"))
    let track = try Samples.resource(
      .assetTrack, "t",
      ["track": ["@odata.type": "#Microsoft.Media.TextTrack", "displayName": "x", "fileName": "x.vtt"]],
      of: "film")
    try await account.create(track)
    try await Samples.expect(track, in: account)
    #expect(try await asked(service).filter { $0.contains("operationStatuses") }.count == 2)
    try await account.delete(track.id)
    #expect(try await account.list(.assetTrack).isEmpty)
  }

  @Test func `29: names of properties count in any case`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await service.control([
      "make": [
        [
          "body": [
            "properties": ["FirstQuality": ["BITRATE": 1], "presentationtimerange": ["TimeScale": 1]]
          ],
          "kind": "accountFilters", "name": "f",
        ]
      ]
    ])
    try await Samples.expect(
      Samples.resource(
        .accountFilter, "f", ["firstQuality": ["bitrate": 1], "presentationTimeRange": ["timescale": 1]]),
      in: account)
  }

  @Test func `30: names of any characters are asked for as they are`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    let names = [
      "Ein Film é", "Ein Film e\u{301}", "a#b|\"c\"", "ä;,=@!$()[]{}~^`", "FILM", "film",
      String(repeating: "ü", count: 260),
    ]
    for (number, name) in names.enumerated() {
      let asset = try Samples.asset(name, container: "c\(number)")
      try await account.create(asset)
      try await Samples.expect(asset, in: account)
    }
    let listed = try await account.list(.asset)
    #expect(Set(listed.map(\.key)).count == names.count)
    for item in listed { #expect(try await account.read(item) != nil) }
  }
}
