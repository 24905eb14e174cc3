import CanonicalJSON
import FolderAccount
import HTTP
import HTTPTypes
import Hummingbird
import MediaResources

/// A management request, taken apart.
struct Call: Sendable {
  let method: HTTPRequest.Method
  /// The parts of the path, decoded.
  let path: [String]
  /// The path as it was sent, for links.
  let rawPath: String
  let query: RequestQuery
  let version: APIVersion
  /// The document that was sent, empty where there is none.
  let body: JSONObject
  /// How the caller reached this endpoint, such as `http://127.0.0.1:8080`.
  let base: String

  /// How large a document may be.
  private static let largestBody = 4 << 20

  init(_ request: Request, isSecure: Bool) async throws {
    method = request.method
    rawPath = request.uri.path
    path = try rawPath.pathComponents.filter { !$0.isEmpty }.map { (part) throws(ServiceError) -> String in
      guard let decoded = PercentEncoding.decode(part) else {
        throw ServiceError.badRequest("The path has a part that is no percent-encoded UTF-8: '\(part)'.")
      }
      return decoded
    }
    guard let query = RequestQuery(request.uri.query) else {
      throw ServiceError.badRequest("The query is no percent-encoded UTF-8, or gives a parameter two values.")
    }
    self.query = query
    version = try APIVersion(query["api-version"])
    base = "\(isSecure ? "https" : "http")://\(request.head.authority ?? "localhost")"
    body = try await Self.document(of: request)
  }

  private static func document(of request: Request) async throws -> JSONObject {
    let buffer: ByteBuffer
    do { buffer = try await request.body.collect(upTo: largestBody) } catch {
      throw ServiceError(
        .contentTooLarge, "RequestContentTooLarge", "The request has more than \(largestBody) bytes.")
    }
    let bytes = Array(buffer.readableBytesView)
    guard bytes.contains(where: { ![0x20, 0x0A, 0x0D, 0x09].contains($0) }) else { return JSONObject() }
    do {
      guard let object = try JSONValue.parse(bytes).objectValue else {
        throw ServiceError(.badRequest, "InvalidRequestContent", "The request content is no JSON object.")
      }
      return object
    } catch let error as JSONError {
      throw ServiceError(
        .badRequest, "InvalidRequestContent",
        "The request content was invalid and could not be deserialized:"
          + "\(error).")
    }
  }

  /// A member of the document, whatever the case of its name.
  func member(_ name: String) -> JSONValue? { body.member(name) }

  /// The properties that were sent, empty where there are none.
  var properties: JSONObject { member("properties")?.objectValue ?? JSONObject() }
}

extension JSONObject {
  /// A member, whatever the case of its name: the services take any.
  func member(_ name: String) -> JSONValue? {
    self[name] ?? first { $0.key.lowercased() == name.lowercased() }?.value
  }
}
