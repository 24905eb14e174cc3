import CanonicalJSON
package import Git
import MediaResources
package import RegionRepository

/// What each resource of an account looked like when it was last read, so that only changed ones are read again.
///
/// A file beside the repository; safe to delete, at the cost of one full reading. Valid for one tree: the
/// entry of a resource names its path and the blob that stands for it there.
package struct ObservedIndex: Equatable, Sendable {
  /// One resource as it was seen.
  package struct Entry: Equatable, Sendable {
    /// The mark that the listing carried.
    package var stamp: ObservationStamp
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
  /// Key of the listing to what was seen.
  package var entries: [String: Entry]

  private static let magic = "lockstep-observed-4"

  /// An index that knows nothing.
  package init(tree: ObjectID?, entries: [String: Entry] = [:]) {
    self.tree = tree
    self.entries = entries
  }

  /// Reads the index of a region; one that is missing, damaged, or of another account or other bindings knows nothing.
  package init(of region: RegionRepository, context: String) throws {
    self.init(tree: nil)
    guard let bytes = FilePaths.read(try Self.path(of: region)) else { return }
    var reader = RecordReader(bytes)
    guard reader.string() == Self.magic, reader.string() == context, let tree = reader.objectID(),
      let count = reader.integer()
    else { return }
    var entries: [String: Entry] = [:]
    entries.reserveCapacity(Int(min(count, UInt64(bytes.count / 68))))
    for _ in 0..<count {
      guard let key = reader.string(), let stamp = reader.stamp(), let path = reader.string(),
        let blob = reader.objectID()
      else { return }
      entries[key] = Entry(stamp: stamp, path: path, blob: blob)
    }
    self.tree = tree == .zero ? nil : tree
    self.entries = entries
  }

  /// Writes the index, replacing the old one by a rename.
  ///
  /// A failure is ignored: the index only saves time.
  package func save(for region: RegionRepository, context: String) {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * 160)
    bytes.append(record: Self.magic)
    bytes.append(record: context)
    (tree ?? .zero).appendRaw(to: &bytes)
    bytes.append(record: UInt64(entries.count))
    for (key, entry) in entries {
      bytes.append(record: key)
      bytes.append(record: entry.stamp)
      bytes.append(record: entry.path)
      entry.blob.appendRaw(to: &bytes)
    }
    if let path = try? Self.path(of: region) { FilePaths.writeLightly(bytes, to: path) }
  }

  /// Notes that documents stand in the tree under other blobs and say the same, as after a rotation: what the account
  /// holds need not be read for that.
  static func note(_ blobs: [String: DocumentComparison.Resealed], for region: RegionRepository) throws {
    guard !blobs.isEmpty, let bytes = FilePaths.read(try path(of: region)) else { return }
    var reader = RecordReader(bytes)
    guard reader.string() == magic, let context = reader.string() else { return }
    var index = try ObservedIndex(of: region, context: context)
    for (key, entry) in index.entries {
      guard let blob = blobs[entry.path], entry.blob == blob.old else { continue }
      index.entries[key] = Entry(stamp: entry.stamp, path: entry.path, blob: blob.new)
    }
    // Of no tree any more: the next observation compares each entry with the tree that it finds.
    index.tree = .ofNoTree
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
