package import MediaResources

/// One way in which a live account is not what it was last known to be.
package struct DriftFinding: Sendable, Equatable {
  /// How it differs.
  package enum Difference: String, Sendable {
    /// The account has it, the repository does not.
    case added
    /// Both have it, and not the same.
    case changed
    /// The repository has it, the account does not.
    case removed
  }

  /// The resource.
  package let id: ResourceID
  /// How it differs.
  package let difference: Difference

  package init(id: ResourceID, difference: Difference) {
    self.id = id
    self.difference = difference
  }

  /// The finding in words, such as `changed locator/film`.
  package var summary: String { "\(difference.rawValue) \(id.summary)" }
}
