import FolderAccount
import Foundation
import HTTPTypes
import Hummingbird
import LiveAccount
import Logging
import MediaResources
import NIOCore
import RegionRepository

/// Containers and blobs as the storage service serves them (Blob REST), for those who hold a shared access signature.
///
/// What its official SDK and rclone use of it: Put Blob, Put Block, Put Block List, Get Block List, Get Blob with ranges,
/// properties, metadata, List Blobs, Copy Blob, Delete Blob. A request needs nothing else than its signature.
struct BlobService: Sendable {
  let store: BlobStore
  let access: ContainerAccess
  let logger: Logger
  /// Whether requests come by TLS.
  let isEncrypted: Bool

  /// The newest version of the service whose answers are these.
  static let version = "2021-12-02"

  /// - Parameter isEncrypted: whether the endpoint is served by TLS.
  init(
    _ region: ServedRegion, access: ContainerAccess, isEncrypted: Bool = false, logger: Logger
  ) throws {
    store = try BlobStore(region)
    self.access = access
    self.isEncrypted = isEncrypted
    self.logger = logger
  }

  /// Takes away what nobody will ask for any more, and ends what a run that was cut off left.
  func sweep() async throws {
    try await store.region.change { _ in try store.sweep() }
  }

  /// Adds the routes: every path that begins with no other route's first part.
  func add(to router: Router<some RequestContext>, besides published: PublishedFiles) {
    for method: HTTPRequest.Method in [.get, .head, .put, .post, .delete, .options] {
      router.on("/**", method: method) { request, _ in
        if PublishedFiles.isMeant(request.uri.path) { return published.answer(request) }
        return await answer(request)
      }
    }
  }

  /// Answers a request for a container or a blob; refusals are answers, too.
  func answer(_ request: Request) async -> Response {
    let id = Random.guid()
    var response: Response
    do { response = try await dispatch(request) } catch {
      response = Self.refusal(blobError(error, request: id), isHead: request.method == .head)
    }
    response.headers[named: "x-ms-request-id"] = id
    response.headers[named: "x-ms-version"] = request.headers[named: "x-ms-version"] ?? Self.version
    response.headers[named: "x-ms-client-request-id"] = request.headers[named: "x-ms-client-request-id"]
    return response
  }

  private func dispatch(_ request: Request) async throws -> Response {
    guard let query = RequestQuery(request.uri.query) else { throw BlobError.invalidQuery }
    let place = try BlobPlace(path: request.uri.path)
    let call = BlobCall(request: request, query: query, place: place)
    let operation = query["comp"] ?? ""
    guard place.blob != nil else { return try container(call, operation) }
    guard !query.has("snapshot"), !query.has("versionid") else {
      throw BlobError(.unsupportedQueryParameter, "blobs have no snapshots and no versions here")
    }
    switch (request.method, operation) {
    case (.get, ""), (.head, ""), (.head, "metadata"), (.get, "metadata"): return try get(call, operation)
    case (.get, "blocklist"): return try blockList(call)
    case (.put, ""): return try await put(call)
    case (.put, "block"): return try await putBlock(call)
    case (.put, "blocklist"): return try await putBlockList(call)
    case (.put, "metadata"), (.put, "properties"): return try set(call, operation)
    case (.delete, ""): return try await delete(call)
    case (.get, _), (.put, _), (.head, _), (.delete, _):
      throw BlobError(.unsupportedQueryParameter, "comp=\(operation) is not served for a blob")
    default: throw BlobError(.unsupportedVerb, "\(request.method) is not served for a blob")
    }
  }

  // MARK: Rights

  /// Checks that a call is signed, allowed, and for a container that is there.
  @discardableResult
  func check(_ call: BlobCall, allows permissions: String) throws -> SharedAccessSignature {
    let signature = try access.check(
      call.query, allows: permissions, storageAccount: call.place.storageAccount,
      container: call.place.container,
      isEncrypted: isEncrypted)
    _ = try store.asset(call.place)
    return signature
  }

  // MARK: Containers

  private func container(_ call: BlobCall, _ operation: String) throws -> Response {
    guard call.query["restype"] == "container" else {
      throw BlobError(
        .invalidURI, "a blob's name is missing; a container is asked for with restype=container")
    }
    switch (call.request.method, operation) {
    case (.get, "list"): return try list(call)
    case (.get, ""), (.head, ""), (.get, "metadata"), (.head, "metadata"):
      try check(call, allows: "rl")
      var response = Response(status: .ok)
      let folder = try store.storage(call.place).stat(call.place.container)
      response.headers[.lastModified] = ServerTime.http((folder?.modified ?? 0) / 1_000_000_000)
      response.headers[.eTag] = "\"0x\(String(folder?.inode ?? 0, radix: 16, uppercase: true))\""
      response.headers[named: "x-ms-lease-status"] = "unlocked"
      response.headers[named: "x-ms-lease-state"] = "available"
      response.headers[named: "x-ms-has-immutability-policy"] = "false"
      response.headers[named: "x-ms-has-legal-hold"] = "false"
      return response
    case (.put, ""):
      try check(call, allows: "wc")
      throw BlobError(.containerExists, "the container is there: it came with its asset")
    case (.delete, ""):
      try check(call, allows: "d")
      throw BlobError(.permissionMismatch, "a container goes with its asset: delete the asset")
    default: throw BlobError(.unsupportedQueryParameter, "comp=\(operation) is not served for a container")
    }
  }

  private func list(_ call: BlobCall) throws -> Response {
    try check(call, allows: "l")
    let query = call.query
    let limit = query["maxresults"].map { Int($0) ?? 0 } ?? BlobStore.largestPage
    guard limit > 0 else {
      throw BlobError(.invalidQueryParameterValue, "maxresults must be a number of 1 or more")
    }
    let page = try store.page(
      of: call.place, prefix: query["prefix"] ?? "", delimiter: query["delimiter"], marker: query["marker"],
      limit: min(limit, BlobStore.largestPage))
    let includesMetadata = (query["include"] ?? "").split(separator: ",").contains("metadata")
    return Self.xml(
      page.xml(
        of: call.place, at: call.origin(isEncrypted: isEncrypted), query: query,
        includesMetadata: includesMetadata))
  }

  // MARK: Answers

  static func xml(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(
      status: status, headers: [.contentType: "application/xml"],
      body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }

  static func refusal(_ error: BlobError, isHead: Bool) -> Response {
    let isBare = isHead || error.code == .notModified
    var response =
      isBare
      ? Response(status: error.code.status)
      : xml(
        "\(XML.head)<Error>\(XML.element("Code", error.code.name))\(XML.element("Message", error.message))</Error>",
        status: error.code.status)
    response.headers[named: "x-ms-error-code"] = error.code.name
    return response
  }

  /// An error in the storage service's words; what only the endpoint's own people should see is logged instead.
  private func blobError(_ error: any Error, request id: String) -> BlobError {
    switch error {
    case let error as BlobError: return error
    case let error as ContentError where error.code == .noSpace:
      return BlobError(.insufficientStorage, "there is no space left for the blob")
    case let error as ContentError where error.code == .linkOrSpecial:
      return BlobError(
        .pathConflict, "a link or a special file stands in the blob's way, and none is followed")
    case let error as ContentError where error.code == .notFound:
      return BlobError(.blobNotFound, "the blob has gone meanwhile")
    case let error as RegionError where error.code == .locked:
      return BlobError(.serverBusy, "another program works on the region; ask again later")
    case is CancellationError: return BlobError(.operationTimedOut, "the request was given up")
    default:
      let explained = AccountError.explaining(error)
      logger.error("a request for blobs failed: \(explained.message)", metadata: ["request": "\(id)"])
      return BlobError(.internalError, "it failed here; the endpoint's log says why under \(id)")
    }
  }
}

/// One request for a container or a blob.
struct BlobCall: Sendable {
  let request: Request
  let query: RequestQuery
  let place: BlobPlace

  var headers: HTTPFields { request.headers }

  /// The endpoint's own address, as the client wrote it.
  func origin(isEncrypted: Bool) -> String {
    "\(isEncrypted ? "https" : "http")://\(request.head.authority ?? "")"
  }
}
