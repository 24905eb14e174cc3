import CLibgit2

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension WorkingTree {
  /// What a checkout that was cut off has left at the paths of its changes.
  package struct CutOff: Sendable {
    /// The changes that are made in part or whole: nothing but the checkout can have left their files so.
    package let begun: [TreeChange]
    /// The paths at which somebody has edited or staged something else.
    package let edited: [String]
  }

  /// Looks for what a checkout of some changes has left that git began and nobody ended.
  ///
  /// git takes an old file away, makes the new one, writes it, and writes the index last of all. So a file may be the old one
  /// or the new one, missing, or the beginning of the new one; whatever else stands there is somebody's own.
  /// - Throws: `GitError` where the index cannot be read.
  package static func cutOff(_ changes: [TreeChange], in repository: Repository) throws(GitError) -> CutOff {
    guard let root = repository.workingDirectory else { return CutOff(begun: [], edited: []) }
    let pointer = repository.handle.pointer
    let index = try Handle(freeing: git_index_free, "cannot read the index") {
      git_repository_index($0, pointer)
    }
    let added = Set(changes.lazy.filter { $0.old == nil }.map(\.path))
    var begun: [TreeChange] = []
    var edited: [String] = []
    for change in changes {
      let staged = git_index_get_bypath(index.pointer, change.path, 0).map { ObjectID($0.pointee.id) }
      let isStagedOld = staged == change.old?.id
      guard isStagedOld || staged == change.new?.id, let isFileOld = isOld(change, root, added, repository)
      else {
        edited.append(change.path)
        continue
      }
      if !isFileOld || !isStagedOld { begun.append(change) }
    }
    return CutOff(begun: begun, edited: edited)
  }

  /// Whether the file of a change is the old one still; nil where somebody has edited it.
  private static func isOld(
    _ change: TreeChange, _ root: String, _ added: Set<String>, _ repository: Repository
  ) -> Bool? {
    if let obstacle = obstacle(above: change.path, root: root), !added.contains(obstacle) { return nil }
    guard let file = blob(at: change.path, root: root, removed: added) else { return change.old == nil }
    if file == change.old?.id { return true }
    guard let new = change.new else { return nil }
    if file == new.id { return false }
    guard let begun = contents(of: root + "/" + change.path), let whole = try? repository.read(new.id).bytes,
      whole.starts(with: begun)
    else { return nil }
    return false
  }

  /// Whether every file of some changes is the old one, whatever the index says.
  package static func isUntouched(_ changes: [TreeChange], in repository: Repository) -> Bool {
    guard let root = repository.workingDirectory else { return true }
    let removed = Set(changes.lazy.filter { $0.new == nil }.map(\.path))
    return changes.allSatisfy { change in
      if let obstacle = obstacle(above: change.path, root: root), !removed.contains(obstacle) { return false }
      return blob(at: change.path, root: root, removed: removed) == change.old?.id
    }
  }

  /// Takes changes back that a checkout has begun.
  /// - Throws: `GitError` at the first file that cannot be written; running it again goes on.
  package static func takeBack(_ begun: [TreeChange], in repository: Repository) throws(GitError) {
    let back = begun.map {
      TreeChange(path: $0.path, old: $0.new, new: $0.old, isNamedInUTF8: $0.isNamedInUTF8)
    }
    try update(back, in: repository)
  }
}
