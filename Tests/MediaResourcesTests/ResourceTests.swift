import CanonicalJSON
import Foundation
import Support
import Testing

@testable import MediaResources

/// Names, paths, identity, references and what must survive.
@Suite struct ResourceTests {
  private func locator(_ properties: String, name: String = "l") throws -> Resource {
    let text = "{\"name\":\"\(name)\",\"properties\":\(properties)}"
    return try NormalForm.normalise(#require(JSONValue.parse(text).objectValue), kind: .streamingLocator)
  }

  @Test func `two names never share a path, though a file system folds case or normalises`() throws {
    var random = SeededGenerator(seed: 11)
    let alphabet: [Character] = [
      "a", "A", "b", "%", "2", "é", "e\u{301}", "ß", "S", "s", "-", "_", " ", "🎬", "I", "ı", "K", "\u{212A}",
    ]
    var names: Set<[UInt8]> = [Array("con".utf8), Array("CON".utf8), Array("con.".utf8)]
    for _ in 0..<3_000 {
      let name = String(
        (0..<Int.random(in: 1...5, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "a" }
      )
      names.insert(Array(name.utf8))
    }
    names.insert(Array(String(repeating: "🎬", count: 130).utf8))
    names.insert(Array((String(repeating: "🎬", count: 129) + "🎥").utf8))
    var paths: [String: [UInt8]] = [:]
    for bytes in names {
      let id = ResourceID(kind: .asset, assetName: nil, name: String(decoding: bytes, as: UTF8.self))
      let path = ResourcePath.path(of: id)
      let folded = path.lowercased().precomposedStringWithCompatibilityMapping
      #expect(paths.updateValue(bytes, forKey: folded) == nil, "\(id.name)")
      #expect(path.split(separator: "/").allSatisfy { $0.utf8.count <= 255 && $0 != "." && $0 != ".." })
      #expect(ResourcePath.kind(ofPath: path) == .asset)
    }
    #expect(
      ResourcePath.path(of: ResourceID(kind: .accountFilter, assetName: nil, name: "top-5_x"))
        == "account-filters/top-5_x.json")
  }

  @Test(arguments: [
    "", "a/b", "a.b", "..", "a\u{0}", "it's", "a*", "a?b", "a%b", "a<b", "tab\t",
    String(repeating: "a", count: 261), String(repeating: "🎬", count: 260),
  ])
  func `a name that the services refuse is refused`(name: String) {
    #expect(Validation.nameProblem(name) != nil)
  }

  @Test(arguments: [
    "a", "Ein Film", "映画", "e\u{301}", String(repeating: "a", count: 260), String(repeating: "🎬", count: 130),
  ])
  func `a name that the services take is taken`(name: String) { #expect(Validation.nameProblem(name) == nil) }

  @Test func `Int64 and unknown properties survive`() throws {
    let text = """
      {"name":"f","properties":{"presentationTimeRange":{"endTimestamp":9223372036854775807,"timescale":10000000},\
      "tracks":[{"trackSelections":[]}],"fromTheFuture":{"a":[1,2.50,null,{"b":""}]}},"alsoNew":1}
      """
    let resource = try NormalForm.normalise(#require(JSONValue.parse(text).objectValue), kind: .accountFilter)
    let written = String(decoding: resource.canonicalBytes(), as: UTF8.self)
    #expect(written.contains("9223372036854775807"))
    #expect(
      resource.properties["fromTheFuture"] == (try JSONValue.parse("{\"a\":[1,2.50,null,{\"b\":\"\"}]}")))
    #expect(resource.document["alsoNew"] == (try JSONValue.parse("1")))
    #expect(Validation.check(resource) == [])
    let over = text.replacingOccurrences(of: "9223372036854775807", with: "9223372036854775808")
    let wrong = try NormalForm.normalise(#require(JSONValue.parse(over).objectValue), kind: .accountFilter)
    #expect(Validation.check(wrong).map(\.pointer) == ["/properties/presentationTimeRange/endTimestamp"])
  }

  @Test func `a locator's identity is its id and its keys' ids, labels and values`() throws {
    let base = """
      {"assetName":"a","streamingPolicyName":"p","streamingLocatorId":"AA",\
      "contentKeys":[{"id":"K1","labelReferenceInStreamingPolicy":"l","value":"AAAA"}]}
      """
    let old = try locator(base)
    #expect(
      Identity.changes(from: old, to: try locator(base.replacingOccurrences(of: "\"AA\"", with: "\"aa\"")))
        == [])
    #expect(
      Identity.changes(from: old, to: try locator(base.replacingOccurrences(of: "\"a\"", with: "\"b\"")))
        == [])
    for (what, with, word) in [
      ("\"AA\"", "\"AB\"", "locator id"), ("K1", "K2", "content key"), ("AAAA", "AAAB", "value"),
      ("\"l\"", "\"m\"", "label"),
    ] {
      let changes = Identity.changes(
        from: old, to: try locator(base.replacingOccurrences(of: what, with: with)))
      #expect(changes.count == 1 && changes[0].what.contains(word), "\(what)")
      #expect(!changes.description.contains("AAA"), "no secret may be told")
    }
  }

  @Test func `content keys are sorted, case is the API's, and the service's rewriting is no change`() throws {
    let mine = try locator(
      """
      {"AssetName":"a","StreamingPolicyName":"p","StreamingLocatorId":"90000000-0000-0000-0000-00000000000A","endTime":"2030-01-01T00:00:00.1000000Z",\
      "ContentKeys":[{"Id":"b","Value":"x"},{"Id":"a","Value":"y"}]}
      """)
    let theirs = try locator(
      """
      {"assetName":"a","streamingPolicyName":"p","streamingLocatorId":"90000000-0000-0000-0000-00000000000a","endTime":"2030-01-01T00:00:00.1Z",\
      "contentKeys":[{"id":"A","value":"y","tracks":[],"type":"EnvelopeEncryption"},{"id":"b","value":"x"}],"filters":[],"created":"2020-01-01T00:00:00Z"}
      """)
    #expect(Equivalence.equal(mine, theirs))
    #expect(mine != theirs, "the bytes stay as they were first written")
  }

  @Test
  func `a locator refers to its asset, policies and filters; predefined policies are nothing to look up`()
    throws
  {
    let used = try locator(
      "{\"assetName\":\"a\",\"streamingPolicyName\":\"mine\",\"defaultContentKeyPolicyName\":\"k\",\"filters\":[\"f\"]}"
    )
    #expect(
      References.of(used).map(\.property) == [
        "assetName", "streamingPolicyName", "defaultContentKeyPolicyName", "filters",
      ])
    #expect(References.of(used).last?.targets.count == 2)
    let plain = try locator("{\"assetName\":\"a\",\"streamingPolicyName\":\"Predefined_ClearKey\"}")
    #expect(References.of(plain).map(\.property) == ["assetName"])
  }

  @Test func `what people are shown holds no secret`() throws {
    let secret = try locator(
      "{\"assetName\":\"a\",\"contentKeys\":[{\"id\":\"k\",\"value\":\"c2VjcmV0c2VjcmV0c2VjcmU=\"}]}")
    #expect(SecretPlaces.secrets(of: secret).map(\.place) == ["/contentKeys/k/value"])
    // Lists in lists of objects without names take time in proportion to their depth, not to its power.
    var deep: JSONValue = ["keyValue": "x"]
    for _ in 0..<60 { deep = [["y": deep]] }
    let strange = try Resource(
      document: ["name": "l", "properties": ["strange": deep]], kind: .streamingLocator)
    #expect(SecretPlaces.secrets(of: strange).count == 1)
    #expect(!String(decoding: SecretPlaces.redacted(secret).canonicalBytes(), as: UTF8.self).contains("c2Vj"))
  }

  @Test(arguments: ["/etc/passwd", "../x", "a/../b", "", "a//b", "a\\b", "a\u{0}b", "./a"])
  func `a path out of a container is refused`(path: String) {
    #expect(Validation.pathProblem(path) != nil)
  }
}
