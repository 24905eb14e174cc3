import CanonicalJSON
import Foundation
import HTTP
import LiveAccount
import MediaResources
import Support
import Testing

@testable import MediaServicesAccount

@Suite struct SettingsTests {
  private func settings(_ url: String, _ profile: String = "azure", _ more: [Setting: String] = [:]) throws
    -> MediaServicesSettings
  {
    try MediaServicesSettings(url: url, entries: ServiceStandIn.entries(profile, more))
  }

  @Test func `each profile has its path and its versions`() throws {
    let azure = try settings("https://management.azure.com/")
    #expect(azure.path == "/subscriptions/s/resourceGroups/g/providers/Microsoft.Media/mediaServices/a")
    #expect(azure.apiVersion(of: "assets") == "2023-01-01")
    let mkio = try settings("https://app.mk.io", "mkio", [.project: "my project"])
    #expect(mkio.path == "/api/v1/projects/my%20project/media")
    #expect(mkio.apiVersion(of: "assets") == nil)
    let old = try settings("https://api.mk.io", "mkio", [.pathBase: "/api/ams/{project}"])
    #expect(old.path == "/api/ams/p")
    let ravnur = try settings(
      "https://media.example.com:8443/base/", "ravnur", [.apiVersion: "assets=2022-07-01"])
    #expect(ravnur.origin == "https://media.example.com:8443")
    #expect(ravnur.path.hasPrefix("/base/subscriptions/s/"))
    #expect(ravnur.apiVersion(of: "assets") == "2022-07-01")
    #expect(ravnur.apiVersion(of: "streamingLocators") == "2022-08-01")
  }

  @Test(arguments: [
    "http://media.example.com", "http://127.0.0.1.example.com", "ftp://example.com",
    "https://user:secret@example.com",
    "https://example.com?x=1", "media.example.com", "https://",
  ])
  func `an address that secrets must not travel to is refused`(_ url: String) {
    let error = #expect(throws: AccountError.self) { try settings(url) }
    #expect(error?.hint != nil)
    #expect(error?.message.contains("secret") != true, "\(error?.message ?? "")")
  }

  @Test func `a path that the profile adds itself is refused, and another one named where it may be wrong`()
    throws
  {
    for path in [
      "/subscriptions/s/resourceGroups/g/providers/Microsoft.Media/mediaServices/a", "/x/Subscriptions/s/",
    ] {
      let error = #expect(throws: AccountError.self) { try settings("https://example.com\(path)") }
      #expect(error?.message.contains("a path too many") == true)
      #expect(error?.hint == "git config lockstep.account media-services:https://example.com")
    }
    let judge = FailureJudge(
      settings: try settings("https://example.com/gateway"),
      request: ServiceRequest(
        method: .get, url: "https://example.com/gateway/assets", effect: .read, billing: .read, what: "it"))
    let failure = judge.answered(HTTPResponse(status: 403, headers: [], body: []), ServiceComplaint([]))
    #expect(failure.error.hint?.contains("a path too many, /gateway") == true)
  }

  @Test func `an api-version is for a collection that there is, and is named where it does not suit`() throws
  {
    let error = #expect(throws: AccountError.self) {
      try settings("https://example.com", "azure", [.apiVersion: "asets=2023-01-01"])
    }
    #expect(
      error?.message.contains("no collection asets") == true && error?.message.contains("`tracks`") == true)
    #expect(error?.hint?.contains("'asets=2023-01-01'") == true)
    let bad =
      "{\"error\":{\"code\":\"InvalidApiVersionParameter\",\"message\":\"The api-version '1999' is invalid.\"}}"
    let judge = FailureJudge(
      settings: try settings("https://example.com"),
      request: ServiceRequest(
        method: .get, url: "https://example.com/x/assets/a/tracks?api-version=1999", effect: .read,
        billing: .read,
        what: "it"))
    let failure = judge.answered(
      HTTPResponse(status: 400, headers: [], body: []), ServiceComplaint(Array(bad.utf8)))
    #expect(
      failure.error.hint?.contains("git config --add lockstep.mediaServices.apiVersion tracks=") == true)
  }

  @Test func `what init lacks is told as an option of init`() throws {
    let folder = try TemporaryFolder()
    func hint(_ more: String...) throws -> String {
      let outcome = try Program.run(
        Program.lockstep,
        ["init", folder["east"], "--region", "east", "--user", "Tess <t@e.com>", "--account"] + more,
        in: folder.path)
      #expect(outcome.status != 0 && !FileManager.default.fileExists(atPath: folder["east"]))
      #expect(
        !outcome.errors.contains("git config") && !outcome.errors.contains("hidden"), "\(outcome.errors)")
      return outcome.errors
    }
    let ids = ["--subscription", "s", "--resource-group", "g", "--account-name", "a"]
    func azure(_ more: String...) throws -> String {
      let outcome = try Program.run(
        Program.lockstep,
        ["init", folder["east"], "--region", "east", "--user", "Tess <t@e.com>", "--account"] + more + ids,
        in: folder.path)
      #expect(outcome.status != 0 && !outcome.errors.contains("git config"), "\(outcome.errors)")
      return outcome.errors
    }
    #expect(try hint("media-services:https://example.com").contains("--setting subscription=NAME"))
    #expect(
      try hint("media-services:https://example.com", "--profile", "mkio").contains("--setting project=NAME"))
    #expect(try azure("media-services:https://example.com").contains("--setting tenant=VALUE"))
    #expect(
      try azure("media-services:https://example.com", "--token-file", "w.tok").contains(
        "--setting authentication=token"))
    #expect(try azure("media-services:http://example.com").contains("--setting allowPlainHTTP=true"))
    #expect(try hint("media-services:https://user:hidden@example.com").contains("password"))
    #expect(try hint("https://user:hidden@example.com").contains("no account that this version knows"))
  }

  @Test func `a token with a control character is refused at once, by where it came from`() async throws {
    let service = try ServiceStandIn()
    let folder = try TemporaryFolder()
    try folder.write("to\u{1}ken", to: "token")
    #expect(chmod(folder["token"], 0o600) == 0)
    for (more, place) in [([:], "LOCKSTEP_TOKEN"), ([.tokenFile: folder["token"]], folder["token"])]
      as [([Setting: String], String)]
    {
      let account = MediaServicesAccount(
        settings: try settings("http://127.0.0.1:\(service.servicePort)", "azure", more),
        transport: Program.http(connections: 1, stallSeconds: 60), budgetPath: nil, clock: .hasty(),
        environment: { _ in "line\nbreak" }, cancellation: Cancellation(), notices: { _ in })
      let error = await #expect(throws: AccountError.self) { _ = try await account.list(.asset) }
      #expect(
        error?.code == .refused && error?.message.contains(place) == true, "\(String(describing: error))")
      #expect(
        error?.message.contains("control character") == true && error?.message.contains("break\n") == false)
    }
    #expect(try await service.state()["seen"] == [])
  }

  @Test func `http is allowed to this machine, and where a setting says so`() throws {
    for url in ["http://127.0.0.1:80", "http://localhost", "http://127.9.9.9"] { _ = try settings(url) }
    _ = try settings("http://media.example.com", "azure", [.allowPlainHTTP: "true"])
  }

  @Test func `a setting that does not exist, or says nothing, is named with what mends it`() {
    for entry in [
      (key: "lockstep.mediaServices.porfile", value: "azure"),
      (key: "lockstep.mediaServices.profile", value: "aws"),
      (key: "lockstep.mediaServices.concurrency", value: "many"),
      (key: "lockstep.mediaServices.authentication", value: "hope"),
    ] {
      let error = #expect(throws: AccountError.self) {
        try MediaServicesSettings(
          url: "https://example.com", entries: ServiceStandIn.entries("azure") + [entry])
      }
      #expect(error?.message.contains(entry.key) == true)
      #expect(error?.hint?.contains(entry.key) == true)
    }
  }

  @Test func `a secret in a file that others can read is refused, and never shown`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("good\n", to: "token")
    let service = try ServiceStandIn()
    let account = try service.account("azure", [.tokenFile: folder["token"]])
    chmod(folder["token"], 0o644)
    let error = await #expect(throws: AccountError.self) { _ = try await account.list(.asset) }
    #expect(error?.hint == "chmod 600 \(folder["token"])")
    chmod(folder["token"], 0o600)
    _ = try await account.list(.asset)
    #expect("\(ServiceSecret("opensesame"))" == "<secret>")
  }

  @Test func `a token that is refused is read again, and asked for once`() async throws {
    let folder = try TemporaryFolder()
    try folder.write("old", to: "token")
    chmod(folder["token"], 0o600)
    let service = try ServiceStandIn()
    let account = try service.account("azure", [.tokenFile: folder["token"]])
    let error = await #expect(throws: AccountError.self) { _ = try await account.list(.asset) }
    #expect(error?.message.contains("401") == true)
    #expect(error?.message.contains("11112222-request") == true)
    #expect(error?.message.contains("old") == false)
    try folder.write("good", to: "token")
    chmod(folder["token"], 0o600)
    _ = try await account.list(.asset)
  }

  @Test func `the tokens of each kind of authentication are got and renewed before they end`() async throws {
    let service = try ServiceStandIn()
    let base = "http://127.0.0.1:\(service.servicePort)"
    try await service.control(["tokenSeconds": 0])
    let azure = try service.account(
      "azure", [.authentication: "clientCredentials", .tenant: "t", .clientID: "c", .authority: base])
    for _ in 0..<3 { _ = try await azure.list(.asset) }
    #expect(try await service.state()["issued"]?.int64Value == 3)
    let ravnur = try service.account("ravnur", [.authentication: "ravnur"])
    for _ in 0..<3 { _ = try await ravnur.list(.asset) }
    #expect(try await service.state()["issued"]?.int64Value == 4)
    try await service.control(["tokens": ["good"]])
    let mkio = try service.account("mkio", [.tokenHeader: "x-mkio-token"])
    _ = try await mkio.list(.asset)
  }

  @Test func `the end of a JWT is read from it`() {
    // {"exp":1700000000}
    #expect(TokenSource.expiry(of: "e30.eyJleHAiOjE3MDAwMDAwMDB9.x") == 1_700_000_000)
    #expect(TokenSource.expiry(of: "opaque") == nil)
    #expect(TokenSource.expiry(of: "a.b.c") == nil)
  }

  @Test func `a redirect is not followed: it could carry the token away`() async throws {
    let service = try ServiceStandIn()
    let other = try ServiceStandIn()
    try await service.control(["redirect": .string("http://127.0.0.1:\(other.servicePort)/assets")])
    let error = await #expect(throws: AccountError.self) { _ = try await service.account().list(.asset) }
    #expect(error?.message.contains("307") == true)
    #expect(try await other.state()["seen"] == [])
  }

  @Test func `a service that nobody listens at is named`() async throws {
    let settings = try settings("http://127.0.0.1:9", "azure", [.deadlineSeconds: "2"])
    let account = MediaServicesAccount(
      settings: settings, transport: Program.http(connections: 1, stallSeconds: 5), budgetPath: nil,
      clock: .hasty(), environment: { _ in "good" }, cancellation: Cancellation(), notices: { _ in })
    let error = await #expect(throws: AccountError.self) { _ = try await account.list(.asset) }
    #expect(error?.message.contains("cannot be reached") == true)
  }

  @Test func `a wait ends soon after somebody asked to stop`() async throws {
    let service = try ServiceStandIn()
    try await service.spoil(seed: 1, rate: 1, kinds: ["429-retry-after"])
    let cancellation = Cancellation()
    let account = try service.account(throughProxy: true, clock: .system, cancellation: cancellation)
    let list = Task { try await account.list(.asset) }
    try await Task.sleep(for: .milliseconds(300))
    cancellation.cancel()
    let error = await #expect(throws: AccountError.self) { _ = try await list.value }
    #expect(error?.code == .interrupted)
  }

  @Test func `the table in the README is the settings that there are`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    let table = Setting.allCases.map { "| `\($0.rawValue)` | \($0.meaning) |\n" }.joined()
    #expect(text.contains("| setting | what it says |\n| --- | --- |\n\(table)\n<!-- end of settings -->"))
  }
}
