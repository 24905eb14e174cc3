import LiveAccount
import MediaResources
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Which locators use a resource, an id or a key, and which asset a container belongs to, as small files.
///
/// It keeps a change of one asset or policy from costing a look at every locator. Its files are not flushed one by one:
/// a mark says that some may not be on the disk, in which boot of the machine, and after a power cut the whole index is
/// made anew from the documents (`isComplete` tells).
final class ReverseIndex: Sendable {
  private let root: RootedFolder
  /// Whether the mark says that files may not be on the disk.
  private let isMarked = Mutex<Bool>(false)

  init(root: RootedFolder) { self.root = root }

  // MARK: The mark

  private static let mark = "\(FolderLayout.index)/state"
  private static let clean = Array("complete\n".utf8)

  /// Begins an index of an account that holds nothing, or ends the making of one.
  func begin() throws {
    try setMark(Self.clean)
    isMarked.withLock { $0 = false }
  }

  /// Whether everything that was ever noted is there.
  func isComplete() throws -> Bool {
    guard try root.stat(Self.mark) != nil else { return false }
    let state = try root.read(Self.mark)
    return state == Self.clean || state == Self.boot
  }

  /// Says that what was noted before is on the disk.
  func noteFlushed() throws {
    guard isMarked.withLock({ $0 }) else { return }
    try setMark(Self.clean)
    isMarked.withLock { $0 = false }
  }

  private func touch() throws {
    try isMarked.withLock { isMarked in
      guard !isMarked else { return }
      // An index that is not complete stays so until it is made anew.
      if try isComplete() { try setMark(Self.boot) }
      isMarked = true
    }
  }

  private func setMark(_ state: [UInt8]) throws {
    try place(Self.mark, state, isFlushed: true)
  }

  /// What names this boot of the machine; where the system does not tell, this process.
  private static let boot: [UInt8] = {
    guard let folder = try? RootedFolder.open("/proc/sys/kernel/random"),
      let id = try? folder.read("boot_id"),
      !id.isEmpty
    else { return Array(Random.guid().utf8) }
    return id
  }()

  // MARK: Who uses what

  /// A file of a list: a name as a file name, and the name itself in it.
  private func note(_ name: String, in folder: String) throws {
    let path = "\(folder)/\(ResourcePath.fileName(for: name))"
    guard try root.stat(path) == nil else { return }
    try touch()
    try place(path, Array(name.utf8), isFlushed: false)
  }

  /// Puts a file in its place by a rename: what a kill leaves has no name that counts.
  private func place(_ path: String, _ bytes: [UInt8], isFlushed: Bool) throws {
    let temporary = "\(FolderLayout.staging)/\(Random.guid())"
    try root.create(temporary, bytes, mode: 0o600, isFlushed: isFlushed)
    try root.rename(from: temporary, to: path, isFlushed: isFlushed)
  }

  private func forget(_ name: String, in folder: String) throws {
    let path = "\(folder)/\(ResourcePath.fileName(for: name))"
    guard try root.stat(path) != nil else { return }
    try touch()
    try root.remove(path, pruning: false)
  }

  private func locators(in folder: String) throws -> [ResourceID] {
    guard try root.stat(folder) != nil else { return [] }
    return try root.subfolder(folder).list().map { entry in
      let name = String(decoding: try root.read("\(folder)/\(entry.path)"), as: UTF8.self)
      return ResourceID(kind: .streamingLocator, assetName: nil, name: name)
    }
  }

  private func folder(usersOf id: ResourceID) -> String {
    "\(FolderLayout.index)/users/\(id.kind.rawValue)/\(ResourcePath.fileName(for: id.name))"
  }

  private func folder(ofKey id: String) -> String { "\(FolderLayout.index)/keys/\(id.lowercased())" }

  private func folder(ofLocatorID id: String) -> String {
    "\(FolderLayout.index)/locator-ids/\(id.lowercased())"
  }

  /// Notes what a locator uses and claims.
  func note(_ locator: Resource, uses used: Set<ResourceID>) throws {
    let view = StreamingLocatorView(locator)
    for id in used { try note(locator.id.name, in: folder(usersOf: id)) }
    for key in view.contentKeys { try note(locator.id.name, in: folder(ofKey: key.id)) }
    if let id = view.streamingLocatorID { try note(locator.id.name, in: folder(ofLocatorID: id)) }
  }

  /// Forgets what a locator used and claimed and its new form does not.
  func forget(
    _ old: Resource, uses used: Set<ResourceID>, keeping new: Resource?, uses stillUsed: Set<ResourceID>
  ) throws {
    let (view, kept) = (StreamingLocatorView(old), new.map { StreamingLocatorView($0) })
    for id in used.subtracting(stillUsed) { try forget(old.id.name, in: folder(usersOf: id)) }
    let keys = Set(kept?.contentKeys.map { $0.id.lowercased() } ?? [])
    for key in view.contentKeys where !keys.contains(key.id.lowercased()) {
      try forget(old.id.name, in: folder(ofKey: key.id))
    }
    if let id = view.streamingLocatorID, id.lowercased() != kept?.streamingLocatorID?.lowercased() {
      try forget(old.id.name, in: folder(ofLocatorID: id))
    }
  }

  /// The locators that use a resource.
  func users(of id: ResourceID) throws -> [ResourceID] { try locators(in: folder(usersOf: id)) }

  /// The locators that have a content key.
  func holders(ofKey id: String) throws -> [ResourceID] { try locators(in: folder(ofKey: id)) }

  /// The locators that claim a locator id: one, unless a run was cut off.
  func claimants(ofLocatorID id: String) throws -> [ResourceID] { try locators(in: folder(ofLocatorID: id)) }

  // MARK: Containers

  /// Notes which asset a container belongs to.
  func note(container: String, of asset: String) throws {
    if try self.asset(ofContainer: container)?.utf8.elementsEqual(asset.utf8) == true { return }
    try touch()
    try place("\(FolderLayout.index)/\(container)", Array(asset.utf8), isFlushed: false)
  }

  /// Forgets a container.
  func forget(container: String) throws {
    try touch()
    try root.remove("\(FolderLayout.index)/\(container)", pruning: false)
  }

  /// The asset that a container belongs to.
  func asset(ofContainer container: String) throws -> String? {
    let path = "\(FolderLayout.index)/\(container)"
    guard try root.stat(path) != nil else { return nil }
    return String(decoding: try root.read(path), as: UTF8.self)
  }

  // MARK: Lists of locators

  /// A list of locators.
  enum List: String {
    /// Those whose start or end is still to come.
    case timed
    /// Those with a key that is not delivered as a file.
    case withheld
    /// Those that were stored before their asset had files, and are published once it has.
    case waiting
  }

  /// Whether a locator is on a list.
  func isNoted(_ locator: ResourceID, on list: List) throws -> Bool {
    try root.stat("\(FolderLayout.index)/\(list.rawValue)/\(ResourcePath.fileName(for: locator.name))") != nil
  }

  /// Puts a locator on a list, or takes it off.
  func note(_ locator: ResourceID, isOn list: List, _ isOn: Bool) throws {
    let folder = "\(FolderLayout.index)/\(list.rawValue)"
    if isOn { try note(locator.name, in: folder) } else { try forget(locator.name, in: folder) }
  }

  /// The files of a list; each is written anew where what it says of its locator may be another.
  func files(on list: List) throws -> [FileEntry] {
    let folder = "\(FolderLayout.index)/\(list.rawValue)"
    return try root.stat(folder) == nil ? [] : root.listUnordered(in: folder)
  }

  /// A mark that changes whenever a locator comes on a list or goes; nil where the list is empty.
  func mark(of list: List) throws -> ObservationStamp? {
    try root.stat("\(FolderLayout.index)/\(list.rawValue)")?.stamp
  }

  /// The locator of a file on a list; nil where it has gone.
  func locator(_ file: FileEntry, on list: List) throws -> ResourceID? {
    do {
      let name = try root.read("\(FolderLayout.index)/\(list.rawValue)/\(file.path)")
      return ResourceID(
        kind: .streamingLocator, assetName: nil, name: String(decoding: name, as: UTF8.self))
    } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
  }

  /// The locators on a list.
  func locators(on list: List) throws -> [ResourceID] {
    try locators(in: "\(FolderLayout.index)/\(list.rawValue)")
  }

  // MARK: What is under way

  private static let pending = "\(FolderLayout.index)/pending"

  /// How many steps of this process have a change of a locator under way.
  private let pendingCounts = Mutex<[String: Int]>([:])

  private func pendingFile(_ id: ResourceID) -> String {
    "\(Self.pending)/\(ResourcePath.fileName(for: id.name))"
  }

  /// Notes, durably, that locators are about to change, with the form that they have now.
  func notePending(_ locators: [(id: ResourceID, old: Resource?)]) throws {
    let isSingle = locators.count == 1
    for (id, old) in locators {
      try pendingCounts.withLock { counts in
        counts[id.name, default: 0] += 1
        guard try root.stat(pendingFile(id)) == nil else { return }
        try place(
          pendingFile(id), Array(id.name.utf8) + [0] + (old?.canonicalBytes() ?? []), isFlushed: isSingle)
      }
    }
    // Many are flushed together.
    if !isSingle, !locators.isEmpty { try root.flushFileSystem() }
  }

  /// Forgets what is complete, unless another step is still at it.
  func forgetPending(_ locators: [ResourceID]) throws {
    for id in locators {
      try pendingCounts.withLock { counts in
        let left = (counts[id.name] ?? 1) - 1
        counts[id.name] = left > 0 ? left : nil
        if left <= 0 { try root.remove(pendingFile(id), pruning: false) }
      }
    }
  }

  /// Ends a step that could not be completed: what it was at stays noted.
  func leavePending(_ id: ResourceID) {
    pendingCounts.withLock { counts in
      let left = (counts[id.name] ?? 1) - 1
      counts[id.name] = left > 0 ? left : nil
    }
  }

  /// Whether a change of a locator is noted that was not completed.
  func isPending(_ id: ResourceID) throws -> Bool { try root.stat(pendingFile(id)) != nil }

  /// What a run that was cut off left under way: each locator with the bytes of its old form, none for a new one.
  func pendingChanges() throws -> [(id: ResourceID, old: [UInt8])] {
    guard try root.stat(Self.pending) != nil else { return [] }
    return try root.subfolder(Self.pending).list().compactMap { entry in
      let bytes = try root.read("\(Self.pending)/\(entry.path)")
      guard let end = bytes.firstIndex(of: 0) else { return nil }
      let name = String(decoding: bytes[..<end], as: UTF8.self)
      return (ResourceID(kind: .streamingLocator, assetName: nil, name: name), Array(bytes[(end + 1)...]))
    }
  }

  // MARK: Swaps

  private static let swaps = "\(FolderLayout.index)/swaps"

  /// Notes, durably, that a container and its stage are about to change places.
  func noteSwap(of container: String) throws -> String {
    let path = "\(Self.swaps)/\(Random.guid())"
    try place(path, Array(container.utf8), isFlushed: true)
    return path
  }

  /// Forgets a swap that is complete.
  func forgetSwap(_ path: String) throws { try root.remove(path, pruning: false) }

  /// The swaps that were cut off, with their containers.
  func openSwaps() throws -> [(note: String, container: String)] {
    guard try root.stat(Self.swaps) != nil else { return [] }
    return try root.subfolder(Self.swaps).list().map { entry in
      let path = "\(Self.swaps)/\(entry.path)"
      return (path, String(decoding: try root.read(path), as: UTF8.self))
    }
  }

  // MARK: Stages

  private static let stages = "\(FolderLayout.index)/stages"

  /// Notes, durably, that a container's new files are about to be brought together beside it.
  func noteStage(ofContainer container: String) throws {
    try place(stage(ofContainer: container), Array(container.utf8), isFlushed: true)
  }

  /// Forgets a stage that is gone.
  func forgetStage(ofContainer container: String) throws {
    let path = stage(ofContainer: container)
    if try root.stat(path) != nil { try root.remove(path, pruning: false) }
  }

  /// The containers beside which new files were brought together that are not in place yet.
  func stagedContainers() throws -> [String] {
    guard try root.stat(Self.stages) != nil else { return [] }
    return try root.subfolder(Self.stages).list().map {
      String(decoding: try root.read("\(Self.stages)/\($0.path)"), as: UTF8.self)
    }
  }

  private func stage(ofContainer container: String) -> String {
    "\(Self.stages)/\(ResourcePath.fileName(for: container))"
  }

  /// Takes everything away but what is under way.
  func clear() throws {
    try root.remove(Self.mark, pruning: false)
    for folder in try root.subfolder(FolderLayout.index).folders()
    where !["pending", "swaps", "stages"].contains(folder) {
      try root.removeTree("\(FolderLayout.index)/\(folder)")
    }
  }
}
