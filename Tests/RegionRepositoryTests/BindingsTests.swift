import CanonicalJSON
import MediaResources
import Support
import Testing

@testable import RegionRepository

/// What differs between regions is taken out and put back, and nothing else is touched.
@Suite struct BindingsTests {
  @Test(arguments: 1...400 as ClosedRange<UInt64>)
  func `bind(unbind(x)) == x for every text`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let values = ["east", "eaststorage", "a", "${", "key.east.example.com", "x$", "é"]
    var chosen: [String: String] = [:]
    for symbol in ["storage.main", "host.keys", "b"] {
      let value = values.randomElement(using: &random) ?? "a"
      if !value.contains("$") { chosen[symbol] = value }
    }
    let bindings = try Bindings(chosen)
    let pieces =
      values + ["$", "$$", "{", "}", "${storage.main}", "$${", "/", "?", "-", "", "{ContentKeyId}"]
    for _ in 0..<50 {
      let text = (0..<Int.random(in: 0...6, using: &random)).map { _ in
        pieces.randomElement(using: &random) ?? ""
      }.joined()
      for whole in [true, false] {
        let neutral = bindings.unbind(text, whole: whole)
        #expect(
          try bindings.bind(neutral).utf8.elementsEqual(text.utf8), "seed \(seed): '\(text)' as '\(neutral)'")
      }
    }
  }

  @Test func `only whole words are taken for a bound value`() throws {
    let bindings = try Bindings(["storage.main": "eaststorage", "host": "east.example.com"])
    #expect(bindings.unbind("eaststorage", whole: true) == "${storage.main}")
    #expect(bindings.unbind("eaststorage2", whole: true) == "eaststorage2")
    #expect(
      bindings.unbind("https://east.example.com/{ContentKeyId}", whole: false)
        == "https://${host}/{ContentKeyId}")
    for text in ["https://northeast.example.com/", "eaststorage-2.example.com", "myeaststorage"] {
      #expect(bindings.unbind(text, whole: false) == text)
    }
  }

  @Test func `two symbols with one value keep the one that live has`() throws {
    let bindings = try Bindings(["storage.archive": "one", "storage.main": "one"])
    func asset(_ storage: String) throws -> Resource {
      try Resource(
        document: ["name": "a", "properties": ["storageAccountName": .string(storage)]], kind: .asset)
    }
    for symbol in ["storage.archive", "storage.main"] {
      let live = try asset("${\(symbol)}")
      #expect(try bindings.unbind(asset("one"), live: live) == live)
    }
    let error = #expect(throws: RegionError.self) { try bindings.bind(asset("${storage.other}")) }
    #expect(error?.message.contains("asset/a") == true && error?.hint?.contains("lockstep bind") == true)
  }

  @Test(arguments: [("A", "x"), ("a b", "x"), ("a", ""), ("a", "x$y"), ("", "x")])
  func `what cannot be a binding is refused`(symbol: String, value: String) {
    #expect(throws: RegionError.self) { try Bindings([symbol: value]) }
  }
}
