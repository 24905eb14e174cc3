package import Git
import MediaResources
package import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Who claims which id and who refers to what, in all of one `mirrored/` tree.
///
/// An SQLite file beside the repository that names the tree which it describes, is brought from that one to another at the
/// cost of what differs, and only saves time: it can be deleted at any moment, and is built anew at the cost of the region.
/// What it answers is a hint: whoever asks reads the resource and looks.
///
/// What was opened goes on answering for its tree, whatever other processes make of the file meanwhile.
package final class RegionIndex {
  /// The `mirrored/` tree that it describes; nil for the empty one.
  let tree: ObjectID?
  private let database: Database
  private let lookUp: Database.Statement

  /// Opens the index at a path, and brings it to a tree.
  ///
  /// One that is missing or damaged is built; one that another process is bringing along is waited for.
  /// - Parameters:
  ///   - tree: the `mirrored/` tree of a commit that counts; nil for the empty one.
  ///   - source: has that tree.
  ///   - willBuild: called before all of the region is read.
  /// - Throws: `RegionIndexError`, `GitError`.
  package static func open(
    at path: String, describing tree: ObjectID?, in source: any ObjectSource, willBuild: () -> Void = {}
  ) throws -> RegionIndex {
    let lock = try IndexLock(path: path + ".lock")
    defer { lock.release() }
    do throws(RegionIndexError) {
      if let index = try RegionIndex(path: path, describing: tree, in: source) { return index }
    } catch {
      guard error.code == .unusable else { throw error }
    }
    willBuild()
    delete(at: path)
    // That connection is closed before the next one opens, and its journal goes with it.
    try IndexWriter(prepared(path: path)).build(tree, in: source)
    guard let index = try RegionIndex(path: path, describing: tree, in: source) else {
      throw RegionIndexError(.io, "the index \(path) was built and is not there", hint: "run this again")
    }
    return index
  }

  /// Takes an index away.
  package static func delete(at path: String) {
    for suffix in ["", "-wal", "-shm", "-journal"] { unlink(path + suffix) }
  }

  /// An index that is there; nil where it must be built.
  private init?(
    path: String, describing tree: ObjectID?, in source: any ObjectSource
  ) throws(RegionIndexError) {
    guard FilePaths.exists(path) else { return nil }
    let database = try Self.prepared(path: path)
    guard let known = try IndexWriter.tree(in: database) else { return nil }
    if known != tree {
      let writer = IndexWriter(database)
      do { try writer.bring(from: known, to: tree, in: source) } catch let error as RegionIndexError {
        throw error
      } catch {
        // The tree that it describes is gone.
        return nil
      }
    }
    try database.run("BEGIN")
    // The first read is what later ones see.
    guard try IndexWriter.tree(in: database) == .some(tree) else { return nil }
    self.tree = tree
    self.database = database
    lookUp = try database.statement("SELECT resource FROM entry WHERE key = ?1")
  }

  private static func prepared(path: String) throws(RegionIndexError) -> Database {
    let database = try Database(path: path)
    try database.run("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -16000")
    return database
  }

  /// Visits the resources that are filed under a number, until the visitor has seen enough.
  func visit(_ key: Int64, _ visitor: (ResourceID) throws -> Bool) throws {
    lookUp.begin(key)
    defer { lookUp.end() }
    while try lookUp.next() {
      guard let id = IndexKey.resource(lookUp.bytes) else { continue }
      guard try visitor(id) else { return }
    }
  }
}

extension RegionRepository {
  /// Where the region's index stands.
  package func indexPath() throws(RegionError) -> String { try stateFolder() + "/index.sqlite" }

  /// The index of the newest commit's `mirrored/`.
  /// - Parameter willBuild: called before all of the region is read.
  /// - Throws: `RegionIndexError`, `GitError`, `RegionError`.
  package func index(willBuild: () -> Void = {}) throws -> RegionIndex {
    try RegionIndex.open(
      at: indexPath(), describing: mirrored(of: head()), in: git, willBuild: willBuild)
  }
}

/// Held while an index is built or brought along, so that two processes do not.
private struct IndexLock {
  private let descriptor: Int32

  /// Waits for it.
  init(path: String) throws(RegionIndexError) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      throw RegionIndexError(.io, "cannot open \(path): \(String(cString: strerror(errno)))")
    }
    while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
  }

  func release() { close(descriptor) }
}
