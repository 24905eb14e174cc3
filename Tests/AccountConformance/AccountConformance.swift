import CanonicalJSON
package import LiveAccount
import MediaResources
import Support
import Testing

/// What every kind of live account must do, each step twice: the second time must change nothing.
///
/// A test of a kind of account makes one of these with an empty account and calls `run`.
package struct AccountConformance {
  private let account: any LiveAccount
  private let storageAccount: String

  /// - Parameter storageAccount: the name of a storage account that the account can use.
  package init(_ account: any LiveAccount, storageAccount: String) {
    self.account = account
    self.storageAccount = storageAccount
  }

  /// Runs the whole suite.
  package func run() async throws {
    #expect(try await everything().isEmpty, "the suite begins with an empty account")
    let resources = try Self.resources(storageAccount: storageAccount)
    try await makeAll(resources)
    try await changeAll(resources)
    try await refuseWhatBreaks(resources)
    try await removeAll(resources)
    #expect(try await everything().isEmpty)
  }

  // MARK: Steps

  private func makeAll(_ resources: [Resource]) async throws {
    for resource in resources {
      #expect(try await account.read(resource.id) == nil)
      try await twice { try await account.create(resource) }
      try await expect(resource)
      if resource.id.kind == .asset, hasContents { try await bringContent(to: resource, "first") }
    }
    try await account.flush()
    try await account.recover()
    for resource in resources { try await expect(resource) }
    let listed = try await everything()
    #expect(
      Set(listed.map(\.kind)) == account.capabilities.kinds.subtracting([.assetTrack]))
    #expect(Set(listed.map(\.key)).count == listed.count, "a key stands for one resource")
    for item in listed {
      let document = try await account.read(item)
      #expect(document != nil, "\(item.key) is listed and cannot be read")
    }
    #expect(try await Set(everything().map(\.key)) == Set(listed.map(\.key)), "keys stay the same")
  }

  private func changeAll(_ resources: [Resource]) async throws {
    for old in resources where old.id.kind != .streamingPolicy {
      var new = old
      new.properties["fromTheFuture"] = ["kept": [1, 9_007_199_254_740_993, "é"]]
      try await twice { try await account.replace(new) }
      try await expect(new)
      try await twice { try await account.replace(old) }
      try await expect(old)
    }
    guard let asset = resources.first(where: { $0.id.kind == .asset }) else { return }
    if hasContents { try await bringContent(to: asset, "second") }
    #expect(try await account.publicationProblems() == [])
  }

  /// Nothing that something else needs is taken away under it.
  private func refuseWhatBreaks(_ resources: [Resource]) async throws {
    for kind in [ResourceKind.asset, .contentKeyPolicy] {
      guard let resource = resources.first(where: { $0.id.kind == kind }) else { continue }
      await #expect(throws: (any Error).self) { try await account.delete(resource.id) }
      try await expect(resource)
    }
    guard var twin = resources.first(where: { $0.id.kind == .streamingLocator })?.document else { return }
    twin["name"] = "another"
    let rival = try Resource(document: twin, kind: .streamingLocator)
    await #expect(throws: (any Error).self) { try await account.create(rival) }
    #expect(try await account.read(rival.id) == nil)
    #expect(try await account.publicationProblems() == [])
  }

  private func removeAll(_ resources: [Resource]) async throws {
    for resource in resources.reversed() {
      try await twice { try await account.delete(resource.id) }
      #expect(try await account.read(resource.id) == nil)
    }
    try await account.flush()
    #expect(try await account.publicationProblems() == [])
  }

  // MARK: Parts

  /// Does something twice; the second time must change nothing.
  private func twice(_ step: () async throws -> Void) async throws {
    try await step()
    let before = try await contents()
    try await step()
    #expect(try await contents() == before, "the second time changed something")
  }

  private var hasContents: Bool { account.capabilities.kinds.contains(.content) }

  private func contents() async throws -> [String: JSONObject] {
    var found: [String: JSONObject] = [:]
    for item in try await everything() { found[item.key] = try await account.read(item) }
    return found
  }

  private func everything() async throws -> [ListedResource] {
    var all: [ListedResource] = []
    for kind in account.capabilities.kinds.sorted() { all += try await account.list(kind) }
    // Every service has one from the start that nobody can take away.
    for (index, item) in all.enumerated() where item.kind == .streamingEndpoint {
      if try await account.read(item)?["name"]?.stringValue == StreamingEndpointView.defaultName {
        all.remove(at: index)
        break
      }
    }
    return all
  }

  private func expect(_ resource: Resource) async throws {
    let document = try #require(try await account.read(resource.id), "\(resource.id)")
    let observed = try NormalForm.normalise(
      document, kind: resource.id.kind, assetName: resource.id.assetName)
    #expect(Equivalence.equal(observed, resource), "\(resource.id)")
  }

  private func bringContent(to asset: Resource, _ text: String) async throws {
    let folder = try TemporaryFolder()
    try folder.write(text, to: "film/a.mp4")
    try folder.write(text + " too", to: "film/deep/b.mp4")
    let source = try RootedFolder.open(folder["film"])
    let inventory = try ContentScan.inventory(of: source)
    try await twice {
      try await account.replaceContent(of: asset, for: []) { stage in
        _ = try ContentTransfer(source: .folder(source), stage: stage).copy(inventory)
      }
    }
    let placed = try #require(try await account.contentPlace(of: asset))
    #expect(try ContentScan.inventory(of: placed).agrees(with: inventory))
    // What fails changes nothing.
    struct Failure: Error {}
    await #expect(throws: Failure.self) {
      try await account.replaceContent(of: asset, for: []) { _ in throw Failure() }
    }
    #expect(try ContentScan.inventory(of: placed).agrees(with: inventory))
  }

  // MARK: Resources

  /// One of each kind that every service takes, in the order in which one needs the other, with names that are hard to
  /// keep apart.
  private static func resources(storageAccount: String) throws -> [Resource] {
    func make(_ kind: ResourceKind, _ name: String, _ properties: JSONObject, of asset: String? = nil) throws
      -> Resource
    {
      var document: JSONObject = ["name": .string(name), "properties": .object(properties)]
      document["assetName"] = asset.map { .string($0) }
      return try NormalForm.normalise(document, kind: kind)
    }
    let range: JSONObject = [
      "presentationTimeRange": ["endTimestamp": 9_223_372_036_854_775_807, "timescale": 1]
    ]
    return [
      try make(
        .contentKeyPolicy, "Tokens",
        [
          "options": [
            [
              "configuration": ["@odata.type": "#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"],
              "name": "token",
              "restriction": [
                "@odata.type": "#Microsoft.Media.ContentKeyPolicyTokenRestriction", "audience": "a",
                "issuer": "i",
                "primaryVerificationKey": [
                  "@odata.type": "#Microsoft.Media.ContentKeyPolicySymmetricTokenKey", "keyValue": "dmFsdWG=",
                ], "restrictionTokenType": "Jwt",
              ],
            ]
          ]
        ]),
      try make(
        .streamingPolicy, "clear",
        [
          "noEncryption": [
            "enabledProtocols": ["dash": true, "download": true, "hls": true, "smoothStreaming": false]
          ]
        ]),
      try make(.accountFilter, "Filter", range), try make(.accountFilter, "filter", range),
      try make(.asset, "Ein Film é", ["container": "film", "storageAccountName": .string(storageAccount)]),
      try make(.assetFilter, "filter", range, of: "Ein Film é"),
      try make(
        .streamingLocator, "Ein Film e\u{301}",
        [
          "assetName": "Ein Film é", "defaultContentKeyPolicyName": "Tokens", "filters": ["filter"],
          "streamingLocatorId": "90000000-0000-0000-0000-00000000000a", "streamingPolicyName": "clear",
        ]),
      try NormalForm.normalise(
        ["location": "West US 2", "name": "premium", "properties": ["maxCacheAge": 60, "scaleUnits": 1]],
        kind: .streamingEndpoint),
    ]
  }
}
