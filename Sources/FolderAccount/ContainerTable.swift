import LiveAccount
import MediaResources
import Synchronization

/// Which container each asset's document names, kept so that only changed documents are read again.
///
/// A file that only saves time: one that is missing or damaged knows nothing.
struct ContainerTable {
  private struct Entry {
    let stamp: ObservationStamp
    let container: String
  }

  /// A document of an asset, by its path within the assets' folder, and the container that it names.
  typealias Row = (document: String, container: String)

  private static let path = "\(FolderLayout.index)/container-table"
  private static let magic = "lockstep-containers-1"

  private var entries: [String: Entry] = [:]
  private var isChanged = false

  /// Reads the table.
  static func load(from root: RootedFolder) -> ContainerTable {
    var table = ContainerTable()
    guard let bytes = try? root.read(path) else { return table }
    var reader = RecordReader(bytes)
    guard reader.string() == magic, let count = reader.integer() else { return table }
    table.entries.reserveCapacity(Int(min(count, UInt64(bytes.count / 56))))
    while let file = reader.string(), let stamp = reader.stamp(), let container = reader.string() {
      table.entries[file] = Entry(stamp: stamp, container: container)
    }
    return table
  }

  /// Brings the table to the documents that are there, and says which container each names.
  /// - Parameter read: the container in a document, or nil for one that names none.
  mutating func update(
    _ documents: [FileEntry], read: (String, ObservationStamp) throws -> String?
  ) rethrows -> [Row] {
    var kept: [String: Entry] = [:]
    kept.reserveCapacity(documents.count)
    var containers: [Row] = []
    containers.reserveCapacity(documents.count)
    for document in documents {
      let stamp = document.stamp
      if stamp != .unknown, let known = entries[document.path], known.stamp == stamp {
        kept[document.path] = known
        containers.append((document.path, known.container))
      } else if let container = try read(document.path, stamp) {
        isChanged = true
        kept[document.path] = Entry(stamp: stamp, container: container)
        containers.append((document.path, container))
      }
    }
    if kept.count != entries.count { isChanged = true }
    entries = kept
    return containers
  }

  /// Writes the table, where it changed; a failure is ignored.
  func saveWhereChanged(to root: RootedFolder) {
    guard isChanged else { return }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(entries.count * 128)
    bytes.append(record: Self.magic)
    bytes.append(record: UInt64(entries.count))
    for (file, entry) in entries where entry.stamp != .unknown {
      bytes.append(record: file)
      bytes.append(record: entry.stamp)
      bytes.append(record: entry.container)
    }
    let temporary = "\(FolderLayout.staging)/\(Random.guid())"
    do {
      try root.create(temporary, bytes, mode: 0o600, isFlushed: false)
      try root.rename(from: temporary, to: Self.path)
    } catch {
      try? root.remove(temporary, pruning: false)
    }
  }
}

/// What this process has just learned of assets, so that a listing of their contents need not do it again.
final class NotedContainers: Sendable {
  private struct Notes {
    var containers: [String: (stamp: ObservationStamp, container: String?)] = [:]
    var documents: [FileEntry]?
  }

  private let notes = Mutex(Notes())

  /// Keeps a list of the assets' documents for the next listing of contents, which belongs to it.
  func keep(_ documents: [FileEntry]) { notes.withLock { $0.documents = documents } }

  /// The list that was kept, once.
  func takeDocuments() -> [FileEntry]? {
    notes.withLock { notes in
      defer { notes.documents = nil }
      return notes.documents
    }
  }

  /// Notes what a document named when it had a mark.
  func note(_ container: String?, in document: String, _ stamp: ObservationStamp) {
    guard stamp != .unknown else { return }
    notes.withLock { $0.containers[document] = (stamp, container) }
  }

  /// The container that a document named under this very mark, or nil.
  func container(in document: String, _ stamp: ObservationStamp) -> String? {
    guard stamp != .unknown else { return nil }
    return notes.withLock { $0.containers[document].flatMap { $0.stamp == stamp ? $0.container : nil } }
  }
}
