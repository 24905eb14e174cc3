/// Numbers of things, for people.
package enum Count {
  /// `1 resource`, `2 resources`.
  package static func text(_ count: Int, _ noun: String) -> String {
    "\(count) \(noun)\(count == 1 ? "" : "s")"
  }
}
