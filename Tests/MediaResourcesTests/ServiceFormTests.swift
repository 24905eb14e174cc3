import CanonicalJSON
import Support
import Testing

@testable import MediaResources

/// What the services make of names, times and ids, and the way back.
@Suite struct ServiceFormTests {
  @Test func `a name comes back out of its file name, unless it was too long for one`() {
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    let alphabet = Array("aZ0-_%é日 .\u{301}#~\u{1F3AC}".unicodeScalars)
    for _ in 0..<2_000 {
      var name = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 1...120, using: &generator) {
        name.append(alphabet[Int.random(in: 0..<alphabet.count, using: &generator)])
      }
      let text = String(name)
      let file = ResourcePath.fileName(for: text)
      let back = ResourcePath.name(ofFileName: file[...])
      let isWhole = !file.contains("%%")
      #expect(isWhole ? back?.utf8.elementsEqual(text.utf8) == true : back == nil, "seed \(seed): \(text)")
    }
    #expect(ResourcePath.name(ofFileName: ResourcePath.fileName(for: "con")[...]) == "con")
  }

  @Test func `a time is written as it is read, with as many digits as asked for`() {
    #expect(UTCTime.text(nanoseconds: 0) == "1970-01-01T00:00:00Z")
    #expect(UTCTime.text(nanoseconds: 1_709_210_096_789_123_456) == "2024-02-29T12:34:56.7891234Z")
    #expect(UTCTime.text(nanoseconds: 1_709_210_096_780_000_000, digits: 3) == "2024-02-29T12:34:56.78Z")
    #expect(UTCTime.text(nanoseconds: -1) == "1969-12-31T23:59:59.9999999Z")
    let seed = UInt64.random(in: 0...UInt64.max)
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<2_000 {
      let second = Int64.random(in: -2_000_000_000...9_000_000_000, using: &generator)
      #expect(UTCTime.seconds(UTCTime.text(nanoseconds: second * 1_000_000_000)) == second, "seed \(seed)")
    }
  }

  @Test(arguments: [
    ("2018-03-29T10:00:00.000Z", 9, "2018-03-29T10:00:00Z"),
    ("2018-03-29T10:00:00Z", 3, "2018-03-29T10:00:00Z"),
    ("2018-10-12T15:35:08.9712885Z", 3, "2018-10-12T15:35:08.971Z"),
    ("2018-10-12T15:35:08.9712885Z", 0, "2018-10-12T15:35:08Z"), ("soon.000Z", 3, "soon.000Z"),
  ])
  func `a time is shortened, and what is none is left alone`(text: String, digits: Int, short: String) {
    #expect(UTCTime.shortened(text, digits: digits) == short)
  }

  @Test func `what a service rewrites is equal to what it was sent`() throws {
    let sent = try NormalForm.normalise(
      [
        "name": "l",
        "properties": [
          "assetName": "A",
          "contentKeys": [["id": "AAAAAAAA-0000-0000-0000-00000000000A", "value": "dmFsdWG="]],
          "endTime": "2030-01-01T00:00:00.500Z", "streamingLocatorId": "BBBBBBBB-0000-0000-0000-00000000000B",
          "streamingPolicyName": "P",
        ],
      ], kind: .streamingLocator)
    let kept = ServiceRewriting.rewritten(sent)
    #expect(kept.properties["streamingLocatorId"] == "bbbbbbbb-0000-0000-0000-00000000000b")
    #expect(kept.properties["endTime"] == "2030-01-01T00:00:00.5Z")
    #expect(kept.properties["assetName"] == "A")
    #expect(kept.properties["contentKeys"]?.arrayValue?.first?["value"] == "dmFsdWG=")
    #expect(kept != sent && Equivalence.equal(kept, sent))
  }
}
