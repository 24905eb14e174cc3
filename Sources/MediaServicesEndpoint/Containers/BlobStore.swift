import CanonicalJSON
import Crypto
import FolderAccount
import Foundation
import LiveAccount
import MediaResources

/// The blobs of a region's containers: an asset's files, and what the storage service keeps of blobs beside their bytes.
///
/// A blob is the file of its name in the asset's container. It appears, and is replaced, by one rename, under the
/// region's lock; what locators publish follows before the answer. Its properties, and blocks that no list has named
/// yet, stand in the endpoint's folder in the control plane, where no capture looks.
struct BlobStore: Sendable {
  let region: ServedRegion
  /// The endpoint's folder.
  let folder: RootedFolder

  /// Blocks that no list has named for so long are taken away (source: the storage service's week).
  static let longestBlockLifeSeconds: Int64 = 7 * 24 * 3_600
  /// A file that was coming in, and that nobody has written to for so long, is what a crash left.
  static let longestPauseSeconds: Int64 = 24 * 3_600

  init(_ region: ServedRegion) throws {
    self.region = region
    folder = try region.account.endpointFolder()
  }

  var account: FolderAccount { region.account }

  // MARK: Finding

  /// The asset whose files a container holds.
  /// - Throws: `BlobError` (`.containerNotFound`).
  func asset(_ place: BlobPlace) throws -> Resource {
    guard let asset = try account.asset(ofContainer: place.container, storageAccount: place.storageAccount)
    else {
      throw BlobError(
        .containerNotFound,
        "no asset has the container \(place.containerName); an asset is created with its container")
    }
    return asset
  }

  /// The storage account's folder, in which the container is.
  func storage(_ place: BlobPlace) throws -> RootedFolder {
    guard let storage = try account.storageFolder(place.storageAccount) else {
      throw BlobError(.containerNotFound, "there is no storage account \(place.storageAccount)")
    }
    return storage
  }

  /// The folder with a container's files.
  func files(_ place: BlobPlace) throws -> RootedFolder {
    _ = try asset(place)
    return try storage(place).subfolder(place.container)
  }

  /// A blob, open for reading.
  /// - Throws: `BlobError` (`.blobNotFound`, `.containerNotFound`).
  func blob(_ place: BlobPlace) throws -> Blob {
    let name = place.blob ?? ""
    let files = try self.files(place)
    // Bytes and properties are read one after the other: where a new blob came between, both are read again.
    for _ in 0..<8 {
      guard let there = try files.stat(name), !there.isFolder else { break }
      let file = try files.open(name)
      if let properties = try self.properties(place, of: file.entry) {
        return Blob(place: place, file: file.entry, properties: properties, bytes: file)
      }
      if let now = try files.stat(name), now.inode == file.entry.inode, now.modified == file.entry.modified {
        return Blob(place: place, file: file.entry, properties: BlobProperties(), bytes: file)
      }
    }
    throw BlobError(.blobNotFound, "there is no blob \(name) in \(place.containerName)")
  }

  /// What stands under a blob's name in its container, for the conditions of a change; nil for nothing.
  /// - Throws: `BlobError` (`.pathConflict`) where a folder stands there, or a file in the place of a folder above it.
  func standing(_ place: BlobPlace, in files: RootedFolder) throws -> Blob? {
    let name = place.blob ?? ""
    let parts = name.pathComponents
    for count in 1..<max(parts.count, 1) {
      let above = parts.prefix(count).joined(separator: "/")
      guard let there = try files.stat(above) else { return nil }
      guard there.isFolder else {
        throw BlobError(
          .pathConflict,
          "a blob is a file here: '\(above)' is one already, and '\(name)' would need a folder there")
      }
    }
    guard let there = try files.stat(name) else { return nil }
    guard !there.isFolder else {
      throw BlobError(
        .pathConflict, "a blob is a file here: '\(name)' is a folder already, with other blobs in it")
    }
    return Blob(
      place: place, file: there, properties: try self.properties(place, of: there) ?? BlobProperties(),
      bytes: nil)
  }

  // MARK: Properties

  private func propertiesPath(_ place: BlobPlace) -> String {
    let key = place.key
    return "properties/\(place.storageAccount)/\(place.container)/\(key.prefix(2))/\(key)"
  }

  /// The properties of a file's blob; nil where none are kept of this very file.
  func properties(_ place: BlobPlace, of file: FileEntry) throws -> BlobProperties? {
    guard let document = try document(propertiesPath(place)) else { return nil }
    return BlobProperties(document: document, of: file)
  }

  func keep(_ properties: BlobProperties, of file: FileEntry, _ place: BlobPlace) throws {
    try write(properties.document(of: file, named: place.blob ?? ""), to: propertiesPath(place))
  }

  func forgetProperties(_ place: BlobPlace) throws {
    try folder.remove(propertiesPath(place))
    try folder.remove(listPath(place))
  }

  // MARK: Committed blocks

  private func listPath(_ place: BlobPlace) -> String {
    "lists/\(place.storageAccount)/\(place.container)/\(place.key)"
  }

  /// The blocks that a blob was made of, with their sizes; none where it was not made of blocks.
  func committedBlocks(_ place: BlobPlace, of file: FileEntry) throws -> [(id: String, size: Int64)] {
    guard let document = try document(listPath(place)), document["file"] == BlobProperties.mark(of: file)
    else {
      return []
    }
    return (document["blocks"]?.arrayValue ?? []).compactMap { block in
      guard let id = block["id"]?.stringValue, let size = block["size"]?.int64Value else { return nil }
      return (id, size)
    }
  }

  func keep(blocks: [(id: String, size: Int64)], of file: FileEntry, _ place: BlobPlace) throws {
    guard !blocks.isEmpty else { return try folder.remove(listPath(place)) }
    let list = blocks.map { block -> JSONValue in
      ["id": .string(block.id), "size": .number(.int64(block.size))]
    }
    try write(.object(["file": BlobProperties.mark(of: file), "blocks": .array(list)]), to: listPath(place))
  }

  // MARK: The endpoint's own files

  /// A document; nil where there is none, or where it is broken: it only says what the bytes do not.
  private func document(_ path: String) throws -> JSONValue? {
    let bytes: [UInt8]
    do throws(ContentError) { bytes = try folder.read(path) } catch {
      guard error.code == .notFound else { throw error }
      return nil
    }
    return try? JSONValue.parse(bytes)
  }

  private func write(_ document: JSONValue, to path: String) throws {
    let temporary = "incoming/\(Random.guid())"
    try folder.create(temporary, document.compactBytes(), mode: 0o600, isFlushed: false)
    do { try folder.rename(from: temporary, to: path) } catch {
      try folder.remove(temporary, pruning: false)
      throw error
    }
  }

  // MARK: Keeping house

  /// Takes away what nobody will ask for any more.
  ///
  /// These are blocks that no list named for a week, files whose coming was cut off, and properties of containers that
  /// are gone. Costs the blobs that are coming, and the containers that were written to.
  func sweep() throws {
    let now = account.now()
    func isOlder(_ entry: FileEntry, than seconds: Int64) -> Bool {
      entry.modified / 1_000_000_000 < now - seconds
    }
    for entry in try list("incoming") where isOlder(entry, than: Self.longestPauseSeconds) {
      try folder.remove("incoming/\(entry.path)", pruning: false)
    }
    for blob in try folders("blocks") {
      let blocks = try list("blocks/\(blob)")
      if blocks.allSatisfy({ isOlder($0, than: Self.longestBlockLifeSeconds) }) {
        try folder.removeTree("blocks/\(blob)")
      }
    }
    var storageAccounts: Set<String> = []
    for kept in ["properties", "lists"] {
      for storageAccount in try folders(kept) {
        storageAccounts.insert(storageAccount)
        for container in try folders("\(kept)/\(storageAccount)")
        where try account.asset(ofContainer: container, storageAccount: storageAccount) == nil {
          try folder.removeTree("\(kept)/\(storageAccount)/\(container)")
        }
      }
    }
    for storageAccount in storageAccounts {
      guard let storage = try account.storageFolder(storageAccount) else { continue }
      for entry in try storage.list()
      where entry.path.hasPrefix(FolderLayout.incomingPrefix)
        && isOlder(entry, than: Self.longestPauseSeconds)
      {
        try storage.remove(entry.path, pruning: false)
      }
    }
  }

  private func list(_ path: String) throws -> [FileEntry] {
    try folder.stat(path) == nil ? [] : try folder.subfolder(path).list()
  }

  private func folders(_ path: String) throws -> [String] {
    try folder.stat(path) == nil ? [] : try folder.subfolder(path).folders()
  }
}

/// A blob as it was when it was looked at.
struct Blob: Sendable {
  let place: BlobPlace
  let file: FileEntry
  let properties: BlobProperties
  /// Its bytes, where it was opened.
  let bytes: RootedFile?

  /// Another one whenever bytes or properties are; in quotes.
  var etag: String {
    let text = "\(file.inode) \(file.size) \(file.modified) \(properties.revision)"
    let hash = Hexadecimal.text(Array(SHA256.hash(data: Array(text.utf8))).prefix(8))
    return "\"0x\(hash.uppercased())\""
  }

  /// When bytes or properties last changed, in seconds since 1970.
  var modified: Int64 { max(file.modified / 1_000_000_000, properties.changed) }

  var version: Conditions.Version { Conditions.Version(etag: etag, modified: modified) }

  var contentType: String { properties.headers["content-type"] ?? MediaType.of(place.blob ?? "") }
}

/// What kind of file a name says.
enum MediaType {
  private static let known = [
    "m3u8": "application/vnd.apple.mpegurl", "mpd": "application/dash+xml", "ts": "video/mp2t",
    "m4s": "video/iso.segment",
    "mp4": "video/mp4", "m4v": "video/mp4", "m4a": "audio/mp4", "aac": "audio/aac", "vtt": "text/vtt",
    "ttml": "application/ttml+xml", "json": "application/json", "xml": "application/xml", "jpg": "image/jpeg",
    "png": "image/png",
  ]

  static func of(_ path: String) -> String {
    let name = path.pathComponents.last ?? ""
    return name.split(separator: ".").last.flatMap { known[$0.lowercased()] } ?? "application/octet-stream"
  }
}
