import Crypto
import FolderAccount
import Foundation
import Hummingbird
import LiveAccount
import MediaResources

/// A file on its way into a container; nobody sees it before it is put in its place.
final class IncomingFile {
  let storage: RootedFolder
  let path: String
  let file: RootedFile
  private var hash = Insecure.MD5()
  private(set) var size: Int64 = 0

  /// - Parameter path: where it stands on its way, in `storage`.
  init(in storage: RootedFolder, path: String, mode: mode_t) throws(ContentError) {
    self.storage = storage
    self.path = path
    file = try storage.openNew(path, mode: mode)
  }

  func append(_ bytes: ArraySlice<UInt8>) throws(ContentError) {
    try file.append(bytes)
    hash.update(data: bytes)
    size += Int64(bytes.count)
  }

  /// The MD5 of what was written.
  var md5: [UInt8] { Array(hash.finalize()) }

  /// Takes it away, where it is still on its way.
  func discard() { try? storage.remove(path, pruning: false) }
}

extension BlobStore {
  /// How many bytes a blob that comes in one piece may have (source: limits of the storage service).
  static let largestPut: Int64 = 5_000 << 20
  /// How many bytes a block may have (source: limits of the storage service).
  static let largestBlock: Int64 = 4_000 << 20
  /// How many blocks a list may name (source: limits of the storage service).
  static let mostBlocks = 50_000

  /// How many bytes are held at a time.
  static let chunkBytes = 256 << 10

  /// Begins a file that is to become a blob, on the container's own file system.
  func begin(_ place: BlobPlace) throws -> IncomingFile {
    try IncomingFile(
      in: storage(place), path: FolderLayout.incomingPrefix + Random.guid(), mode: 0o644)
  }

  /// Puts a complete file in a blob's place, on the disk and for all to see.
  /// - Returns: the blob, and why locators do not publish it yet.
  func commit(
    _ incoming: IncomingFile, as place: BlobPlace, _ properties: BlobProperties,
    blocks: [(id: String, size: Int64)] = [], if conditions: Conditions
  ) async throws -> (blob: Blob, problems: [String]) {
    var properties = properties
    let md5 = Base64.encode(incoming.md5)
    guard properties.md5 == nil || properties.md5 == md5 else {
      throw BlobError(.md5Mismatch, "x-ms-blob-content-md5 is not the MD5 of the blob's bytes")
    }
    properties.md5 = md5
    try incoming.file.flush()
    let (storage, path) = (incoming.storage, incoming.path)
    let entry = try incoming.file.look()
    let final = properties
    let problems = try await region.change { account in
      try account.changeFile(place.blob ?? "", of: asset(place)) { files in
        let current = try standing(place, in: files)
        try conditions.check(current?.version, isRead: false)
        // First what belongs to the new bytes: until they are in their place it counts for nothing.
        try keep(final, of: entry, place)
        try keep(blocks: blocks, of: entry, place)
        try storage.rename(from: path, to: "\(place.container)/\(place.blob ?? "")")
      }
    }
    forgetBlocks(place)
    return (Blob(place: place, file: entry, properties: final, bytes: nil), problems)
  }

  /// Takes a blob away.
  /// - Returns: why locators still publish it.
  func delete(_ place: BlobPlace, if conditions: Conditions) async throws -> [String] {
    let problems = try await region.change { account in
      try account.changeFile(place.blob ?? "", of: asset(place)) { files in
        guard let current = try standing(place, in: files) else {
          throw BlobError(.blobNotFound, "there is no blob \(place.blob ?? "") in \(place.containerName)")
        }
        try conditions.check(current.version, isRead: false)
        try files.remove(place.blob ?? "")
        try forgetProperties(place)
      }
    }
    forgetBlocks(place)
    return problems
  }

  /// Gives a blob other properties; its bytes stay.
  func change(
    _ place: BlobPlace, if conditions: Conditions, by body: (inout BlobProperties) -> Void
  ) throws -> Blob {
    try account.withFiles(of: asset(place)) { files in
      guard let current = try standing(place, in: files) else {
        throw BlobError(.blobNotFound, "there is no blob \(place.blob ?? "") in \(place.containerName)")
      }
      try conditions.check(current.version, isRead: false)
      var properties = current.properties
      body(&properties)
      properties.revision = Random.guid()
      properties.changed = account.now()
      try keep(properties, of: current.file, place)
      return Blob(place: place, file: current.file, properties: properties, bytes: nil)
    }
  }

  // MARK: Blocks

  private func blocksFolder(_ place: BlobPlace) -> String { "blocks/\(place.key)" }

  /// Takes away the blocks that no list named; what a block that comes just now keeps there is swept later.
  private func forgetBlocks(_ place: BlobPlace) { try? folder.removeTree(blocksFolder(place)) }

  /// The file name of a block: its id's bytes, in digits.
  private func blockFile(_ id: String) throws(BlobError) -> String {
    guard let bytes = Base64.decode(id), (1...64).contains(bytes.count), Base64.encode(bytes) == id else {
      throw BlobError(.invalidQueryParameterValue, "a block's id is base64 of 1 to 64 bytes")
    }
    return Hexadecimal.text(bytes)
  }

  /// Begins a block.
  func beginBlock(_ place: BlobPlace) throws -> IncomingFile {
    try IncomingFile(in: folder, path: "incoming/\(Random.guid())", mode: 0o600)
  }

  /// Keeps a complete block under its id until a list names it; one of that id is replaced.
  func keepBlock(_ incoming: IncomingFile, id: String, of place: BlobPlace) throws {
    let name = try blockFile(id)
    // A list may name it after a power cut.
    try incoming.file.flush()
    try folder.rename(from: incoming.path, to: "\(blocksFolder(place))/\(name)")
    try folder.syncFolder(blocksFolder(place))
  }

  /// The blocks that no list has named yet, with their sizes.
  func uncommittedBlocks(_ place: BlobPlace) throws -> [(id: String, size: Int64)] {
    guard try folder.stat(blocksFolder(place)) != nil else { return [] }
    return try folder.subfolder(blocksFolder(place)).list().compactMap { entry in
      var bytes: [UInt8] = []
      let digits = Array(entry.path.utf8)
      for index in stride(from: 0, to: digits.count - 1, by: 2) {
        guard let byte = UInt8(String(decoding: digits[index...index + 1], as: UTF8.self), radix: 16) else {
          return nil
        }
        bytes.append(byte)
      }
      return (Base64.encode(bytes), entry.size)
    }
  }

  /// Where a list takes a block from.
  enum BlockSource: String, Sendable {
    case committed = "Committed", uncommitted = "Uncommitted", latest = "Latest"
  }

  /// Brings the blocks of a list together to one file, in its order.
  /// - Throws: `BlobError` (`.invalidBlockList`) where one of them is not there.
  func assemble(
    _ list: [(source: BlockSource, id: String)], of place: BlobPlace, into incoming: IncomingFile
  ) async throws -> [(id: String, size: Int64)] {
    guard list.count <= Self.mostBlocks else {
      throw BlobError(
        .blockCountExceeded, "a list names at most \(Self.mostBlocks) blocks, this one \(list.count)")
    }
    let blob = try standing(place, in: self.files(place)) == nil ? nil : try self.blob(place)
    var committed: [String: Range<Int64>] = [:]
    var offset: Int64 = 0
    for block in try blob.map({ try committedBlocks(place, of: $0.file) }) ?? [] {
      committed[block.id] = offset..<offset + block.size
      offset += block.size
    }
    let waiting = Set(try uncommittedBlocks(place).map(\.id))
    // Everything is there, or nothing is copied.
    for entry in list {
      let isWaiting = entry.source != .committed && waiting.contains(entry.id)
      guard isWaiting || entry.source != .uncommitted && committed[entry.id] != nil else {
        throw BlobError(
          .invalidBlockList, "the list names a block that was not put: \(entry.source.rawValue) \(entry.id)")
      }
    }
    var blocks: [(id: String, size: Int64)] = []
    for entry in list {
      let start = incoming.size
      if entry.source != .committed, waiting.contains(entry.id) {
        let file = try folder.open("\(blocksFolder(place))/\(blockFile(entry.id))")
        try await copy(0..<file.entry.size, of: file, into: incoming)
      } else if let range = committed[entry.id], let bytes = blob?.bytes {
        try await copy(range, of: bytes, into: incoming)
      }
      blocks.append((entry.id, incoming.size - start))
    }
    return blocks
  }

  /// Copies some bytes of a file to the end of an incoming one.
  func copy(
    _ range: Range<Int64>, of file: RootedFile, into incoming: IncomingFile
  ) async throws {
    var offset = range.lowerBound
    while offset < range.upperBound {
      let count = min(Int64(Self.chunkBytes * 4), range.upperBound - offset)
      let chunk = try file.read(from: offset, count: Int(count))
      guard !chunk.isEmpty else {
        throw BlobError(.internalError, "\(file.path) became shorter while it was copied")
      }
      try incoming.append(chunk[...])
      offset += Int64(chunk.count)
      await Task.yield()
    }
  }
}
