package import MediaResources

/// One resource at live and in the commit to be applied; nil where it is not there.
package struct ResourceChange: Sendable, Equatable {
  /// The resource.
  package let id: ResourceID
  /// What the live account holds, bound, or nil where it holds none.
  package let live: Resource?
  /// What it shall hold, bound, or nil where it shall hold none.
  package let wanted: Resource?

  package init(id: ResourceID, live: Resource?, wanted: Resource?) {
    self.id = id
    self.live = live
    self.wanted = wanted
  }
}
