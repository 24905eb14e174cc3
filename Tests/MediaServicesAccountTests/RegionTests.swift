import CanonicalJSON
import Foundation
import LiveAccount
import MediaResources
import Support
import Testing

@testable import MediaServicesAccount

/// Whole regions whose accounts are services, driven through the built program.
@Suite struct RegionTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @discardableResult
  private func run(_ arguments: String..., expecting status: Int32 = 0) throws -> Program.Outcome {
    let outcome = try Program.run(
      Program.lockstep, arguments, in: folder.path, environment: ["LOCKSTEP_TOKEN": "good"])
    guard outcome.status == status else {
      throw Program.Failed(what: "lockstep \(arguments.joined(separator: " "))", outcome: outcome)
    }
    return outcome
  }

  /// Makes a region whose account is at a URL.
  private func begin(_ region: String, _ url: String, _ more: String...) throws {
    try run(
      region: region, url: url,
      [
        "--profile", "azure", "--subscription", "00000000-0000-0000-0000-000000000000", "--resource-group",
        "lockstep", "--account-name", region, "--setting", "authentication=token", "--storage", "mainstorage",
      ] + more)
  }

  private func run(region: String, url: String, _ more: [String]) throws {
    let arguments =
      [
        "init", folder[region], "--region", region, "--account", "media-services:\(url)", "--user",
        "Tess <t@e.com>",
      ]
    let outcome = try Program.run(
      Program.lockstep, arguments + more, in: folder.path, environment: ["LOCKSTEP_TOKEN": "good"])
    guard outcome.status == 0 else { throw Program.Failed(what: "lockstep init \(region)", outcome: outcome) }
  }

  private func head(_ region: String) throws -> String {
    try Program.git("rev-parse", "HEAD", in: folder[region])
  }

  /// One of each kind.
  private func everything() throws -> [Resource] {
    [
      try Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0")),
      try Samples.resource(.streamingPolicy, "cenc", Samples.cencPolicy),
      try Samples.resource(.accountFilter, "Filter", Samples.range),
      try Samples.asset("Ein Film é", container: "film"),
      try Samples.resource(.assetFilter, "filter", Samples.range, of: "Ein Film é"),
      try Samples.resource(
        .assetTrack, "t",
        ["track": ["@odata.type": "#Microsoft.Media.TextTrack", "displayName": "x", "fileName": "x.vtt"]],
        of: "Ein Film é"),
      try Samples.locator("one", of: "Ein Film é", number: 1, policy: "cenc", keys: [Samples.key("key one")]),
      try Samples.locator("two", of: "Ein Film é", number: 2),
    ]
  }

  @Test func `what one service holds arrives in another, and then there is nothing left to do`() async throws
  {
    let (a, b) = (try ServiceStandIn(), try ServiceStandIn())
    try begin("east", "http://127.0.0.1:\(a.servicePort)", "--setting", "contents=false")
    try begin("west", "http://127.0.0.1:\(b.servicePort)", "--setting", "contents=false")
    let account = try a.account()
    for resource in try everything() { try await account.create(resource) }
    try run("capture", "-C", folder["east"])
    let captured = try head("east")
    let tree = try Program.git("ls-tree", "-r", "--name-only", "HEAD:mirrored", in: folder["east"])
    for name in ["tokens", "cenc", "one", "two", "t.json", "filter"] { #expect(tree.contains(name)) }
    let text = try Program.git("log", "-p", "--all", in: folder["east"])
    #expect(!text.contains("c2VjcmV0") && !text.contains("dmFsdWG=") && text.contains("sealed:"))
    try run("capture", "-C", folder["east"])
    #expect(try head("east") == captured)
    try run("drift", "-C", folder["east"])
    try run("mirror", folder["east"], folder["west"])
    let planned = try run("plan", "-C", folder["west"], expecting: 2)
    #expect(planned.errors.contains("this apply needs"))
    let document = try JSONValue.parse(try run("plan", "-C", folder["west"], "--json", expecting: 2).output)
    #expect(document["requests"]?["writes"]?.int64Value ?? 0 > 3)
    try run("apply", "-C", folder["west"])
    let applied = try head("west")
    try run("drift", "-C", folder["west"])
    try run("capture", "-C", folder["west"])
    try run("plan", "-C", folder["west"])
    #expect(try head("west") == applied)
    let proof = try run("verify", "--deep", folder["east"], folder["west"]).errors
    #expect(proof.contains("the files of east and west were not looked at") && !proof.contains("every file"))
    let other = try b.account()
    for resource in try everything() { try await Samples.expect(resource, in: other) }
    // A change goes the same way, and only what changed is asked for its secrets.
    var policy = try everything()[0]
    policy.properties["description"] = "changed"
    try await account.replace(policy)
    try await a.control(["forget": true])
    try run("capture", "-C", folder["east"])
    #expect(try await a.state()["requests"]?["writes"]?.int64Value == 1)
    try run("mirror", folder["east"], folder["west"])
    try run("apply", "-C", folder["west"])
    try await Samples.expect(policy, in: other)
  }

  @Test func `a region of the built server is captured, and another one made from it`() async throws {
    let servers = try ["east", "west"].map { try BuiltServer(account: $0, in: folder) }
    for server in servers {
      try begin(server.name, server.url)
      // A service has a streaming endpoint from the start.
      try run("capture", "-C", folder[server.name])
    }
    let account = try servers[0].account()
    for resource in try everything() where resource.id.kind != .assetTrack {
      try await account.create(resource)
    }
    for resource in try everything() where resource.id.kind != .assetTrack {
      try await Samples.expect(resource, in: account)
    }
    try run("capture", "-C", folder["east"])
    let captured = try head("east")
    try run("capture", "-C", folder["east"])
    #expect(try head("east") == captured)
    try run("mirror", folder["east"], folder["west"])
    try run("apply", "-C", folder["west"])
    let applied = try head("west")
    try run("drift", "-C", folder["west"])
    try run("capture", "-C", folder["west"])
    #expect(try head("west") == applied)
    // Why a service has no such account is said in its own words.
    try Program.git("config", "lockstep.mediaServices.account", "nosuch", in: folder["west"])
    let refused = try Program.run(
      Program.lockstep, ["drift", "-C", folder["west"]], environment: ["LOCKSTEP_TOKEN": "good"])
    #expect(
      refused.status == 1 && refused.errors.contains("serves the account 'west'"), "\(refused.errors)")
  }

  @Test(.enabled(if: Program.has("rclone"), "rclone is not installed: ./bootstrap --test"))
  func `18: files go from service to service by signed URLs, are verified, and are copied once`() async throws
  {
    let servers = try ["east", "west"].map { try BuiltServer(account: $0, in: folder) }
    for server in servers {
      try begin(server.name, server.url)
      try run("capture", "-C", folder[server.name])
    }
    try folder.write("#EXTM3U\n#EXTINF:4,\ns0 é.ts\n#EXT-X-ENDLIST\n", to: "film/film.m3u8")
    try folder.write(String(repeating: "segment", count: 10_000), to: "film/s0 é.ts")
    try run("publish", folder["film"], "-C", folder["east"], "--asset", "film")
    try run("mirror", folder["east"], folder["west"])
    // The other region's account is its service, too: nothing is read from a folder.
    let applied = try run("apply", "-C", folder["west"])
    #expect(applied.output.contains("create content/film"), "\(applied.output)")
    for server in servers {
      #expect(try server.file("film.m3u8") == folder.read("film/film.m3u8"), "\(server.name)")
      #expect(try server.file("s0 é.ts") == folder.read("film/s0 é.ts"), "\(server.name)")
    }
    try run("drift", "-C", folder["west"])
    let head = try head("west")
    try run("capture", "-C", folder["west"], "--contents")
    #expect(try self.head("west") == head)
    #expect(
      try run("verify", folder["east"], folder["west"], "--deep").errors
        .contains("the files of east and west were compared by what their storage says of them"))
    // What the storage has lost comes back by the same way.
    try servers[1].remove("s0 é.ts")
    try servers[1].write("more", to: "new.ts", beside: "film.m3u8")
    #expect(
      try run("apply", "-C", folder["west"], "--contents").output.contains("restored asset/film: s0 é.ts"))
    #expect(try servers[1].file("s0 é.ts") == folder.read("film/s0 é.ts"))
    #expect(try servers[1].file("new.ts") == "more", "what nobody captured stays")
    try servers[1].remove("new.ts")
    // One that has rotted keeps its size, and its storage knows no digest of it any more.
    try servers[1].write(folder.read("film/film.m3u8").replacing("s0", with: "s1"), to: "film.m3u8")
    let unsure = try run("apply", "-C", folder["west"], "--contents")
    #expect(unsure.errors.contains("asset/film: 1 file was compared by size only"), "\(unsure.errors)")
    #expect(unsure.errors.contains("apply -C \(folder["west"]) --contents --read-back"), "\(unsure.errors)")
    #expect(
      try run("apply", "-C", folder["west"], "--contents", "--read-back").output
        .contains("restored asset/film: film.m3u8"))
    #expect(try servers[1].file("film.m3u8") == folder.read("film/film.m3u8"))
    // A file that changes in its container shows when somebody looks at the files, or publishes anew.
    try servers[0].write("other", to: "s0 é.ts")
    try run("capture", "-C", folder["east"], "--contents")
    #expect(try self.head("east") != head)
    try run("mirror", folder["east"], folder["west"])
    try run("apply", "-C", folder["west"])
    #expect(try servers[1].file("s0 é.ts") == "other")
    #expect(try !Program.git("log", "-p", "--all", in: folder["west"]).contains("sig="))
  }

  @Test func `an apply that is killed goes on, and no write that happened is made again`() async throws {
    let (a, b) = (try ServiceStandIn(), try ServiceStandIn())
    try begin("east", "http://127.0.0.1:\(a.servicePort)", "--setting", "contents=false")
    try begin("west", "http://127.0.0.1:\(b.proxyPort)", "--setting", "contents=false")
    let account = try a.account()
    try await account.create(Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0")))
    for number in 0..<30 {
      try await account.create(Samples.asset("film \(number)", container: "c\(number)"))
    }
    for number in 0..<30 {
      try await account.create(Samples.locator("l\(number)", of: "film \(number)", number: number))
    }
    try run("capture", "-C", folder["east"])
    try run("mirror", folder["east"], folder["west"])
    try await b.spoil(seed: 1, rate: 1, kinds: ["stall"], stall: 0.02)
    for enough in [5, 20, 33, 50] {
      let child = try Program.start(
        Program.lockstep, ["apply", "-C", folder["west"]], in: folder.path,
        environment: ["LOCKSTEP_TOKEN": "good"])
      while child.isRunning, try await (b.state()["effects"]?.arrayValue ?? []).count < enough {}
      child.stop(SIGKILL)
    }
    try run("apply", "-C", folder["west"])
    let effects = try await b.state()["effects"]?.arrayValue ?? []
    #expect(effects.count == 61)
    #expect(Set(effects.map { "\($0)" }).count == 61)
    try run("drift", "-C", folder["west"])
  }

  @Test func `a capture asks for pages, and for the secrets that are new`() async throws {
    let (locators, keys) = (2_000, 40)
    let service = try ServiceStandIn()
    try await service.control([
      "fill": ["keys": .number(.int64(Int64(keys))), "locators": .number(.int64(Int64(locators)))],
      "page": 100,
    ])
    try begin(
      "east", "http://127.0.0.1:\(service.servicePort)", "--setting", "writesPerHour=100000", "--setting",
      "contents=false")
    try await service.control(["forget": true])
    try run("capture", "-C", folder["east"])
    let requests = try await service.state()["requests"]
    #expect(requests?["writes"]?.int64Value == Int64(keys))
    // A page of each other kind, the assets' but once, and the lists of filters and of tracks.
    #expect(requests?["reads"]?.int64Value ?? 99 <= Int64(locators / 100) + 7)
    try await service.control(["forget": true])
    try run("capture", "-C", folder["east"])
    let again = try await service.state()["requests"]
    #expect(again?["writes"] == nil)
    #expect(again?["reads"]?.int64Value ?? 99 <= Int64(locators / 100) + 7)
  }

  @Test func `the deletion of an asset is refused where the service deletes its files with it`() async throws
  {
    let service = try ServiceStandIn()
    try begin("east", "http://127.0.0.1:\(service.servicePort)", "--setting", "contents=false")
    try await service.account().create(Samples.asset("film"))
    try run("capture", "-C", folder["east"])
    try Program.git("rm", "-q", "-r", "mirrored/assets", in: folder["east"])
    try Program.git("commit", "-q", "-m", "Take the film away", in: folder["east"])
    let refused = try run("apply", "-C", folder["east"], expecting: 4)
    #expect(refused.errors.contains("deletes the container"))
    #expect(try await service.state()["gone"] == [])
    try run("apply", "-C", folder["east"], "--force-content")
    #expect(try await service.state()["gone"] == ["film"])
  }

  @Test func `what a service cannot hold is refused by name before anything is written`() async throws {
    let (a, b) = (try ServiceStandIn(), try ServiceStandIn())
    try begin("east", "http://127.0.0.1:\(a.servicePort)", "--setting", "contents=false")
    try run(
      region: "west", url: "http://127.0.0.1:\(b.servicePort)", ["--profile", "mkio", "--project", "p"])
    try await b.control(["flavour": "mkio"])
    let account = try a.account()
    try await account.create(Samples.resource(.accountFilter, "wide", Samples.range))
    try await account.create(Samples.asset("film"))
    try run("capture", "-C", folder["east"])
    try run("mirror", folder["east"], folder["west"])
    #expect(try run("plan", "-C", folder["west"], expecting: 2).errors.contains("account-filter/wide"))
    let refused = try run("apply", "-C", folder["west"], expecting: 4)
    #expect(refused.errors.contains("9223372036854775807") && refused.errors.contains("nothing was changed"))
    #expect(try await b.state()["effects"] == [])
  }

  @Test func `25: the host names of an endpoint stay in their region`() async throws {
    let (a, b) = (try ServiceStandIn(), try ServiceStandIn())
    try begin("east", "http://127.0.0.1:\(a.servicePort)", "--setting", "contents=false")
    try begin("west", "http://127.0.0.1:\(b.servicePort)", "--setting", "contents=false")
    let account = try a.account()
    try await account.create(
      Resource(
        document: [
          "location": "westus2", "name": "live",
          "properties": ["customHostNames": ["video.east.example"], "scaleUnits": 1],
        ], kind: .streamingEndpoint))
    try await account.create(Samples.asset("film"))
    try run("capture", "-C", folder["east"])
    let documents = try Program.git("grep", "-l", "video.east.example", "HEAD", in: folder["east"])
    #expect(documents == "HEAD:local/streaming-endpoints/live.json")
    try run("mirror", folder["east"], folder["west"])
    try run("apply", "-C", folder["west"])
    let items = try await b.state()["items"]
    #expect(items?["assets"]?["film"] != nil && items?["streamingEndpoints"]?["live"] == nil)
    // Unlike asset and keys, an endpoint is changed in the region where it is.
    try run("drift", "-C", folder["west"])
  }

  @Test func `32: no secret of a service stands in a repository in clear`() async throws {
    let service = try ServiceStandIn()
    try begin("east", "http://127.0.0.1:\(service.servicePort)", "--setting", "contents=false")
    let account = try service.account()
    for resource in try everything() where resource.id.kind != .assetTrack {
      try await account.create(resource)
    }
    let captured = try run("capture", "-C", folder["east"])
    var texts = [captured.output, captured.errors]
    texts.append(try Program.git("cat-file", "--batch-all-objects", "--batch", in: folder["east"]))
    let state = folder["east"] + "/.git"
    for name in try FileManager.default.subpathsOfDirectory(atPath: state) where !name.hasPrefix("objects/") {
      let bytes = FileManager.default.contents(atPath: "\(state)/\(name)") ?? Data()
      texts.append(String(decoding: bytes, as: UTF8.self))
    }
    for secret in ["c2VjcmV0", "dmFsdWG="] {
      #expect(!texts.contains { $0.contains(secret) }, "\(secret)")
    }
    #expect(texts[2].contains("sealed:"))
  }

  @Test
  func `filters and tracks are asked for again where their asset changed, after an apply, and on demand`()
    async throws
  {
    let service = try ServiceStandIn()
    try begin(
      "east", "http://127.0.0.1:\(service.servicePort)", "--setting", "contents=false", "--setting",
      "childLists=changed")
    let account = try service.account()
    for name in ["a", "b"] {
      try await account.create(Samples.asset(name))
      try await account.create(Samples.resource(.assetFilter, "one", Samples.range, of: name))
    }
    /// Captures, and says of which assets the filters were asked for.
    func capture(_ more: String...) async throws -> [String] {
      try await service.control(["forget": true])
      let outcome = try Program.run(
        Program.lockstep, ["capture", "-C", folder["east"]] + more, environment: ["LOCKSTEP_TOKEN": "good"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      let lines = try await asked(service)
      return ["a", "b"].filter { asset in lines.contains { $0.contains("/assets/\(asset)/assetFilters") } }
    }
    func filters() throws -> Int {
      try Program.git("ls-tree", "-r", "--name-only", "HEAD", "mirrored/asset-filters", in: folder["east"])
        .split(separator: "\n").count
    }
    #expect(try await capture() == ["a", "b"])
    #expect(try await capture() == [])
    #expect(try filters() == 2)
    // A filter alone says nothing of itself; with its asset, or on demand, it is seen.
    try await account.create(Samples.resource(.assetFilter, "two", Samples.range, of: "a"))
    #expect(try await capture() == [])
    var asset = try Samples.asset("a")
    asset.properties["description"] = "changed"
    try await account.replace(asset)
    #expect(try await capture() == ["a"])
    #expect(try filters() == 3)
    try await account.delete(Samples.resource(.assetFilter, "one", Samples.range, of: "b").id)
    #expect(try await capture("--contents") == ["a", "b"])
    #expect(try filters() == 2)
    // What was applied is looked for once, and stays.
    try Program.git("rm", "-q", "-r", "mirrored/asset-filters", in: folder["east"])
    try Program.git("commit", "-q", "-m", "Take the filters away", in: folder["east"])
    try run("apply", "-C", folder["east"])
    #expect(try await capture() == ["a", "b"])
    #expect(try await capture() == [])
    #expect(try filters() == 0)
  }
}
