import Age
import CanonicalJSON
import MediaResources
import Sealing
import Support
import Testing

/// Sealing of single values: what opens where, and what shows.
@Suite struct SealedValueTests {
  static let locator = ResourceID(kind: .streamingLocator, assetName: nil, name: "film")
  static let place = "/contentKeys/6000/value"

  @Test func `the same value at the same place is the same text, on any machine with the data key`() throws {
    let fleet = try Fleet()
    let one = try fleet.keyring().currentKey()
    let other = try fleet.keyring().currentKey()
    for value: JSONValue in ["", "a", "c2VjcmV0IGtleSAxNiBieQ==", "pa\"ss\\wörd\u{1F511}", 7, true, ["x"]] {
      let sealed = try #require(one.seal(value, of: Self.locator, at: Self.place))
      #expect(other.seal(value, of: Self.locator, at: Self.place) == sealed)
      #expect(try SealedValue(sealed.text) == sealed)
      #expect(try other.open(sealed, of: Self.locator, at: Self.place) == value)
    }
  }

  @Test func `a sealed value opens at its own place and nowhere else`() throws {
    let key = try Fleet().keyring().currentKey()
    let sealed = try #require(key.seal("secret", of: Self.locator, at: Self.place))
    func id(_ kind: ResourceKind, _ asset: String?, _ name: String) -> ResourceID {
      ResourceID(kind: kind, assetName: asset, name: name)
    }
    let moved: [(ResourceID, String)] = [
      (Self.locator, "/contentKeys/6001/value"), (id(.streamingLocator, nil, "film2"), Self.place),
      (id(.contentKeyPolicy, nil, "film"), Self.place), (id(.assetTrack, "film", ""), Self.place),
      (id(.streamingLocator, "film", ""), Self.place), (Self.locator, ""),
    ]
    for (resource, place) in moved {
      let error = #expect(throws: SealingError.self) { try key.open(sealed, of: resource, at: place) }
      #expect(error?.code == .notAuthentic)
    }
    let other = try Fleet().keyring().currentKey()
    #expect(throws: SealingError.self) { try other.open(sealed, of: Self.locator, at: Self.place) }
  }

  @Test func `a sealed value that was cut off, flipped in any bit, or relabelled is an error`() throws {
    let keyring = try Fleet().keyring()
    let key = try keyring.currentKey()
    let text = try #require(key.seal("secret", of: Self.locator, at: Self.place)).text
    func opens(_ text: String) -> Bool {
      guard let sealed = try? SealedValue(text) else { return false }
      return (try? key.open(sealed, of: Self.locator, at: Self.place)) != nil
    }
    #expect(opens(text))
    for count in 0..<text.utf8.count { #expect(!opens(String(text.prefix(count))), "cut off after \(count)") }
    for index in 0..<text.utf8.count {
      for bit in 0..<8 {
        var bytes = Array(text.utf8)
        bytes[index] ^= 1 << UInt8(bit)
        #expect(!opens(String(decoding: bytes, as: UTF8.self)), "byte \(index), bit \(bit)")
      }
    }
    #expect(!opens(text + "A") && !opens(text + "AAAA") && !opens(text + "="))
    #expect(throws: SealingError.self) {
      try SealedValue(text.replacingPrefix("sealed:", with: "sealed:\(String(repeating: "0", count: 31))"))
    }
  }

  @Test func `the length of a secret shows in steps of 32 bytes only`() throws {
    let key = try Fleet().keyring().currentKey()
    let lengths = (0...29).map { count in
      key.seal(.string(String(repeating: "x", count: count)), of: Self.locator, at: "/x")?.text.count
    }
    #expect(Set(lengths).count == 1)
  }

  @Test func `neither keys nor keyrings nor resources show a secret when they are printed`() throws {
    let fleet = try Fleet()
    let keyring = fleet.keyring()
    let resource = try fleet.locator(value: "bWFya2VyLW1hcmtlcg==")
    var shown = ""
    for value: Any in [try keyring.currentKey(), resource, try keyring.open(keyring.seal(resource)), keyring]
    {
      shown += "\(value)\n" + String(reflecting: value)
      dump(value, to: &shown)
    }
    #expect(!shown.contains("bWFya2VyLW1hcmtlcg") && !shown.contains("AGE-SECRET"))
  }

  @Test func `inserting a key moves no other sealed value`() throws {
    let keyring = try Fleet().keyring()
    func locator(_ ids: [String]) throws -> Resource {
      try Resource(
        document: [
          "name": "film",
          "properties": [
            "contentKeys": .array(ids.map { ["id": .string($0), "value": .string("value of \($0)")] })
          ],
        ], kind: .streamingLocator)
    }
    let before = try keyring.seal(locator(["b", "c"]))
    let after = try keyring.seal(locator(["a", "b", "c"]))
    let old = SecretPlaces.secrets(of: before).map(\.value)
    #expect(Array(SecretPlaces.secrets(of: after).map(\.value).dropFirst()) == old)
  }

  @Test func `marks change exactly when the secret does, sealed anew or not`() throws {
    let fleet = try Fleet()
    let resource = try fleet.locator(value: "one")
    let old = fleet.keyring()
    let (_, new) = try KeyAdministration.rotate(old)
    let keyring = Keyring(files: new.files, identities: fleet.identities, trust: .none)
    let marks = SecretMarks(keyring: keyring)
    let (sealed, resealed) = (try old.seal(resource), try new.reseal(old.seal(resource)))
    #expect(sealed != resealed)
    func marked(_ resource: Resource) -> Resource {
      var done: Set<String> = []
      return marks.marked(resource, besides: &done)
    }
    #expect(marked(sealed) == marked(resealed))
    #expect(marked(sealed) != marked(try new.seal(fleet.locator(value: "two"))))
  }
}

extension String {
  fileprivate func replacingPrefix(_ prefix: String, with text: String) -> String {
    text + dropFirst(prefix.count)
  }
}
