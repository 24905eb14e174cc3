import CanonicalJSON
import LiveAccount
import MediaResources
import Planning
import Support
import Synchronization
import Testing

@testable import MediaServicesAccount

/// Secrets: how they are asked for, and what is never taken for them: what is known to go wrong with the real services.
///
/// Each test names the trap's number in the list of facts.
@Suite struct SecretTrapTests {
  @Test func `1: secrets are asked for by their own request, and only where there may be some`() async throws
  {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(Samples.asset("film"))
    try await account.create(Samples.locator("clear", of: "film", number: 1))
    try await account.create(
      Samples.locator(
        "keys", of: "film", number: 2, policy: "Predefined_ClearKey", keys: [Samples.key("clearKeyDefault")]))
    try await account.create(Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0")))
    try await account.create(
      Samples.resource(
        .contentKeyPolicy, "open",
        [
          "options": [
            [
              "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
              "restriction": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"],
            ]
          ]
        ]))
    try await service.control(["forget": true])
    try await account.list([.streamingLocator, .contentKeyPolicy], for: ListingPurpose { _ in true }) {
      for item in $0 { _ = try await account.read(item) }
    }
    let state = try await service.state()
    #expect(state["requests"]?["writes"]?.int64Value == 2)
    #expect(state["requests"]?["reads"]?.int64Value == 2)
  }

  @Test(arguments: ["absent", "null", "empty"])
  func `2: a policy whose secrets are redacted is never taken for the policy`(_ redaction: String)
    async throws
  {
    let service = try ServiceStandIn()
    try await service.control(["redaction": .string(redaction)])
    let account = try service.account()
    let policy = try Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0"))
    try await account.create(policy)
    try await Samples.expect(policy, in: account)
    try await service.control(["withhold": true])
    let error = await #expect(throws: AccountError.self) { _ = try await account.read(policy.id) }
    #expect(error?.message.contains("withholds") == true)
    #expect(error?.hint?.contains("Contributor") == true)
  }

  @Test func `3: a list shows no content keys, and what is read has them`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    try await account.create(Samples.asset("film"))
    let locator = try Samples.locator(
      "keys", of: "film", number: 2, policy: "Predefined_ClearKey", keys: [Samples.key("clearKeyDefault")])
    try await account.create(locator)
    try await confirmation { listed in
      try await account.list([.streamingLocator], for: ListingPurpose { _ in true }) { items in
        for item in items {
          let document = try #require(try await account.read(item))
          #expect(try Equivalence.equal(NormalForm.normalise(document, kind: .streamingLocator), locator))
          listed()
        }
      }
    }
  }

  @Test func `4: a write that changes nothing is not made`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    let policy = try Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0"))
    try await account.create(policy)
    try await account.replace(policy)
    let effects = try await service.state()["effects"]?.arrayValue ?? []
    #expect(effects.count == 1)
  }

  @Test func `26: what the API shows as unknown is read, and never written back`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    let policy = try Samples.resource(
      .contentKeyPolicy, "new",
      [
        "options": [
          [
            "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyUnknownConfiguration"],
            "name": "from the future",
            "restriction": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"],
          ]
        ]
      ])
    #expect(account.obstacles(to: try step(nil, policy)).first?.contains("from the future") == true)
    await #expect(throws: AccountError.self) { try await account.create(policy) }
    try await service.control([
      "make": [
        ["body": ["properties": .object(policy.properties)], "kind": "contentKeyPolicies", "name": "new"]
      ]
    ])
    try await Samples.expect(policy, in: account)
  }

  @Test func `28: a certificate that was sent as PEM and comes back as DER is the same`() async throws {
    let service = try ServiceStandIn()
    let account = try service.account()
    let der = [UInt8](0...99)
    let pem =
      "-----BEGIN CERTIFICATE-----\n\(Base64.encode(Array(der[..<48])))\n\(Base64.encode(Array(der[48...])))\n"
      + "-----END CERTIFICATE-----\n"
    func key(_ body: String) -> JSONValue {
      ["@odata.type": "#Microsoft.Media.ContentKeyPolicyX509CertificateTokenKey", "rawBody": .string(body)]
    }
    let policy = try Samples.resource(
      .contentKeyPolicy, "cert", Samples.tokenPolicy(key(Base64.encode(Array(pem.utf8)))))
    try await account.create(policy)
    try await Samples.expect(policy, in: account)
    let other = try Samples.resource(
      .contentKeyPolicy, "cert", Samples.tokenPolicy(key(Base64.encode([1, 2, 3]))))
    #expect(!Equivalence.equal(policy, other))
  }

  @Test func `33: content keys carry type and policy to MK.IO, and to no other service`() async throws {
    let service = try ServiceStandIn()
    for flavour in ["mkio", "azure"] {
      try await service.control(["reset": true, "flavour": .string(flavour)])
      let account = try service.account(flavour)
      try await account.create(Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0")))
      try await account.create(Samples.resource(.streamingPolicy, "cenc", Samples.cencPolicy))
      try await account.create(Samples.asset("film"))
      let locator = try Samples.locator(
        "one", of: "film", number: 1, policy: "cenc", keys: [Samples.key("key one")])
      try await account.create(locator)
      try await Samples.expect(locator, in: account)
      let keys = try await service.state()["items"]?["streamingLocators"]?["one"]?["properties"]?[
        "contentKeys"]
      let key = keys?.arrayValue?.first
      #expect(key?["type"]?.stringValue == (flavour == "mkio" ? "CommonEncryptionCenc" : nil))
      #expect(key?["policyName"]?.stringValue == (flavour == "mkio" ? "tokens" : nil))
    }
  }

  @Test func `12: options and the claims that they require stay in the order in which they were given`()
    async throws
  {
    let service = try ServiceStandIn()
    let account = try service.account()
    let options: [JSONValue] = ["z", "a", "m"].map { name in
      [
        "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
        "name": .string(name),
        "restriction": [
          "@odata.type": "#Microsoft.Media.ContentKeyPolicyTokenRestriction", "audience": "a", "issuer": "i",
          "primaryVerificationKey": [
            "@odata.type": "#Microsoft.Media.ContentKeyPolicySymmetricTokenKey", "keyValue": "c2VjcmV0",
          ],
          "requiredClaims": [
            ["claimType": "urn:z", "claimValue": "1"], ["claimType": "urn:a", "claimValue": "2"],
          ],
          "restrictionTokenType": "Jwt",
        ],
      ]
    }
    let policy = try Samples.resource(.contentKeyPolicy, "many", ["options": .array(options)])
    try await account.create(policy)
    let document = try #require(try await account.read(policy.id))
    let found = try NormalForm.normalise(document, kind: .contentKeyPolicy).properties["options"]?.arrayValue
    #expect(found?.compactMap { $0["name"]?.stringValue } == ["z", "a", "m"])
    let claims = found?.first?["restriction"]?["requiredClaims"]?.arrayValue
    #expect(claims?.compactMap { $0["claimType"]?.stringValue } == ["urn:z", "urn:a"])
    // Another order is another policy: the first option that fits decides.
    var other = policy
    other.properties["options"] = .array(options.reversed())
    #expect(!Equivalence.equal(policy, other))
  }

  @Test func `31: a changed policy is said to reach key delivery later, and until when to wait`() async throws
  {
    let service = try ServiceStandIn()
    for (flavour, words) in [("azure", 1), ("mkio", 0)] {
      try await service.control(["reset": true, "flavour": .string(flavour)])
      let said = Mutex<[String]>([])
      let account = try service.account(flavour) { line in said.withLock { $0.append(line) } }
      var policy = try Samples.resource(.contentKeyPolicy, "tokens", Samples.tokenPolicy("c2VjcmV0"))
      try await account.create(policy)
      try await account.replace(policy)
      #expect(said.withLock { $0.count } == 0)
      for text in ["changed", "changed again"] {
        policy.properties["description"] = .string(text)
        try await account.replace(policy)
      }
      let lines = said.withLock { $0 }
      #expect(lines.count == words, "\(lines)")
      #expect(lines.allSatisfy { $0.contains("content-key-policy/tokens") && $0.contains("15 minutes") })
    }
  }
}
