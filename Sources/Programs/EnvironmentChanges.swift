#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How the environment of a program differs from our own.
package struct EnvironmentChanges: Sendable, Equatable {
  /// The names of variables that the program must not inherit.
  package let removed: Set<String>
  /// Variables that it gets, in the place of any of the same name.
  package let added: [String: String]

  package init(removing removed: Set<String> = [], adding added: [String: String] = [:]) {
    self.removed = removed
    self.added = added
  }

  /// The names of our own variables that begin so.
  package static func names(beginning prefix: String) -> Set<String> {
    Set(own().map(\.name).filter { $0.hasPrefix(prefix) })
  }

  /// Our own environment with these changes, as `NAME=value`.
  func variables() -> [String] {
    Self.own().filter { !removed.contains($0.name) && added[$0.name] == nil }.map(\.text)
      + added.map { "\($0.key)=\($0.value)" }
  }

  private static func own() -> [(name: String, text: String)] {
    var variables: [(name: String, text: String)] = []
    var next = environ
    while let variable = next.pointee {
      let text = String(cString: variable)
      variables.append((String(text.prefix { $0 != "=" }), text))
      next += 1
    }
    return variables
  }
}
