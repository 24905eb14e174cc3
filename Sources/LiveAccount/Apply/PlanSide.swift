import Git
import MediaResources
import RegionRepository
import Sealing

/// One of the two resource sets that a plan leads between, with the names that this region had for the shared symbols.
final class PlanSide {
  /// The whole tree of the commit.
  let tree: ObjectID?
  let bindings: Bindings
  private let git: Repository
  private let keyring: Keyring
  private let mustOpen: Bool
  private var known: [ResourceID: Resource?] = [:]

  init(git: Repository, tree: ObjectID?, bindings: Bindings, keyring: Keyring, mustOpen: Bool) {
    self.git = git
    self.tree = tree
    self.bindings = bindings
    self.keyring = keyring
    self.mustOpen = mustOpen
  }

  /// A resource as this region's account has it; read once.
  func resource(_ id: ResourceID) throws -> Resource? {
    if let resource = known[id] { return resource }
    let resource = try git.resource(id, inRoot: tree).map(bound)
    known[id] = .some(resource)
    return resource
  }

  /// A document of another commit, as if it stood in this one.
  func resource(_ document: ObjectID, of id: ResourceID) throws -> Resource {
    try bound(ResourceDocument.resource(bytes: git.read(document).bytes, place: ResourcePath.place(of: id)))
  }

  private func bound(_ sealed: Resource) throws -> Resource {
    var resource = sealed
    do throws(SealingError) { resource = try keyring.open(sealed) } catch {
      guard !mustOpen, error.isLackOfKey else { throw error }
    }
    return try NormalForm.normalise(bindings.bind(resource))
  }

  /// Counts a kind, but no further than matters.
  func count(_ kind: ResourceKind, enough: Int) throws -> Int {
    struct Enough: Error {}
    guard let folder = try git.entry("\(kind.half)/\(kind.rawValue)", in: tree), folder.isTree else {
      return 0
    }
    var count = 0
    do {
      try TreeWalk.changes(from: nil, to: folder.id, in: git) { _ in
        count += 1
        if count >= enough { throw Enough() }
      }
    } catch is Enough {}
    return count
  }
}
