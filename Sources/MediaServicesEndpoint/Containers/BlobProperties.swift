import CanonicalJSON
import HTTPTypes
import LiveAccount
import MediaResources

/// What a blob carries beside its bytes.
///
/// Kept beside the control plane, bound to the very file that it belongs to: where the file was replaced by other means
/// it counts no more. It belongs to this region; an asset's files travel without it.
struct BlobProperties: Sendable, Equatable {
  /// The header fields that a blob keeps, by their names in answers.
  static let fields = [
    "content-type", "content-encoding", "content-language", "content-disposition", "cache-control",
  ]

  /// The values of `fields` that are set.
  var headers: [String: String] = [:]
  /// The MD5 in base64.
  var md5: String?
  /// The metadata, by name.
  var metadata: [String: String] = [:]
  /// When the properties last changed, in seconds since 1970; 0 where they came with the bytes.
  var changed: Int64 = 0
  /// Another one with each change.
  var revision = ""

  /// How many bytes names and values of metadata may have (source: limits of the storage service).
  static let largestMetadata = 8 << 10

  /// The properties that a request's header fields give a blob.
  /// - Parameter isBody: whether the request's body is the blob, so that its plain fields count, too.
  /// - Throws: `BlobError`.
  init(from fields: HTTPFields, isBody: Bool) throws(BlobError) {
    for name in Self.fields {
      if let value = fields[named: "x-ms-blob-\(name)"] ?? (isBody ? fields[named: name] : nil) {
        headers[name] = value
      }
    }
    md5 = fields[named: "x-ms-blob-content-md5"]
    metadata = try Self.metadata(in: fields)
  }

  init() {}

  /// The metadata in a request's header fields.
  static func metadata(in fields: HTTPFields) throws(BlobError) -> [String: String] {
    var metadata: [String: String] = [:]
    var bytes = 0
    for field in fields where field.name.canonicalName.hasPrefix("x-ms-meta-") {
      let name = String(field.name.rawName.dropFirst("x-ms-meta-".count))
      guard isIdentifier(name) else {
        throw BlobError(.invalidHeaderValue, "'\(name)' is no name of metadata: letters, digits and _ only")
      }
      guard metadata.updateValue(field.value, forKey: name) == nil else {
        throw BlobError(.invalidHeaderValue, "metadata '\(name)' stands there twice")
      }
      bytes += name.utf8.count + field.value.utf8.count
    }
    guard bytes <= largestMetadata else {
      throw BlobError(
        .metadataTooLarge, "metadata has \(bytes) bytes, and at most \(largestMetadata) are kept")
    }
    return metadata
  }

  private static func isIdentifier(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
      return false
    }
    return name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
  }

  // MARK: Kept

  /// The properties in a document, where it belongs to a file; nil otherwise.
  init?(document: JSONValue, of file: FileEntry) {
    guard document["file"] == Self.mark(of: file) else { return nil }
    func texts(_ member: String) -> [String: String] {
      var texts: [String: String] = [:]
      for (key, value) in document[member]?.objectValue ?? [:] { texts[key] = value.stringValue }
      return texts
    }
    headers = texts("headers")
    metadata = texts("metadata")
    md5 = document["md5"]?.stringValue
    changed = document["changed"]?.int64Value ?? 0
    revision = document["revision"]?.stringValue ?? ""
  }

  /// The properties as a document that belongs to a file.
  func document(of file: FileEntry, named name: String) -> JSONValue {
    func object(_ texts: [String: String]) -> JSONValue {
      .object(JSONObject(texts.map { ($0.key, .string($0.value)) }))
    }
    var document: JSONObject = [
      "name": .string(name), "file": Self.mark(of: file), "headers": object(headers),
      "metadata": object(metadata),
      "changed": .number(.int64(changed)), "revision": .string(revision),
    ]
    if let md5 { document["md5"] = .string(md5) }
    return .object(document)
  }

  /// What tells a file from the one that takes its place.
  static func mark(of file: FileEntry) -> JSONValue {
    [
      "inode": .string(String(file.inode)), "size": .number(.int64(file.size)),
      "modified": .number(.int64(file.modified)),
    ]
  }
}

extension HTTPFields {
  /// A field by its name in lower case; names that HTTP does not know are absent.
  subscript(named name: String) -> String? {
    get { HTTPField.Name(name).flatMap { self[$0] } }
    set { if let name = HTTPField.Name(name) { self[name] = newValue } }
  }
}
