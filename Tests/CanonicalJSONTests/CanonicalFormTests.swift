import Support
import Testing

@testable import CanonicalJSON

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The canonical form: one text for one value.
@Suite struct CanonicalFormTests {
  private func canonical(_ text: String) throws -> String {
    String(decoding: try JSONValue.parse(text).canonicalBytes(), as: UTF8.self)
  }

  @Test func `a file has one member or element a line and two spaces`() throws {
    let text = try canonical(#"{"b":[1,{"c":null},[]],"a":{},"A":"x"}"#)
    #expect(
      text == """
        {
          "A": "x",
          "a": {},
          "b": [
            1,
            {
              "c": null
            },
            []
          ]
        }

        """)
  }

  @Test func `members are ordered by UTF-16 code units`() throws {
    let text = "{\"\u{20ac}\":1,\"\\r\":2,\"\u{fb33}\":3,\"1\":4,\"\u{1f600}\":5,\"\u{80}\":6,\"\u{f6}\":7}"
    let keys = try JSONValue.parse(text).objectValue?.keys
    #expect(keys == ["\r", "1", "\u{80}", "\u{f6}", "\u{20ac}", "\u{1f600}", "\u{fb33}"])
  }

  @Test func `names that Unicode calls equivalent are two names`() throws {
    let object = try #require(try JSONValue.parse("{\"e\u{301}\":1,\"\u{e9}\":2}").objectValue)
    #expect(object.count == 2)
    #expect(object["\u{e9}"] == 2)
    #expect(JSONValue.string("e\u{301}") != JSONValue.string("\u{e9}"))
  }

  @Test func `stripping white space leaves the RFC 8785 form`() throws {
    for text in ParsingTests.accepted where !text.contains(" ") || text.first != "[" {
      let value = try JSONValue.parse(text)
      let again = try JSONValue.parse(value.canonicalBytes())
      #expect(again.compactBytes() == value.compactBytes())
    }
  }

  @Test(
    .enabled(
      if: getenv("LOCKSTEP_VECTORS") != nil, "LOCKSTEP_VECTORS names no folder with the published data"))
  func `the published RFC 8785 data comes out byte for byte`() throws {
    guard let root = getenv("LOCKSTEP_VECTORS").map({ String(cString: $0) }) else { return }
    for name in ["arrays", "french", "structures", "unicode", "values", "weird"] {
      let input = try #require(contents("\(root)/jcs/input/\(name).json"))
      let output = try #require(contents("\(root)/jcs/output/\(name).json"))
      #expect(try JSONValue.parse(input).compactBytes() == output, "\(name)")
    }
  }

  @Test func `an object keeps its order through every change`() {
    var object: JSONObject = ["b": 1, "a": 2, "c": 3]
    object["aa"] = 4
    object["b"] = nil
    object["a"] = 5
    #expect(object.keys == ["a", "aa", "c"])
    #expect(object["a"] == 5)
    #expect(object["b"] == nil)
  }

  @Test func `mutated texts never crash, and what is read is written one way`() throws {
    let seeds =
      ParsingTests.accepted + [#"{"name":"film","properties":{"a":[1,2.5e3,"é\u00e9",null],"b":{"c":true}}}"#]
    let seconds = getenv("LOCKSTEP_FUZZ_SECONDS").flatMap { Double(String(cString: $0)) } ?? 0
    let deadline = ContinuousClock.now.advanced(by: .seconds(seconds))
    var generator = SeededGenerator(seed: 1)
    var runs = 0
    repeat {
      for _ in 0..<5_000 { try check(mutated(seeds.randomElement(using: &generator) ?? "", &generator)) }
      runs += 5_000
    } while ContinuousClock.now < deadline
    #expect(runs >= 5_000)
  }

  private func mutated(_ seed: String, _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = Array(seed.utf8)
    for _ in 0...Int.random(in: 0...3, using: &generator) {
      let position = Int.random(in: 0...bytes.count, using: &generator)
      switch Int.random(in: 0...3, using: &generator) {
      case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: position)
      case 1: if position < bytes.count { bytes.remove(at: position) }
      case 2: if position < bytes.count { bytes[position] = UInt8.random(in: 0...255, using: &generator) }
      default: bytes.insert(contentsOf: bytes.prefix(position), at: position)
      }
    }
    return bytes
  }

  private func check(_ bytes: [UInt8]) throws {
    guard let value = try? JSONValue.parse(bytes) else { return }
    let canonical = value.canonicalBytes()
    let again = try JSONValue.parse(canonical)
    #expect(again.canonicalBytes() == canonical)
    #expect(again.compactBytes() == value.compactBytes())
  }

  private func contents(_ path: String) -> [UInt8]? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    while case let byte = fgetc(file), byte >= 0 { bytes.append(UInt8(byte)) }
    return bytes
  }
}
