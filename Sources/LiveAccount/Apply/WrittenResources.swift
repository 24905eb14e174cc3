import Git
import MediaResources
import Planning
import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What applies wrote into an account that bills readings, until the next look that reads it: who asks where the region stands
/// need not spend a write to hear what is known.
///
/// A file beside the repository; safe to delete: then those resources are told of as not looked at. A mark is that of the first
/// listing after the apply. What somebody changed in between is found by the next capture or look at drift, which read all of
/// it.
struct WrittenResources {
  /// What was written in one place.
  private struct Entry {
    /// The document that was applied; zero where there is none, as for the files of an asset that has none.
    let blob: ObjectID
    var stamp: ObservationStamp
  }

  private static let magic = "lockstep-written-1"

  private let account: String
  /// By path from the root of the tree.
  private var entries: [String: Entry] = [:]
  private var isChanged = false

  init(of account: any LiveAccount, for region: RegionRepository) throws {
    self.account = account.place
    guard let bytes = FilePaths.read(try Self.path(of: region)) else { return }
    var reader = RecordReader(bytes)
    guard reader.string() == Self.magic, reader.string() == self.account else { return }
    while let path = reader.string(), let blob = reader.objectID(), let stamp = reader.stamp() {
      entries[path] = Entry(blob: blob, stamp: stamp)
    }
  }

  /// Notes what an apply wrote, files included that a listing takes for changed since something of their asset was.
  static func note(
    _ steps: [PlanStep], at commit: ObjectID, of account: any LiveAccount, for region: RegionRepository
  ) throws {
    var written = try WrittenResources(of: account, for: region)
    let root = try region.root(of: commit)
    for id in Set(steps.flatMap(marked)) {
      let path = ResourcePath.place(of: id)
      let blob = try region.git.entry(path, in: root)?.id ?? .zero
      written.entries[path] = Entry(blob: blob, stamp: .unknown)
      written.isChanged = true
    }
    try written.saveWhereChanged(for: region)
  }

  /// The resources whose listing a step changes and whose reading may be billed.
  private static func marked(_ step: PlanStep) -> [ResourceID] {
    let form = step.change.wanted ?? step.change.live
    let asset: String? =
      switch step.id.kind {
      case .asset, .content: step.id.name
      case .assetTrack: step.id.assetName
      case .streamingLocator: form.flatMap { StreamingLocatorView($0).assetName }
      default: nil
      }
    let files = asset.map { [ResourceID(kind: .content, assetName: nil, name: $0)] } ?? []
    return SecretPlaces.kinds.contains(step.id.kind) ? [step.id] + files : files
  }

  /// Whether a listed resource is what an apply wrote, as far as its listings say.
  mutating func holds(_ path: String, _ blob: ObjectID, _ stamp: ObservationStamp) -> Bool {
    guard let entry = entries[path], entry.blob == blob else { return false }
    guard entry.stamp == .unknown else { return entry.stamp == stamp }
    entries[path]?.stamp = stamp
    isChanged = true
    return true
  }

  /// Writes what has changed; a failure is ignored, since it only saves requests.
  mutating func saveWhereChanged(for region: RegionRepository) throws {
    guard isChanged else { return }
    var bytes: [UInt8] = []
    bytes.append(record: Self.magic)
    bytes.append(record: account)
    for (path, entry) in entries.sorted(by: { $0.key < $1.key }) {
      bytes.append(record: path)
      entry.blob.appendRaw(to: &bytes)
      bytes.append(record: entry.stamp)
    }
    FilePaths.writeLightly(bytes, to: try Self.path(of: region))
    isChanged = false
  }

  /// Lets go of it, once all of it was read.
  static func forget(for region: RegionRepository) {
    if let path = try? path(of: region) { unlink(path) }
  }

  private static func path(of region: RegionRepository) throws -> String {
    try region.stateFolder() + "/written"
  }
}
