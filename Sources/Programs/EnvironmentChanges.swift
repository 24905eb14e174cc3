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

  /// Our own environment with these changes, as `NAME=value`.
  func variables() -> [String] {
    var variables: [String] = []
    var next = environ
    while let variable = next.pointee {
      let text = String(cString: variable)
      let name = String(text.prefix { $0 != "=" })
      if !removed.contains(name), added[name] == nil { variables.append(text) }
      next += 1
    }
    return variables + added.map { "\($0.key)=\($0.value)" }
  }
}
