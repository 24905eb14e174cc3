import Git
import MediaResources
import RegionRepository

/// The locators of a tree, or some of them that chance picks.
///
/// A sample opens about three trees for each locator, whatever the region's size.
enum DrillSample {
  /// A folder of the first level, as far as it has been looked into.
  private struct Branch {
    let name: String
    /// Folders that have not been opened.
    var folders: [TreeEntry]
    /// Files that have not been picked.
    var files: [(path: String, id: ObjectID)] = []
  }

  private static let kind = ResourceKind.streamingLocator

  /// Picks locators.
  /// - Parameter count: how many at most; all where this is nil.
  static func locators(
    in mirrored: ObjectID?, source: some ObjectSource, count: Int?,
    using generator: inout some RandomNumberGenerator
  ) throws -> [Resource] {
    guard let top = try source.entry(kind.rawValue, in: mirrored), top.isTree else { return [] }
    var branches = try Tree(bytes: source.read(top.id).bytes).entries.filter(\.isTree).map { entry in
      Branch(
        name: "\(kind.rawValue)/\(entry.name)",
        folders: try Tree(bytes: source.read(entry.id).bytes).entries.filter(\.isTree))
    }
    branches.shuffle(using: &generator)
    var picked: [Resource] = []
    // One from each folder in turn, for names are spread over them evenly.
    while !branches.isEmpty, count.map({ picked.count < $0 }) ?? true {
      var left: [Branch] = []
      for var branch in branches {
        guard count.map({ picked.count < $0 }) ?? true else { break }
        guard let file = try draw(from: &branch, source: source, using: &generator) else { continue }
        picked.append(try MirroredDocument.resource(bytes: source.read(file.id).bytes, path: file.path))
        left.append(branch)
      }
      branches = left
    }
    return picked.sorted { $0.id < $1.id }
  }

  private static func draw(
    from branch: inout Branch, source: some ObjectSource, using generator: inout some RandomNumberGenerator
  ) throws -> (path: String, id: ObjectID)? {
    while branch.files.isEmpty || Bool.random(using: &generator), !branch.folders.isEmpty {
      let folder = branch.folders.remove(at: Int.random(in: 0..<branch.folders.count, using: &generator))
      let path = "\(branch.name)/\(folder.name)"
      branch.files += try Tree(bytes: source.read(folder.id).bytes).entries.filter { !$0.isTree }
        .map { (path: "\(path)/\($0.name)", id: $0.id) }
    }
    guard !branch.files.isEmpty else { return nil }
    return branch.files.remove(at: Int.random(in: 0..<branch.files.count, using: &generator))
  }
}
