import CanonicalJSON
import FolderAccount
import Foundation
import LiveAccount
import MediaResources
import Support
import Testing

@testable import MediaServicesEndpoint

/// Who gets a content key, and who does not: tokens by pyjwt and openssl, media by ffmpeg.
@Suite struct KeyServerTests {
  private static let python: Comment = "the project's .venv is not there: ./bootstrap --test"
  private static let key = Data((0..<16).map { UInt8($0 * 3 + 1) })

  /// Keys that sign tokens, and tokens by them.
  private struct Tokens: Decodable {
    let keys: [String: String]
    let tokens: [String: String]
    /// When, in seconds since 1970.
    let made: Int64

    init(in folder: TemporaryFolder) async throws {
      let text = try await Referee.script("tokens.py", [ServedAccount.keyID, folder.path])
      self = try JSONDecoder().decode(Tokens.self, from: Data(text.utf8))
    }

    func key(_ kind: String) -> JSONValue {
      func text(_ name: String) -> JSONValue { .string(keys[name] ?? "") }
      let type = "#Microsoft.Media.ContentKeyPolicy"
      switch kind {
      case "rsa":
        return [
          "@odata.type": .string(type + "RsaTokenKey"), "exponent": text("exponent"),
          "modulus": text("modulus"),
        ]
      case "der", "pem":
        return ["@odata.type": .string(type + "X509CertificateTokenKey"), "rawBody": text(kind)]
      default: return ["@odata.type": .string(type + "SymmetricTokenKey"), "keyValue": text(kind)]
      }
    }

    func restriction(_ kind: String, _ changes: JSONObject = [:]) -> JSONValue {
      var restriction: JSONObject = [
        "@odata.type": "#Microsoft.Media.ContentKeyPolicyTokenRestriction", "issuer": "issuer",
        "audience": "audience", "restrictionTokenType": "Jwt", "primaryVerificationKey": key(kind),
      ]
      for (name, value) in changes { restriction[name] = value }
      return .object(restriction)
    }
  }

  private static let open: JSONValue = ["@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"]
  private static let clearKey = "ClearKey"

  private static func option(_ restriction: JSONValue, _ configuration: String = clearKey) -> JSONValue {
    [
      "configuration": [
        "@odata.type": .string("#Microsoft.Media.ContentKeyPolicy\(configuration)Configuration")
      ],
      "restriction": restriction,
    ]
  }

  private func policy(_ options: [JSONValue], named name: String = "policy") throws -> Resource {
    try Resource(
      document: ["name": .string(name), "properties": ["options": .array(options)]], kind: .contentKeyPolicy)
  }

  /// An account whose locator has the key under a policy.
  private func serving(_ options: [JSONValue], _ locator: JSONObject = [:]) async throws -> ServedAccount {
    let served = try await ServedAccount()
    try await served.put("film.mp4", Data("x".utf8))
    try await served.account.create(policy(options))
    var properties: JSONObject = [
      "contentKeys": [
        ["id": .string(ServedAccount.keyID), "value": .string(Self.key.base64EncodedString())]
      ],
      "defaultContentKeyPolicyName": "policy",
    ]
    for (name, value) in locator { properties[name] = value }
    try await served.publish(properties)
    return served
  }

  private func ask(_ served: ServedAccount, _ token: String? = nil) async throws -> ServedAccount.Answer {
    let headers = token.map { ["Authorization": "Bearer \($0)"] } ?? [:]
    let answer = try await served.ask("/keys/\(ServedAccount.keyID)", headers: headers)
    #expect(
      answer.headers["access-control-allow-origin"] == "*" && answer.headers["cache-control"] == "no-store")
    if answer.status == 200 {
      #expect(answer.body == Self.key)
    } else {
      #expect(!answer.text.isEmpty && answer.text.contains("\"error\""), "\(answer.text)")
      if let token { #expect(!answer.text.contains(token)) }
      #expect(answer.body.range(of: Self.key) == nil)
    }
    return answer
  }

  @Test func `an open policy delivers to anybody`() async throws {
    let served = try await serving([Self.option(Self.open)])
    #expect(try await ask(served).status == 200)
    for path in ["/keys?kid=\(ServedAccount.keyID)", "/keys/\(ServedAccount.keyID.uppercased())"] {
      #expect(try await served.ask(path).body == Self.key)
    }
    let preflight = try await served.ask(
      "/keys/\(ServedAccount.keyID)", "OPTIONS", headers: ["Origin": "https://example.com"])
    #expect(
      preflight.status == 204
        && preflight.headers["access-control-allow-headers"]?.contains("Authorization") == true)
    #expect(try await served.ask("/keys/30000000-0000-0000-0000-000000000001").status == 404)
    for path in ["/keys/x", "/keys", "/keys/..%2f..%2faccount"] {
      #expect(try await served.ask(path).status == 400, "\(path)")
    }
  }

  @Test func `what web servers find opens and closes on time while the endpoint runs`() async throws {
    let served = try await ServedAccount()
    try await served.put("film.mp4", Data("x".utf8))
    try await served.account.create(policy([Self.option(Self.open)]))
    try await served.publish([
      "startTime": .string(served.time(in: 600)), "endTime": .string(served.time(in: 1_200)),
      "contentKeys": [
        ["id": .string(ServedAccount.keyID), "value": .string(Self.key.base64EncodedString())]
      ],
      "defaultContentKeyPolicyName": "policy",
    ])
    let key = "account/keys/\(ServedAccount.keyID)"
    // Nobody asks for anything meanwhile: the clock alone does it.
    for (seconds, isOpen) in [(Int64(0), false), (601, true), (600, false)] {
      served.wait(seconds: seconds)
      let came = await eventually { (served.published("film.mp4") != nil) == isOpen }
      #expect(came && served.folder.has(key) == isOpen, "\(seconds)")
    }
    #expect(served.log.text.contains("locator/film: its time has come or is over"))
    // One that cannot be served is told of.
    try await served.account.delete(ResourceID(kind: .streamingLocator, assetName: nil, name: "film"))
    try await served.publish(["startTime": .string(served.time(in: 600))])
    let file = "account/account/streaming-locators/film.json"
    try served.folder.write(
      served.folder.read(file).replacingOccurrences(
        of: "\"assetName\": \"film\"", with: "\"assetName\": \"gone\""),
      to: file)
    served.wait(seconds: 601)
    #expect(await eventually { served.log.text.contains("warning locator/film") }, "\(served.log.text)")
  }

  /// Looks until something is so, and leaves this process's threads to the endpoint meanwhile.
  private func eventually(_ isSo: () -> Bool) async -> Bool {
    for _ in 0..<500 {
      if isSo() { return true }
      try? await Task.sleep(for: .milliseconds(20))
    }
    return false
  }

  @Test func `a key is delivered while a locator that has it is served`() async throws {
    let served = try await ServedAccount()
    try await served.put("film.mp4", Data("x".utf8))
    try await served.account.create(policy([Self.option(Self.open)]))
    try await served.publish([
      "contentKeys": [
        ["id": .string(ServedAccount.keyID), "value": .string(Self.key.base64EncodedString())]
      ],
      "defaultContentKeyPolicyName": "policy", "startTime": .string(served.time(in: 100)),
      "endTime": .string(served.time(in: 200)),
    ])
    #expect(try await ask(served).status == 403)
    served.wait(seconds: 150)
    #expect(try await ask(served).status == 200)
    served.wait(seconds: 100)
    #expect(try await ask(served).status == 403)
  }

  @Test(.enabled(if: Referee.hasPython, python))
  func `a token opens the key when one of the policy's keys signed it, and not otherwise`() async throws {
    let folder = try TemporaryFolder()
    let tokens = try await Tokens(in: folder)
    let cases: [(policy: String, good: [String], bad: [String])] = [
      (
        "symmetric", ["good", "hs384", "hs512", "kid", "audiences", "just expired", "level"],
        ["other key", "rs256", "expired", "early", "none", "tampered", "noise"]
      ),
      (
        "rsa", ["rs256", "rs384", "rs512"],
        ["good", "ps256", "x509", "none", "public key as secret", "modulus as secret"]
      ),
      ("der", ["x509"], ["rs256", "good"]), ("pem", ["x509"], ["rs256", "good"]),
    ]
    for (kind, good, bad) in cases {
      let served = try await serving([Self.option(tokens.restriction(kind))])
      served.holdClock(at: tokens.made)
      let none = try await ask(served)
      #expect(none.status == 401 && none.headers["www-authenticate"] == "Bearer", "\(kind)")
      for name in good {
        let answer = try await ask(served, tokens.tokens[name])
        #expect(answer.status == 200, "\(kind): \(name): \(answer.text)")
      }
      for name in bad {
        let answer = try await ask(served, tokens.tokens[name])
        #expect(answer.status == 401, "\(kind): \(name): \(answer.text)")
      }
      if kind == "symmetric" {
        for name in ["issuer", "audience", "no audience"] {
          #expect(try await ask(served, tokens.tokens[name]).status == 403, "\(name)")
        }
        let token = tokens.tokens["good"] ?? ""
        for query in ["token=\(token)", "token=Bearer%20\(token)", "token=Bearer=\(token)"] {
          #expect(try await served.ask("/keys/\(ServedAccount.keyID)?\(query)").status == 200)
        }
        #expect(
          try await served.ask("/keys/\(ServedAccount.keyID)", headers: ["Authorization": "Bearer=\(token)"])
            .status == 200)
      }
    }
  }

  @Test(.enabled(if: Referee.hasPython, python))
  func `required claims and alternate keys count`() async throws {
    let folder = try TemporaryFolder()
    let tokens = try await Tokens(in: folder)
    func status(_ changes: JSONObject, _ token: String, _ kind: String = "symmetric") async throws -> Int {
      let served = try await serving([Self.option(tokens.restriction(kind, changes))])
      return try await ask(served, tokens.tokens[token]).status
    }
    func claim(_ type: String, _ value: JSONValue) -> JSONObject {
      ["requiredClaims": [["claimType": .string(type), "claimValue": value]]]
    }
    let keyClaim = claim("urn:microsoft:azure:mediaservices:contentkeyidentifier", .null)
    #expect(try await status(keyClaim, "good") == 200)
    #expect(try await status(keyClaim, "another key id") == 403)
    #expect(try await status(claim("level", "3"), "good") == 200)
    #expect(try await status(claim("level", "3"), "level") == 403)
    #expect(try await status(claim("groups", "press"), "good") == 200)
    #expect(try await status(claim("groups", "press"), "groups") == 403)
    #expect(try await status(claim("groups", .null), "no groups") == 403)
    let alternates: JSONObject = [
      "alternateVerificationKeys": [tokens.key("other"), tokens.key("rsa"), tokens.key("der")]
    ]
    for token in ["good", "other key", "rs256", "x509"] {
      #expect(try await status(alternates, token) == 200, "\(token)")
    }
    #expect(try await status(alternates, "none") == 401)
  }

  @Test(.enabled(if: Referee.hasPython, python))
  func `what the key server cannot decide it refuses, in words`() async throws {
    let folder = try TemporaryFolder()
    let tokens = try await Tokens(in: folder)
    let token = tokens.restriction("symmetric")
    let cases: [(options: [JSONValue], status: Int, word: String)] = [
      ([Self.option(Self.open, "PlayReady")], 403, "PlayReady"),
      ([Self.option(Self.open, "Widevine")], 403, "Widevine"),
      ([Self.option(Self.open, "FairPlay")], 403, "FairPlay"),
      ([Self.option(tokens.restriction("symmetric", ["restrictionTokenType": "Swt"]))], 403, "Swt"),
      (
        [
          Self.option(
            tokens.restriction("symmetric", ["openIdConnectDiscoveryDocument": "https://example.com/c"]))
        ], 403,
        "OpenID"
      ),
      ([Self.option(tokens.restriction("symmetric", ["primaryVerificationKey": .null]))], 403, "no key"),
      ([Self.option(tokens.restriction("modulus", ["issuer": .null]))], 401, "none of the policy's keys"),
      (
        [Self.option(["@odata.type": "#Microsoft.Media.ContentKeyPolicyUnknownRestriction"])], 403,
        "not understood"
      ),
      ([], 403, "no option"),
    ]
    for (options, status, word) in cases {
      let answer = try await ask(serving(options), tokens.tokens["good"])
      #expect(answer.status == status && answer.text.contains(word), "\(answer.text)")
    }
    // One option that can be used is enough.
    let mixed = try await serving([Self.option(Self.open, "Widevine"), Self.option(token)])
    #expect(try await ask(mixed, tokens.tokens["good"]).status == 200)
    #expect(try await ask(mixed).status == 401)
    // The key of a second locator is no way around the first one's policy.
    let two = try await serving([Self.option(token)])
    try await two.account.create(policy([Self.option(Self.open)], named: "open"))
    let document: JSONObject = [
      "name": "second",
      "properties": [
        "assetName": "film", "streamingLocatorId": "10000000-0000-0000-0000-000000000002",
        "streamingPolicyName": "Predefined_ClearStreamingOnly", "defaultContentKeyPolicyName": "open",
        "contentKeys": [
          ["id": .string(ServedAccount.keyID), "value": .string(Self.key.base64EncodedString())]
        ],
      ],
    ]
    try await two.account.create(Resource(document: document, kind: .streamingLocator))
    #expect(try await ask(two).status == 401)
    #expect(try await ask(two, tokens.tokens["good"]).status == 200)
  }

  @Test(
    .enabled(
      if: Referee.hasPython && Program.has("ffmpeg"), "ffmpeg or .venv is not there: ./bootstrap --test"))
  func `an encrypted film plays with a token, and not without`() async throws {
    let served = try await ServedAccount()
    let tokens = try await Tokens(in: served.folder)
    try await served.account.create(policy([Self.option(tokens.restriction("rsa"))]))
    try Film.encodeHLS(
      Film.Form(seconds: 4), in: served.folder, name: "hls", key: Self.key,
      keyAddress: "/keys/\(ServedAccount.keyID)")
    let files = try FileManager.default.contentsOfDirectory(atPath: served.folder["hls"]).sorted(by: >)
    for file in files {
      try await served.put(file, Data(contentsOf: URL(fileURLWithPath: served.folder["hls/\(file)"])))
    }
    try await served.publish([
      "streamingPolicyName": "Predefined_ClearKey", "defaultContentKeyPolicyName": "policy",
      "contentKeys": [
        ["id": .string(ServedAccount.keyID), "value": .string(Self.key.base64EncodedString())]
      ],
    ])
    #expect(!served.folder.has("account/keys/\(ServedAccount.keyID)"))
    func play(_ headers: String?) async throws -> Program.Outcome {
      try await Referee.run(
        "ffmpeg", Film.player("\(served.origin)/\(ServedAccount.locatorID)/film.m3u8", headers: headers))
    }
    let token = tokens.tokens["rs256"] ?? ""
    let played = try await play("Authorization: Bearer \(token)\r\n")
    #expect(played.status == 0, "\(played.errors)")
    #expect(played.output.split(separator: "\n").filter { $0.hasPrefix("0,") }.count == 100)
    for headers in [nil, "Authorization: Bearer \(tokens.tokens["expired"] ?? "")\r\n"] {
      let refused = try await play(headers)
      #expect(!refused.output.contains("\n0,"), "\(refused.output.prefix(300))")
    }
    // Neither key, token nor signature stands in a log, whatever its level.
    _ = try await served.ask("/keys/\(ServedAccount.keyID)?token=\(token)")
    let signature = try #require(try served.containerURL().split(separator: "sig=").last).prefix(20)
    let log = served.log.text
    #expect(log.contains("/keys/\(ServedAccount.keyID)"))
    for secret in [token, String(token.suffix(20)), Self.key.base64EncodedString(), String(signature)] {
      #expect(!log.contains(secret))
    }
  }
}
