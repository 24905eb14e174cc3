import FolderAccount
import Foundation
import HTTP
import HTTPTypes
import Hummingbird
import LiveAccount
import Logging
import MediaResources

/// What locators publish, for players: `/<streamingLocatorId>/<file>`, as any web server over `published/` serves it.
///
/// Without a signature: what is published is there for everybody, and its keys are not in it.
struct PublishedFiles: Sendable {
  private let account: FolderAccount
  private let logger: Logger

  init(_ account: FolderAccount, logger: Logger) {
    self.account = account
    self.logger = logger
  }

  /// Whether a path leads to what a locator publishes: its first part is a GUID, which no storage account's name is.
  static func isMeant(_ path: String) -> Bool {
    path.dropFirst().split(separator: "/", maxSplits: 1).first.map { Validation.isGUID(String($0)) } ?? false
  }

  func answer(_ request: Request) -> Response {
    if request.method == .options { return CrossOrigin.preflight() }
    var response: Response
    do { response = try file(request) } catch let error as BlobError {
      response = Response(status: error.code.status)
    } catch {
      logger.error("a published file could not be sent: \(AccountError.explaining(error).message)")
      response = Response(status: .internalServerError)
    }
    CrossOrigin.allow(&response)
    response.headers[named: "access-control-expose-headers"] = "Content-Length, Content-Range, ETag"
    return response
  }

  private func file(_ request: Request) throws -> Response {
    guard request.method == .get || request.method == .head else {
      return Response(status: .methodNotAllowed, headers: [.allow: "GET, HEAD, OPTIONS"])
    }
    let parts = request.uri.path.dropFirst().split(separator: "/", maxSplits: 1)
    guard parts.count == 2, let path = PercentEncoding.decode(parts[1]), Validation.pathProblem(path) == nil,
      let folder = try account.publishedFolder(String(parts[0])), let there = try folder.stat(path),
      !there.isFolder
    else { return Response(status: .notFound) }
    let file = try folder.open(path)
    var headers = HTTPFields()
    let mark = [file.entry.inode, UInt64(file.entry.size), UInt64(bitPattern: file.entry.modified)]
    let etag = "\"\(mark.map { String($0, radix: 16) }.joined(separator: "-"))\""
    headers[.eTag] = etag
    headers[.lastModified] = ServerTime.http(file.entry.modified / 1_000_000_000)
    headers[.contentType] = MediaType.of(path)
    let version = Conditions.Version(etag: etag, modified: file.entry.modified / 1_000_000_000)
    try Conditions(request.headers).check(version, isRead: true)
    let isHead = request.method == .head
    do throws(BlobError) {
      return try FileAnswer.response(
        to: isHead ? nil : request.headers[.range], file, size: file.entry.size, headers: headers,
        isHead: isHead)
    } catch {
      return Response(
        status: .rangeNotSatisfiable, headers: [.contentRange: "bytes */\(file.entry.size)"])
    }
  }
}
