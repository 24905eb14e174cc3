import Testing

@testable import CanonicalJSON

/// What is JSON and what is not: the classes of the public JSONTestSuite, decided once for whole texts and chunks.
@Suite struct ParsingTests {
  static let accepted = [
    "[[]   ]", "[]", "[\"\"]", "[\"a\"]", "[false]", "[null, 1, \"1\", {}]", "[null]", "[1\n]", " [1]",
    "[1,null,null,null,2]", "[2] ", "[0e+1]", "[0e1]", "[ 4]",
    "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]\n", "[20e1]", "[-0]",
    "[-123]",
    "[-1]", "[1E22]", "[1E-2]", "[1E+2]", "[123e45]", "[123.456e78]", "[1e-2]", "[1e+2]", "[123]",
    "[123.456789]",
    "{\"asd\":\"sdf\", \"dfg\":\"fgh\"}", "{\"asd\":\"sdf\"}", "{}", "{\"\":0}", "{\"foo\\u0000bar\": 42}",
    "{ \"min\": -1.0e+28, \"max\": 1.0e+28 }", "{\"x\":[{\"id\": \"x\"}], \"id\": \"x\"}", "{\"a\":[]}",
    "{\n\"a\": \"b\"\n}", "[\"\\u0060\\u012a\\u12AB\"]", "[\"\\uD801\\udc37\"]",
    "[\"\\ud83d\\ude39\\ud83d\\udc8d\"]",
    "[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"]", "[\"\\\\u0000\"]", "[\"\\\"\"]", "[\"a/*b*/c/*d//e\"]", "[\"\\\\a\"]",
    "[\"\\\\n\"]", "[\"\\u0012\"]", "[\"\\uFFFF\"]", "[\"asd\"]", "[ \"asd\"]", "[\"\\uDBFF\\uDFFF\"]",
    "[\"new\\u00A0line\"]", "[\"\u{10FFFF}\"]", "[\"\u{FFFF}\"]", "[\"\\u0000\"]", "[\"\\u002c\"]", "[\"π\"]",
    "[\"\u{1BFFF}\"]", "[\"asd \"]", "\" \"", "[\"\\uD834\\uDd1e\"]", "[\"\\u0821\"]", "[\"\\u0123\"]",
    "[\"\u{2028}\"]",
    "[\"\u{2029}\"]", "[\"\\u0061\\u30af\\u30EA\\u30b9\"]", "[\"new\\u000Aline\"]", "[\"\u{7F}\"]",
    "[\"\\uA66D\"]",
    "[\"\\u005C\"]", "[\"⍂㈴⍂\"]", "[\"\\u200B\"]", "[\"\\u2064\"]", "[\"\\uFDD0\"]", "[\"\\uFFFE\"]",
    "[\"\\u0022\"]",
    "[\"aa\u{7F}\"]", "false", "42", "-0.1", "null", "\"asd\"", "true", "\"\"", "[\"a\"]\n", "[true]", " [] ",
  ]

  static let refused = [
    "[1 true]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\",,]", "[\"x\"]]", "[\"\",]", "[\"x\"", "[x",
    "[3[4]]",
    "[1:2]", "[,]", "[-]", "[   , \"\"]", "[\"a\",\n4\n,1,", "[1,]", "[1,\n1\n,1", "[*]", "[\"\"", "[1,",
    "[{}", "[fals]",
    "[nul]", "[tru]", "[++1234]", "[+1]", "[+Inf]", "[-00.0]", "[-00e0]", "[00.0]", "[00e0]",
    "[\"\\012\"]", "[-01]", "[-1.0.]", "[-2.]", "[-NaN]", "[.-1]", "[.2e-3]",
    "[0.1.2]",
    "[0.3e+]", "[0.3e]", "[0.e1]", "[0E+]", "[0E]", "[0e+]", "[0e]", "[1.0e+]", "[1.0e-]", "[1.0e]",
    "[1 000.0]",
    "[1eE2]", "[2.e+3]", "[2.e-3]", "[2.e3]", "[9.e+]", "[Inf]", "[NaN]", "[１]", "[1+2]", "[0x1]", "[0x42]",
    "[Infinity]", "[0e+-1]", "[-123.123foo]", "[-Infinity]", "[-foo]", "[- 1]", "[-012]", "[-.123]", "[-1x]",
    "[1ea]",
    "[1.]", "[.123]", "[1.2a-3]", "[1.8011670033376514H-308]", "[012]", "[\"x\", truth]", "{[: \"x\"}",
    "{\"x\", null}",
    "{\"x\"::\"b\"}", "{🇨🇭}", "{\"a\":\"a\" 123}", "{key: 'value'}", "{\"a\" b}", "{:\"b\"}", "{\"a\" \"b\"}",
    "{\"a\":",
    "{\"a\"", "{1:1}", "{9999E9999:1}", "{null:null,null:null}", "{\"id\":0,,,,,}", "{'a':0}", "{\"id\":0,}",
    "{\"a\":\"b\"}/**/", "{\"a\":\"b\"}/**//", "{\"a\":\"b\"}//", "{\"a\":\"b\"}/",
    "{\"a\":\"b\",,\"c\":\"d\"}", "{a: \"b\"}",
    "{\"a\":\"a", "{ \"foo\" : \"bar\", \"a\" }", "{\"a\":\"b\"}#", " ", "[\"\\uD800\\\"]",
    "[\"\\uD800\\u\"]",
    "[\"\\uD800\\u1\"]", "[\"\\uD800\\u1x\"]", "[é]", "[\"\\x00\"]", "[\"\\\\\\\"]", "[\"\\\t\"]",
    "[\"\\🌀\"]", "[\"\\\"]",
    "[\"\\u00A\"]", "[\"\\uD834\\uDd\"]", "[\"\\uD800\\uD800\\x\"]", "[\"\\a\"]", "[\"\\uqqqq\"]",
    "[\\u0020\"asd\"]",
    "[\\n]", "\"", "['single quote']", "abc", "[\"\\", "[\"new\nline\"]", "[\"\t\"]", "\"\\UA66D\"", "\"\"x",
    "<.>",
    "[<null>]", "[1]x", "[1]]", "[\"asd]", "aå", "[True]", "1]", "{\"x\": true,", "[][]", "]", "{}}",
    "{\"\":", "[a",
    "{\"a\": true} \"x\"", "[\"a", "[\"", "[", "{", "{\"a\"", "[1", "nu", "*", "{\"a\":\"b\"}#{}", "",
    "[\u{2060}]",
    "[\u{C}]", "\u{FEFF}[]",
  ]

  /// Texts that the suite leaves open; see `JSONStreamParser`.
  static let open: [(String, accepted: Bool)] = [
    ("[123.456e-789]", true),
    ("[0.4e00669999999999999999999999999999999999999999999999999999999999999999969999999006]", false),
    ("[-1e+9999]", false), ("[1.5e+9999]", false), ("[-123123e100000]", false), ("[123123e100000]", false),
    ("[123e-10000000]", true), ("[-123123123123123123123123123123]", true), ("[100000000000000000000]", true),
    ("[-237462374673276894279832749832423479823246327846]", true), ("{\"\\uDFAA\":0}", false),
    ("[\"\\uDADA\"]", false), ("[\"\\uD888\\u1234\"]", false), ("[\"\\uD800\\n\"]", false),
    ("[\"\\uDd1ea\"]", false),
    ("[\"\\uD800\\uD800\\n\"]", false), ("[\"\\ud800\"]", false), ("[\"\\ud800abc\"]", false),
    ("[\"\\uDd1e\\uD834\"]", false), ("[\"\\uDFAA\"]", false),
    (String(repeating: "[", count: 500) + String(repeating: "]", count: 500), false),
    (String(repeating: "[", count: 256) + String(repeating: "]", count: 256), true),
    ("{\"a\":\"b\",\"a\":\"c\"}", false), ("{\"a\":\"b\",\"a\":\"b\"}", false),
  ]

  @Test(arguments: accepted) func `JSON is accepted`(text: String) throws { _ = try JSONValue.parse(text) }

  @Test(arguments: refused) func `what is no JSON is refused`(text: String) {
    #expect(throws: JSONError.self) { try JSONValue.parse(text) }
  }

  @Test(arguments: open) func `what the suite leaves open is decided`(text: String, isAccepted: Bool) {
    #expect(((try? JSONValue.parse(text)) != nil) == isAccepted)
  }

  @Test(
    arguments: [
      [0xFF], [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
      [0x22, 0xE0, 0x80, 0x80, 0x22],
      [0x22, 0xF4, 0xBF, 0xBF, 0xBF, 0x22], [0x22, 0x81, 0x22], [0x22, 0xE5, 0x22],
      [0x22, 0xF0, 0x9F, 0x98, 0x22],
      [0x22, 0xFC, 0x83, 0xBF, 0xBF, 0xBF, 0xBF, 0x22], [0x22, 0x00, 0x22], [0xEF, 0xBB, 0xBF],
      [0xFF, 0xFE, 0x5B, 0x00],
    ] as [[UInt8]])
  func `bytes that are no UTF-8 are refused`(bytes: [UInt8]) {
    #expect(throws: JSONError.self) { try JSONValue.parse(bytes) }
  }

  @Test(arguments: [
    ("{\n  \"a\": tru\n}", 2, 8), ("[1,\n2,\n,]", 3, 1), ("{\"a\":1,\n \"a\":2}", 2, 2),
    ("\"\\ud800\"", 1, 1),
    ("[1.]", 1, 4), ("", 1, 1), ("{}\n{}", 2, 1),
  ])
  func `an error tells line and column`(text: String, line: Int, column: Int) {
    let error = #expect(throws: JSONError.self) { try JSONValue.parse(text) }
    #expect(error?.line == line)
    #expect(error?.column == column, "\(String(describing: error))")
  }

  @Test func `every way of cutting a text gives the same`() {
    for text in Self.accepted + Self.refused + Self.open.map(\.0) {
      let bytes = Array(text.utf8)
      let whole = Result { try JSONValue.parse(bytes) }
      for cut in bytes.indices { expectSame(whole, parse([bytes[..<cut], bytes[cut...]]), text) }
      expectSame(whole, parse(bytes.indices.map { bytes[$0...$0] }), text)
    }
  }

  private func parse(_ chunks: [ArraySlice<UInt8>]) -> Result<JSONValue, any Error> {
    Result {
      var parser = JSONStreamParser()
      for chunk in chunks { try parser.consume(Array(chunk)) }
      return try parser.finish()
    }
  }

  private func expectSame(
    _ a: Result<JSONValue, any Error>, _ b: Result<JSONValue, any Error>, _ text: String
  ) {
    switch (a, b) {
    case (.success(let a), .success(let b)): #expect(a == b, "\(text)")
    case (.failure(let a), .failure(let b)): #expect(a as? JSONError == b as? JSONError, "\(text)")
    default: Issue.record("whole and cut differ: \(text)")
    }
  }
}
