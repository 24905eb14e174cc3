import Foundation
import HTTP
import LiveAccount
import MediaResources

/// One page of a container's blobs.
struct BlobPage: Sendable {
  /// A blob, or what a delimiter makes one of many.
  enum Item: Sendable {
    case blob(Blob)
    case prefix(String)
  }

  /// In byte order of their names.
  let items: [Item]
  /// What the next page is asked for with; nil where this is the last.
  let nextMarker: String?
}

extension BlobStore {
  /// How many blobs a page may have (source: limits of the storage service).
  static let largestPage = 5_000

  /// A page of the blobs whose names begin with a prefix.
  ///
  /// Costs the files in the folder that the prefix means, with everything beneath it unless the delimiter is a slash.
  /// - Throws: `BlobError` for a marker that this did not give.
  func page(
    of place: BlobPlace, prefix: String, delimiter: String?, marker: String?, limit: Int
  ) throws -> BlobPage {
    let files = try self.files(place)
    let after = try marker.map { marker throws(BlobError) in
      guard let bytes = Base64.decode(marker), let name = String(validating: bytes, as: UTF8.self) else {
        throw BlobError(.invalidQueryParameterValue, "the marker is none that a listing gave")
      }
      return name
    }
    var entries: [(name: String, file: FileEntry?)] = []
    var prefixes: Set<String> = []
    for (name, file) in try names(in: files, prefix: prefix, isFlat: delimiter != "/") {
      guard name.utf8.starts(with: prefix.utf8) else { continue }
      var item = (name: name, file: file)
      if let delimiter, let collapsed = Self.collapse(name, prefix: prefix, delimiter: delimiter) {
        guard prefixes.insert(collapsed).inserted else { continue }
        item = (collapsed, nil)
      }
      if let after, !after.utf8.lexicographicallyPrecedes(item.name.utf8) { continue }
      entries.append(item)
    }
    entries.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let page = entries.prefix(limit)
    let items = try page.map { entry -> BlobPage.Item in
      guard let file = entry.file else { return .prefix(entry.name) }
      let found = place.blob(entry.name)
      return .blob(
        Blob(
          place: found, file: file, properties: try self.properties(found, of: file) ?? BlobProperties(),
          bytes: nil))
    }
    let isLast = page.count == entries.count
    return BlobPage(
      items: items, nextMarker: isLast ? nil : page.last.map { Base64.encode(Array($0.name.utf8)) })
  }

  /// The names that may begin with a prefix; where the listing is not flat, folders stand for what is in them.
  private func names(
    in files: RootedFolder, prefix: String, isFlat: Bool
  ) throws -> [(name: String, file: FileEntry?)] {
    let parts = prefix.pathComponents.dropLast()
    // A prefix that no name can have begins none.
    guard !parts.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." || $0.utf8.contains(0) }) else {
      return []
    }
    let folder = parts.joined(separator: "/")
    let start = folder.isEmpty ? "" : folder + "/"
    guard try folder.isEmpty || files.stat(folder)?.isFolder == true else { return [] }
    var names: [(name: String, file: FileEntry?)] = try files.listUnordered(in: folder, recursively: isFlat)
      .map {
        (start + $0.path, $0)
      }
    if !isFlat {
      let opened = folder.isEmpty ? files : try files.subfolder(folder)
      for name in try opened.folders() where try !opened.subfolder(name).isEmpty() {
        names.append((start + name + "/", nil))
      }
    }
    return names
  }

  /// The part of a name up to the first delimiter behind the prefix; nil where there is none.
  private static func collapse(_ name: String, prefix: String, delimiter: String) -> String? {
    let rest = Array(name.utf8.dropFirst(prefix.utf8.count))
    let mark = Array(delimiter.utf8)
    guard !mark.isEmpty, rest.count >= mark.count else { return nil }
    guard
      let index = (0...(rest.count - mark.count)).first(where: {
        rest[$0..<$0 + mark.count].elementsEqual(mark)
      })
    else { return nil }
    return prefix + String(decoding: rest[..<(index + mark.count)], as: UTF8.self)
  }
}

extension BlobPage {
  /// The page as the storage service writes it.
  func xml(
    of place: BlobPlace, at origin: String, query: RequestQuery, includesMetadata: Bool
  ) -> String {
    var text = XML.head
    text += "<EnumerationResults ServiceEndpoint=\"\(XML.text("\(origin)/\(place.storageAccount)/"))\""
    text += " ContainerName=\"\(XML.text(place.container))\">"
    for (name, parameter) in [
      ("Prefix", "prefix"), ("Marker", "marker"), ("MaxResults", "maxresults"), ("Delimiter", "delimiter"),
    ] {
      if let value = query[parameter] { text += XML.element(name, value) }
    }
    text += "<Blobs>"
    for item in items {
      switch item {
      case .prefix(let prefix): text += "<BlobPrefix>\(Self.name(prefix))</BlobPrefix>"
      case .blob(let blob): text += Self.xml(blob, includesMetadata: includesMetadata)
      }
    }
    return text + "</Blobs>" + XML.element("NextMarker", nextMarker ?? "") + "</EnumerationResults>"
  }

  private static func xml(_ blob: Blob, includesMetadata: Bool) -> String {
    var text = "<Blob>\(name(blob.place.blob ?? ""))<Properties>"
    let time = ServerTime.http(blob.modified)
    for (name, value) in [
      ("Creation-Time", time), ("Last-Modified", time), ("Etag", blob.etag.replacing("\"", with: "")),
      ("Content-Length", String(blob.file.size)), ("Content-Type", blob.contentType),
      ("Content-Encoding", blob.properties.headers["content-encoding"] ?? ""),
      ("Content-Language", blob.properties.headers["content-language"] ?? ""),
      ("Content-MD5", blob.properties.md5 ?? ""),
      ("Cache-Control", blob.properties.headers["cache-control"] ?? ""),
      ("Content-Disposition", blob.properties.headers["content-disposition"] ?? ""),
      ("BlobType", "BlockBlob"), ("LeaseStatus", "unlocked"), ("LeaseState", "available"),
      ("ServerEncrypted", "false"),
    ] { text += XML.element(name, value) }
    text += "</Properties>"
    if includesMetadata {
      let metadata = blob.properties.metadata.sorted { $0.key < $1.key }.map { XML.element($0.key, $0.value) }
      text += "<Metadata>\(metadata.joined())</Metadata>"
    }
    return text + "</Blob>"
  }

  /// A name as an element; one that XML cannot hold is percent-encoded and says so.
  private static func name(_ name: String) -> String {
    XML.isWritable(name)
      ? XML.element("Name", name)
      : "<Name Encoded=\"true\">\(PercentEncoding.encode(name, keeping: "/"))</Name>"
  }
}
