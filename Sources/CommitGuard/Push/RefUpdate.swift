package import Git

/// What a push asks for: a ref that is to name something else.
package struct RefUpdate: Sendable, Equatable {
  /// What the ref named when the push began; nil where it is new.
  package let old: ObjectID?
  /// What it shall name; nil where it is to be deleted.
  package let new: ObjectID?
  /// The ref's name.
  package let name: String

  package init(old: ObjectID?, new: ObjectID?, name: String) {
    self.old = old
    self.new = new
    self.name = name
  }

  /// Reads `OLD NEW REF`, as git gives it to a hook; nil for anything else.
  package init?(line: String) {
    let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard words.count == 3, !words[2].isEmpty, words[0].utf8.count == 40, words[1].utf8.count == 40,
      let old = ObjectID(hex: words[0]), let new = ObjectID(hex: words[1])
    else { return nil }
    self.init(old: old == .zero ? nil : old, new: new == .zero ? nil : new, name: String(words[2]))
  }
}
