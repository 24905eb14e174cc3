/// The members of a JSON object, always in canonical order: by the UTF-16 code units of their names (RFC 8785 §3.2.3).
///
/// An object is canonical by construction, so writing never sorts. Look-up is a binary search, setting an insertion.
package struct JSONObject: Sendable {
  /// One member.
  package typealias Element = (key: String, value: JSONValue)

  private(set) var members: [Element]

  /// An object without members.
  package init() { members = [] }

  /// An object with members; of two with one name the last counts.
  package init(_ pairs: [(String, JSONValue)]) {
    members = []
    members.reserveCapacity(pairs.count)
    for (key, value) in pairs { self[key] = value }
  }

  /// Takes members that are in canonical order and have no doubles.
  init(ordered members: [Element]) { self.members = members }

  /// The value of a member; setting nil takes the member out.
  package subscript(key: String) -> JSONValue? {
    get {
      let (index, isFound) = position(of: key)
      return isFound ? members[index].value : nil
    }
    set {
      let (index, isFound) = position(of: key)
      switch (newValue, isFound) {
      case (let value?, true): members[index].value = value
      case (let value?, false): members.insert((key, value), at: index)
      case (nil, true): members.remove(at: index)
      case (nil, false): break
      }
    }
  }

  private func position(of key: String) -> (index: Int, isFound: Bool) {
    var low = 0
    var high = members.count
    while low < high {
      let middle = (low + high) / 2
      if CanonicalOrder.isLess(members[middle].key, key) { low = middle + 1 } else { high = middle }
    }
    return (low, low < members.count && members[low].key.utf8.elementsEqual(key.utf8))
  }

  /// How many members there are.
  package var count: Int { members.count }

  /// Whether there are none.
  package var isEmpty: Bool { members.isEmpty }

  /// The members' names in canonical order.
  package var keys: [String] { members.map(\.key) }
}

extension JSONObject: Sequence {
  package func makeIterator() -> IndexingIterator<[Element]> { members.makeIterator() }
}

extension JSONObject: Hashable {
  package static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.members.count == b.members.count
      && zip(a.members, b.members).allSatisfy {
        $0.key.utf8.elementsEqual($1.key.utf8) && $0.value == $1.value
      }
  }

  package func hash(into hasher: inout Hasher) {
    hasher.combine(members.count)
    for member in members {
      hasher.combine(exactly: member.key)
      hasher.combine(member.value)
    }
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, JSONValue)...) { self.init(elements) }
}

/// The order of member names.
enum CanonicalOrder {
  /// Whether a name comes before another by UTF-16 code units.
  ///
  /// UTF-8 bytes give the same order but where one name has a scalar beyond U+FFFF and the other one from U+E000 up.
  static func isLess(_ a: String, _ b: String) -> Bool {
    var a = a
    var b = b
    return a.withUTF8 { a in b.withUTF8 { b in isLess(a, b) } }
  }

  /// The same over UTF-8 bytes.
  static func isLess(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Bool {
    let count = min(a.count, b.count)
    for index in 0..<count where a[index] != b[index] {
      return isLess(a[index], b[index])
    }
    return a.count < b.count
  }

  /// At the first byte that differs: lead bytes F0 and up (surrogates D800… in UTF-16) come before EE and EF
  /// (U+E000…U+FFFF), everything else as the bytes say.
  static func isLess(_ a: UInt8, _ b: UInt8) -> Bool {
    let isAstralA = a >= 0xF0
    let isAstralB = b >= 0xF0
    if isAstralA != isAstralB {
      if isAstralA, b >= 0xEE { return true }
      if isAstralB, a >= 0xEE { return false }
    }
    return a < b
  }
}
