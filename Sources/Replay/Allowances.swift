package import Git
package import MediaResources

/// What of another region's commits a person lets through although a mirror would refuse it.
package struct Allowances: Sendable {
  /// The resources whose identity may change though no commit says so.
  package var identityChanges: Set<ResourceID>
  /// Commits of the source that change the fleet without the signature of an administrator.
  package var unsigned: Set<ObjectID>

  package init(identityChanges: Set<ResourceID> = [], unsigned: Set<ObjectID> = []) {
    self.identityChanges = identityChanges
    self.unsigned = unsigned
  }
}
