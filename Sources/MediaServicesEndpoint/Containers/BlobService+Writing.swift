import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import LiveAccount
import Logging
import MediaResources
import NIOCore

extension BlobService {
  /// How many bytes the XML of a block list may have: 50,000 ids with their elements.
  private static let largestList = 8 << 20

  /// Put Blob, Copy Blob, Put Blob From URL.
  func put(_ call: BlobCall) async throws -> Response {
    try check(call, allows: "wc")
    let isBlock = call.headers[named: "x-ms-blob-type"]
    guard isBlock == nil || isBlock == "BlockBlob" else {
      throw BlobError(.invalidHeaderValue, "x-ms-blob-type must be BlockBlob; encoded files are nothing else")
    }
    if let source = call.headers[named: "x-ms-copy-source"] {
      return try await copy(call, from: source, isPut: isBlock != nil)
    }
    guard isBlock != nil else { throw BlobError(.missingHeader, "x-ms-blob-type is missing") }
    let properties = try BlobProperties(from: call.headers, isBody: true)
    // Asked before the bytes come, too, so that nobody sends them for nothing.
    try checkStanding(call)
    let incoming = try store.begin(call.place)
    defer { incoming.discard() }
    let length = try self.length(of: call, atMost: BlobStore.largestPut)
    try await receive(call, into: incoming, length: length)
    return try await created(call, incoming, properties)
  }

  private func checkStanding(_ call: BlobCall) throws {
    let standing = try store.standing(call.place, in: store.files(call.place))
    try Conditions(call.headers).check(standing?.version, isRead: false)
    try checkMayReplace(call, isThere: standing != nil)
  }

  /// A signature that allows creating but not writing replaces nothing.
  private func checkMayReplace(_ call: BlobCall, isThere: Bool) throws {
    if isThere { try check(call, allows: "w") }
  }

  /// Puts a complete file in its place, and says so.
  private func created(
    _ call: BlobCall, _ incoming: IncomingFile, _ properties: BlobProperties,
    blocks: [(id: String, size: Int64)] = []
  ) async throws -> Response {
    let (blob, problems) = try await store.commit(
      incoming, as: call.place, properties, blocks: blocks, if: Conditions(call.headers))
    tell(problems)
    var response = Response(status: .created)
    response.headers[.eTag] = blob.etag
    response.headers[.lastModified] = ServerTime.http(blob.modified)
    response.headers[named: "content-md5"] = blob.properties.md5
    response.headers[named: "x-ms-request-server-encrypted"] = "false"
    return response
  }

  private func tell(_ problems: [String]) {
    for problem in problems { logger.notice("not published yet: \(problem)") }
  }

  /// Delete Blob.
  func delete(_ call: BlobCall) async throws -> Response {
    try check(call, allows: "d")
    guard call.headers[named: "x-ms-delete-snapshots"] != "only" else { return Response(status: .accepted) }
    tell(try await store.delete(call.place, if: Conditions(call.headers)))
    var response = Response(status: .accepted)
    response.headers[named: "x-ms-delete-type-permanent"] = "true"
    return response
  }

  /// Set Blob Metadata, Set Blob Properties.
  func set(_ call: BlobCall, _ operation: String) throws -> Response {
    try check(call, allows: "w")
    let given = try BlobProperties(from: call.headers, isBody: false)
    let blob = try store.change(call.place, if: Conditions(call.headers)) { properties in
      if operation == "metadata" {
        properties.metadata = given.metadata
      } else {
        // The MD5 is that of the bytes, whatever a client says.
        properties.headers = given.headers
      }
    }
    var response = Response(status: .ok)
    response.headers[.eTag] = blob.etag
    response.headers[.lastModified] = ServerTime.http(blob.modified)
    return response
  }

  // MARK: Blocks

  /// Put Block, Put Block From URL.
  func putBlock(_ call: BlobCall) async throws -> Response {
    try check(call, allows: "wc")
    guard let id = call.query["blockid"] else {
      throw BlobError(.invalidQueryParameterValue, "blockid is missing")
    }
    let incoming = try store.beginBlock(call.place)
    defer { incoming.discard() }
    if let source = call.headers[named: "x-ms-copy-source"] {
      let blob = try self.source(source, of: call)
      let range = try ByteRange.parse(call.headers[named: "x-ms-source-range"], size: blob.file.size)
      guard let bytes = blob.bytes else { throw BlobError(.blobNotFound, "the source has gone") }
      try await store.copy(range ?? 0..<blob.file.size, of: bytes, into: incoming)
    } else {
      let length = try self.length(of: call, atMost: BlobStore.largestBlock)
      try await receive(call, into: incoming, length: length)
    }
    try store.keepBlock(incoming, id: id, of: call.place)
    var response = Response(status: .created)
    response.headers[named: "content-md5"] = Base64.encode(incoming.md5)
    response.headers[named: "x-ms-request-server-encrypted"] = "false"
    return response
  }

  /// Put Block List.
  func putBlockList(_ call: BlobCall) async throws -> Response {
    try check(call, allows: "wc")
    try checkStanding(call)
    let body = try await call.request.body.collect(upTo: Self.largestList)
    let bytes = Array(body.readableBytesView)
    try checkMD5(call, Array(Insecure.MD5.hash(data: bytes)))
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw BlobError(.invalidXML, "the block list is no UTF-8")
    }
    let list = try XML.elements(of: "BlockList", in: text).map { element in
      guard let source = BlobStore.BlockSource(rawValue: element.name) else {
        throw BlobError(
          .invalidXML, "a block list holds Committed, Uncommitted and Latest, and no \(element.name)")
      }
      return (source: source, id: element.text)
    }
    let properties = try BlobProperties(from: call.headers, isBody: false)
    let incoming = try store.begin(call.place)
    defer { incoming.discard() }
    let blocks = try await store.assemble(list, of: call.place, into: incoming)
    return try await created(call, incoming, properties, blocks: blocks)
  }

  // MARK: Bodies

  /// The length that a request announces.
  private func length(of call: BlobCall, atMost limit: Int64) throws(BlobError) -> Int64 {
    guard let length = call.headers[.contentLength].flatMap({ Int64($0) }) else {
      throw BlobError(.missingContentLength, "Content-Length is missing")
    }
    guard length <= limit else {
      throw BlobError(.tooLarge, "\(length) bytes are too many for one request; \(limit) are taken")
    }
    guard call.headers[named: "x-ms-structured-body"] == nil, call.headers[named: "x-ms-content-crc64"] == nil
    else {
      throw BlobError(.unsupportedHeader, "CRC64 is not checked here; send Content-MD5, which is")
    }
    return length
  }

  /// Writes a request's body to a file, piece by piece, and checks it.
  private func receive(_ call: BlobCall, into incoming: IncomingFile, length: Int64) async throws {
    for try await buffer in call.request.body { try incoming.append(Array(buffer.readableBytesView)[...]) }
    guard incoming.size == length else {
      throw BlobError(.invalidHeaderValue, "\(incoming.size) bytes came, and \(length) were announced")
    }
    try checkMD5(call, incoming.md5)
  }

  private func checkMD5(_ call: BlobCall, _ md5: [UInt8]) throws(BlobError) {
    guard let text = call.headers[named: "content-md5"] else { return }
    guard let wanted = Base64.decode(text), wanted.count == 16 else {
      throw BlobError(.invalidMD5, "Content-MD5 is not base64 of 16 bytes")
    }
    guard wanted == md5 else {
      throw BlobError(.md5Mismatch, "the bytes that came do not have the MD5 of Content-MD5")
    }
  }

  // MARK: Copies

  /// Copies a blob of this endpoint; done when it answers.
  private func copy(_ call: BlobCall, from source: String, isPut: Bool) async throws -> Response {
    try checkStanding(call)
    let blob = try self.source(source, of: call)
    guard let bytes = blob.bytes else { throw BlobError(.blobNotFound, "the source has gone") }
    try Conditions(call.headers, prefix: "x-ms-source-").check(blob.version, isRead: false)
    var properties = try BlobProperties(from: call.headers, isBody: false)
    if properties.metadata.isEmpty { properties.metadata = blob.properties.metadata }
    if properties.headers.isEmpty { properties.headers = blob.properties.headers }
    let incoming = try store.begin(call.place)
    defer { incoming.discard() }
    try await store.copy(0..<blob.file.size, of: bytes, into: incoming)
    var response = try await created(call, incoming, properties)
    guard !isPut else { return response }
    response.status = .accepted
    response.headers[named: "x-ms-copy-id"] = Random.guid()
    response.headers[named: "x-ms-copy-status"] = "success"
    return response
  }

  /// The blob that a copy's source means: one of this very endpoint, readable by a signature of its own.
  private func source(_ url: String, of call: BlobCall) throws -> Blob {
    let origin = call.origin(isEncrypted: isEncrypted)
    guard url.hasPrefix(origin + "/"),
      case let parts = url.dropFirst(origin.count).split(separator: "?", maxSplits: 1),
      let path = parts.first
    else {
      throw BlobError(.cannotVerifyCopySource, "a copy's source must be a blob of this endpoint, \(origin)/")
    }
    let place = try BlobPlace(path: path)
    guard place.blob != nil else { throw BlobError(.invalidHeaderValue, "a copy's source must be a blob") }
    guard let query = RequestQuery(parts.count == 2 ? String(parts[1]) : nil) else {
      throw BlobError.invalidQuery
    }
    do {
      try access.check(
        query, allows: "r", storageAccount: place.storageAccount, container: place.container,
        isEncrypted: isEncrypted)
    } catch let error as BlobError {
      throw BlobError(.cannotVerifyCopySource, "the copy's source: \(error.message)")
    }
    return try store.blob(place)
  }
}
