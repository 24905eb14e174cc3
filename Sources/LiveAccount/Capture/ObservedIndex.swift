package import Git
import MediaResources
package import RegionRepository

/// What each resource of an account looked like when it was last read, so that only changed ones are read again.
///
/// A file beside the repository; safe to delete, at the cost of one full reading. Valid for one tree: the
/// entry of a resource names its path and the blob that stands for it there. In memory as in the file, some 160 bytes a
/// resource.
package struct ObservedIndex: Sendable {
  /// One resource as it was seen.
  package struct Entry: Equatable, Sendable {
    /// The mark that the listing carried.
    package let stamp: ObservationStamp
    /// The path from the root of the tree.
    package let path: String
    /// The blob in the live tree; zero where the account had nothing to read, and the tree has nothing.
    package let blob: ObjectID

    /// Whether there was nothing to read.
    var isOfNothing: Bool { blob == .zero }

    /// What was looked at and was not there yet, as the files of a new asset.
    static func ofNothing(at path: String, _ stamp: ObservationStamp) -> Entry {
      Entry(stamp: stamp, path: path, blob: .zero)
    }
  }

  /// The tree of a commit that all entries agree with, or nil where it is empty.
  package var tree: ObjectID?
  private var records = ObservedRecords()

  private static let magic = "lockstep-observed-5"

  /// An index that knows nothing.
  package init(tree: ObjectID?) { self.tree = tree }

  /// How many resources it knows.
  package var count: Int { records.count }

  /// What is known of a resource by its key in the listing; an entry is noted once.
  package subscript(key: String) -> Entry? { records.entry(key) }

  /// Notes what a resource looked like, once.
  package mutating func note(_ entry: Entry, for key: String) { records.append(key, entry) }

  /// Calls with every resource's key and entry.
  package func forEach(_ body: (_ key: String, Entry) throws -> Void) rethrows {
    try records.forEach(body)
  }

  // MARK: The file

  /// Reads the index of a region; one that is missing, damaged, or of another account or other bindings knows nothing.
  package init(of region: RegionRepository, context: String) throws {
    self.init(tree: nil)
    guard let bytes = FilePaths.read(try Self.path(of: region)) else { return }
    var reader = RecordReader(bytes)
    guard reader.string() == Self.magic, reader.string() == context, let tree = reader.objectID(),
      let count = reader.integer(), let records = ObservedRecords(bytes, from: reader.offset, count: count)
    else { return }
    self.tree = tree == .zero ? nil : tree
    self.records = records
  }

  /// Writes the index, replacing the old one by a rename.
  ///
  /// A failure is ignored: the index only saves time.
  package func save(for region: RegionRepository, context: String) {
    var head: [UInt8] = []
    head.append(record: Self.magic)
    head.append(record: context)
    (tree ?? .zero).appendRaw(to: &head)
    head.append(record: UInt64(records.count))
    guard let path = try? Self.path(of: region) else { return }
    FilePaths.writeLightly([head[...]] + records.parts, to: path)
  }

  /// Notes that documents stand in the tree under other blobs and say the same, as after a rotation: what the account
  /// holds need not be read for that.
  static func note(_ blobs: [String: DocumentComparison.Resealed], for region: RegionRepository) throws {
    guard !blobs.isEmpty, let bytes = FilePaths.read(try path(of: region)) else { return }
    var reader = RecordReader(bytes)
    guard reader.string() == magic, let context = reader.string() else { return }
    // Of no tree any more: the next observation compares each entry with the tree that it finds.
    var index = ObservedIndex(tree: .ofNoTree)
    try ObservedIndex(of: region, context: context).forEach { key, entry in
      let resealed = blobs[entry.path].flatMap { $0.old == entry.blob ? $0.new : nil }
      index.note(Entry(stamp: entry.stamp, path: entry.path, blob: resealed ?? entry.blob), for: key)
    }
    index.save(for: region, context: context)
  }

  /// Takes what one repository knows of its account over into another one of the same region.
  package static func copy(from region: RegionRepository, to other: RegionRepository) throws {
    guard let bytes = FilePaths.read(try path(of: region)) else { return }
    FilePaths.writeLightly(bytes, to: try path(of: other))
  }

  private static func path(of region: RegionRepository) throws -> String {
    try region.stateFolder() + "/observed"
  }
}

extension ObjectID {
  /// An id that no tree has: that of an empty blob.
  fileprivate static let ofNoTree = Repository.hash(.blob, [])
}
