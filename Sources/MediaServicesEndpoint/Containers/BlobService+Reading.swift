import Crypto
import Foundation
import HTTPTypes
import Hummingbird
import LiveAccount
import MediaResources
import NIOCore

extension BlobService {
  /// How long a range may be for which an MD5 is computed (source: Get Blob).
  private static let longestHashedRange: Int64 = 4 << 20

  /// Get Blob, Get Blob Properties, Get Blob Metadata.
  func get(_ call: BlobCall, _ operation: String) throws -> Response {
    let signature = try check(call, allows: "r")
    let blob = try store.blob(call.place)
    try Conditions(call.headers).check(blob.version, isRead: true)
    var headers = Self.headers(of: blob)
    if operation == "metadata" { return Response(status: .ok, headers: headers) }
    headers[.contentType] = blob.contentType
    for (name, value) in blob.properties.headers { headers[named: name] = value }
    for (name, value) in zip(Self.overridden, signature.overrides) where !value.isEmpty {
      headers[named: name] = value
    }
    let field = call.headers[named: "x-ms-range"] ?? call.headers[.range]
    let isHead = call.request.method == .head
    var response = try FileAnswer.response(
      to: isHead ? nil : field, blob.bytes, size: blob.file.size, headers: headers, isHead: isHead)
    if response.status == .partialContent {
      response.headers[named: "x-ms-blob-content-md5"] = blob.properties.md5
      response.headers[named: "content-md5"] = try rangeMD5(call, field, blob)
    } else {
      response.headers[named: "content-md5"] = blob.properties.md5
    }
    return response
  }

  /// The header fields that a signature may replace, in the order of its overrides.
  private static let overridden = [
    "cache-control", "content-disposition", "content-encoding", "content-language", "content-type",
  ]

  private func rangeMD5(_ call: BlobCall, _ field: String?, _ blob: Blob) throws -> String? {
    guard call.headers[named: "x-ms-range-get-content-md5"]?.lowercased() == "true",
      let range = try ByteRange.parse(field, size: blob.file.size), let bytes = blob.bytes
    else { return nil }
    guard range.upperBound - range.lowerBound <= Self.longestHashedRange else {
      throw BlobError(.invalidHeaderValue, "an MD5 is given for ranges of at most 4 MiB")
    }
    let chunk = try bytes.read(from: range.lowerBound, count: Int(range.upperBound - range.lowerBound))
    return Base64.encode(Array(Insecure.MD5.hash(data: chunk)))
  }

  /// What every answer about a blob carries.
  static func headers(of blob: Blob) -> HTTPFields {
    var headers = HTTPFields()
    headers[.eTag] = blob.etag
    headers[.lastModified] = ServerTime.http(blob.modified)
    headers[named: "x-ms-creation-time"] = ServerTime.http(blob.modified)
    headers[named: "x-ms-blob-type"] = "BlockBlob"
    headers[named: "x-ms-lease-status"] = "unlocked"
    headers[named: "x-ms-lease-state"] = "available"
    headers[named: "x-ms-server-encrypted"] = "false"
    for (name, value) in blob.properties.metadata { headers[named: "x-ms-meta-\(name)"] = value }
    return headers
  }

  /// Get Block List.
  func blockList(_ call: BlobCall) throws -> Response {
    try check(call, allows: "r")
    let kind = call.query["blocklisttype"] ?? "committed"
    guard ["committed", "uncommitted", "all"].contains(kind) else {
      throw BlobError(.invalidQueryParameterValue, "blocklisttype must be committed, uncommitted or all")
    }
    let blob = try store.standing(call.place, in: store.files(call.place))
    let waiting = try store.uncommittedBlocks(call.place)
    guard blob != nil || !waiting.isEmpty else {
      throw BlobError(.blobNotFound, "there is no such blob, and no block of one")
    }
    func xml(_ name: String, _ blocks: [(id: String, size: Int64)]) -> String {
      let rows = blocks.map {
        "<Block>\(XML.element("Name", $0.id))\(XML.element("Size", String($0.size)))</Block>"
      }
      return "<\(name)>\(rows.joined())</\(name)>"
    }
    var text = "\(XML.head)<BlockList>"
    if kind != "uncommitted" {
      text += xml(
        "CommittedBlocks", try blob.map { try store.committedBlocks(call.place, of: $0.file) } ?? [])
    }
    if kind != "committed" { text += xml("UncommittedBlocks", waiting) }
    var response = Self.xml(text + "</BlockList>")
    if let blob {
      response.headers[.eTag] = blob.etag
      response.headers[.lastModified] = ServerTime.http(blob.modified)
      response.headers[named: "x-ms-blob-content-length"] = String(blob.file.size)
    }
    return response
  }
}

/// A file, or a part of one, as the answer to a request; a few hundred kilobytes are held, however large it is.
enum FileAnswer {
  private static let chunkBytes: Int64 = 256 << 10

  /// - Parameters:
  ///   - range: the request's `Range` field.
  ///   - file: the file, open; nil for one of which only the size is told.
  /// - Throws: `BlobError` (`.invalidRange`).
  static func response(
    to range: String?, _ file: RootedFile?, size: Int64, headers: HTTPFields, isHead: Bool
  ) throws(BlobError) -> Response {
    var headers = headers
    headers[.acceptRanges] = "bytes"
    let part = try ByteRange.parse(range, size: size)
    let wanted = part ?? 0..<size
    headers[.contentLength] = String(wanted.upperBound - wanted.lowerBound)
    if part != nil { headers[.contentRange] = "bytes \(wanted.lowerBound)-\(wanted.upperBound - 1)/\(size)" }
    let status: HTTPResponse.Status = part == nil ? .ok : .partialContent
    guard !isHead, let file else { return Response(status: status, headers: headers) }
    let body = ResponseBody(contentLength: Int(wanted.upperBound - wanted.lowerBound)) { writer in
      var offset = wanted.lowerBound
      while offset < wanted.upperBound {
        let chunk = try file.read(from: offset, count: Int(min(chunkBytes, wanted.upperBound - offset)))
        guard !chunk.isEmpty else {
          throw ContentError(.changed, "\(file.path) became shorter while it was sent")
        }
        try await writer.write(ByteBuffer(bytes: chunk))
        offset += Int64(chunk.count)
      }
      try await writer.finish(nil)
    }
    return Response(status: status, headers: headers, body: body)
  }
}
