import Git
import MediaResources
import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What was read of an account by requests that count as writes, kept until a capture or a look at drift is complete: one
/// that was cut off goes on from there.
///
/// A file beside the repository that only its owner can read. Documents stand in it as they are captured, their secrets
/// sealed; safe to delete, at the cost of reading again.
final class KeptReadings {
  /// A reading.
  struct Reading: Sendable {
    /// The mark that the listing carried.
    let stamp: ObservationStamp
    /// The path from the root of the tree.
    let path: String
    /// The canonical bytes as captured; empty where there was nothing to read.
    let bytes: [UInt8]
  }

  private static let magic = "lockstep-readings-1"

  /// Stands for a key where a look came to its end.
  private static let end = ""

  private let path: String
  private let header: [UInt8]
  /// How much of the file is whole.
  private let length: Int
  private var descriptor: Int32?
  /// Whether the data key that the secrets are sealed under was written in this run.
  var hasDataKey = false
  /// What an earlier run has left, by key of the listing.
  let earlier: [String: Reading]

  /// - Parameter context: the account and bindings that readings are good for; those of others count for nothing.
  init(for region: RegionRepository, context: String) throws {
    path = try Self.path(of: region)
    var header: [UInt8] = []
    header.append(record: Self.magic)
    header.append(record: context)
    self.header = header
    guard let bytes = FilePaths.read(path), bytes.starts(with: header) else {
      length = 0
      earlier = [:]
      return
    }
    var reader = RecordReader(bytes)
    _ = (reader.string(), reader.string())
    var readings: [String: Reading] = [:]
    var length = header.count
    while let key = reader.string(), let stamp = reader.stamp(), let path = reader.string(),
      let document = reader.string()
    {
      let reading = Reading(stamp: stamp, path: path, bytes: Array(document.utf8))
      if key == Self.end {
        readings = readings.filter { ResourcePath.kind(ofPlace: $0.value.path) != .content }
      } else {
        readings[key] = reading
      }
      length += Self.record(key, reading).count
    }
    self.length = length
    earlier = readings
  }

  deinit { if let descriptor, descriptor >= 0 { close(descriptor) } }

  private static func record(_ key: String, _ reading: Reading) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(record: key)
    bytes.append(record: reading.stamp)
    bytes.append(record: reading.path)
    bytes.append(record: UInt64(reading.bytes.count))
    return bytes + reading.bytes
  }

  /// What is kept of a listed resource, where it has not changed since.
  static func find(_ listed: ListedResource, in earlier: [String: Reading]) -> Reading? {
    guard listed.stamp != .unknown, let known = earlier[listed.key], known.stamp == listed.stamp else {
      return nil
    }
    return known
  }

  /// Keeps a reading at once; a failure is ignored, since it only saves requests.
  func keep(_ listed: ListedResource, path place: String, bytes document: [UInt8]) {
    guard listed.stamp != .unknown else { return }
    append(Self.record(listed.key, Reading(stamp: listed.stamp, path: place, bytes: document)))
  }

  /// Notes that the look came to its end: whatever keeps the capture from being made, files are looked at anew then, since
  /// they may be what a person mends.
  func complete() {
    guard
      descriptor != nil || earlier.contains(where: { ResourcePath.kind(ofPlace: $0.value.path) == .content })
    else { return }
    append(Self.record(Self.end, Reading(stamp: .unknown, path: "", bytes: [])))
  }

  private func append(_ bytes: [UInt8]) {
    let descriptor = descriptor ?? begin()
    guard descriptor >= 0 else { return }
    _ = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
  }

  /// Opens the file and cuts off what a run that was killed has left in half.
  private func begin() -> Int32 {
    let opened = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
    descriptor = opened
    guard opened >= 0, ftruncate(opened, off_t(length)) == 0 else { return -1 }
    if length == 0 { append(header) }
    return opened
  }

  /// Lets go of what was kept, once it is in the index.
  static func forget(for region: RegionRepository) {
    if let path = try? path(of: region) { unlink(path) }
  }

  private static func path(of region: RegionRepository) throws -> String {
    try region.stateFolder() + "/readings"
  }
}
