import Git
import MediaResources
import RegionRepository

/// Fills an index and brings it along, each in one transaction.
struct IndexWriter {
  private static let version: Int64 = 1
  /// Pages of one size and key order keep it small: a row is a number and a resource.
  private static let schema = """
    CREATE TABLE entry (key INTEGER NOT NULL, resource BLOB NOT NULL, PRIMARY KEY (key, resource)) WITHOUT ROWID;
    CREATE TABLE described (version INTEGER NOT NULL, tree BLOB NOT NULL);
    """

  private let database: Database

  init(_ database: Database) { self.database = database }

  /// The tree that an index describes (nil within: the empty one); nil where it describes none.
  static func tree(in database: Database) throws(RegionIndexError) -> ObjectID?? {
    let statement = try database.statement("SELECT tree FROM described WHERE version = ?1")
    statement.begin(version)
    defer { statement.end() }
    guard try statement.next() else { return nil }
    let bytes = statement.bytes
    guard !bytes.isEmpty else { return .some(nil) }
    guard let tree = ObjectID(bytes: bytes[...]) else { return nil }
    return .some(tree)
  }

  /// Fills a new file with all of a tree.
  ///
  /// Rows come in no order: with a quarter of a GiB in memory those of millions of resources find their places there.
  func build(_ tree: ObjectID?, in source: any ObjectSource) throws {
    try database.run("PRAGMA cache_size = -262144")
    try transaction {
      try database.run(Self.schema)
      let insert = try database.statement("INSERT OR IGNORE INTO entry VALUES (?1, ?2)")
      try TreeWalk.changes(from: nil, to: tree, in: source) { change in
        guard let resource = try Self.resource(change.new, at: change.path, in: source) else { return }
        let bytes = IndexKey.bytes(of: resource.id)
        for key in IndexKey.all(of: resource) { try insert.run(key, bytes) }
      }
      try describe(tree)
    }
  }

  /// Brings the index from one tree to another; costs what differs.
  func bring(from old: ObjectID?, to new: ObjectID?, in source: any ObjectSource) throws {
    try transaction {
      let insert = try database.statement("INSERT OR IGNORE INTO entry VALUES (?1, ?2)")
      let delete = try database.statement("DELETE FROM entry WHERE key = ?1 AND resource = ?2")
      try TreeWalk.changes(from: old, to: new, in: source) { change in
        if let resource = try Self.resource(change.old, at: change.path, in: source) {
          let bytes = IndexKey.bytes(of: resource.id)
          for key in IndexKey.all(of: resource) { try delete.run(key, bytes) }
        }
        if let resource = try Self.resource(change.new, at: change.path, in: source) {
          let bytes = IndexKey.bytes(of: resource.id)
          for key in IndexKey.all(of: resource) { try insert.run(key, bytes) }
        }
      }
      try describe(new)
    }
  }

  private func describe(_ tree: ObjectID?) throws {
    try database.run("DELETE FROM described")
    var bytes: [UInt8] = []
    tree?.appendRaw(to: &bytes)
    try database.statement("INSERT INTO described VALUES (?1, ?2)").run(Self.version, bytes)
  }

  private func transaction(_ body: () throws -> Void) throws {
    try database.run("BEGIN IMMEDIATE")
    do {
      try body()
      try database.run("COMMIT")
    } catch {
      try? database.run("ROLLBACK")
      throw error
    }
  }

  /// The resource of a file; nil where it is of a kind that neither claims nor refers, or cannot be read.
  private static func resource(
    _ entry: TreeEntry?, at path: String, in source: any ObjectSource
  ) throws -> Resource? {
    guard let entry, entry.mode & 0o170000 == 0o100000, let kind = ResourcePath.kind(ofPath: path),
      IndexKey.kinds.contains(kind), try source.size(of: entry.id) <= CommitGuard.largestFile
    else { return nil }
    let bytes = try source.read(entry.id).bytes
    return try? MirroredDocument.resource(bytes: bytes, path: path)
  }
}
