import CanonicalJSON
import FolderAccount
import Foundation
import HTTPTypes
import Hummingbird
import LiveAccount
import Logging
import MediaResources
import NIOCore

/// Delivers content keys to those whom the content key policy lets have them: `GET /keys/<id>`, or `/keys?kid=<id>`.
///
/// An option of the policy counts where it delivers clear keys and its restriction is met: open, or a token that one of
/// its keys signed. One such option is enough. A key that several locators have is delivered only where the policies of
/// all that are being served let it, as is a key that is a plain file. Keys and tokens never stand in a message or a log.
struct KeyServer: Sendable {
  private let account: FolderAccount
  private let logger: Logger

  init(_ account: FolderAccount, logger: Logger) {
    self.account = account
    self.logger = logger
  }

  /// Adds the routes; they ask for no other right than the policy's.
  func add(to router: Router<some RequestContext>) {
    for path: RouterPath in ["/keys", "/keys/:id"] {
      router.on(path, method: .get) { request, context in
        await self.answer(request, keyID: context.parameters.get("id"))
      }
      router.on(path, method: .options) { _, _ in CrossOrigin.preflight() }
    }
  }

  private func answer(_ request: Request, keyID: String?) async -> Response {
    var response: Response
    do {
      guard let query = RequestQuery(request.uri.query) else {
        throw KeyError(.badRequest, "BadRequest", BlobError.invalidQuery.message)
      }
      guard let id = keyID ?? query["kid"], Validation.isGUID(id) else {
        throw KeyError(.badRequest, "BadRequest", "the content key's id must be a GUID: /keys/<id>")
      }
      let key = try await self.key(id, token: Self.token(request.headers, query))
      response = Response(
        status: .ok, headers: [.contentType: "application/octet-stream"],
        body: ResponseBody(byteBuffer: ByteBuffer(bytes: key)))
    } catch let error as KeyError {
      response = error.response
    } catch {
      logger.error("a content key could not be delivered: \(AccountError.explaining(error).message)")
      response =
        KeyError(.internalServerError, "InternalServerError", "it failed here; the endpoint's log says why")
        .response
    }
    response.headers[.cacheControl] = "no-store"
    CrossOrigin.allow(&response)
    return response
  }

  /// The token that a request carries, without the word before it.
  private static func token(_ headers: HTTPFields, _ query: RequestQuery) -> String? {
    for text in [headers[.authorization], query["token"]] {
      guard let text else { continue }
      guard text.lowercased().hasPrefix("bearer") else { return text }
      let rest = text.dropFirst("bearer".count)
      guard let mark = rest.first, mark == " " || mark == "=" else { return text }
      let token = rest.dropFirst().drop { $0 == " " }
      return token.isEmpty ? nil : String(token)
    }
    return nil
  }

  // MARK: Deciding

  private func key(_ id: String, token: String?) async throws -> [UInt8] {
    let holders = try account.holders(ofKey: id)
    guard !holders.isEmpty else {
      throw KeyError(.notFound, "NotFound", "no locator has the content key \(id)")
    }
    let due = holders.filter(\.isDue)
    guard !due.isEmpty else {
      throw KeyError(
        .forbidden, "Forbidden", "no locator with the content key \(id) is being served at this time")
    }
    for holder in due {
      do throws(TokenRefusal) { try await check(holder, keyID: id, token: token) } catch {
        throw KeyError(error)
      }
    }
    guard let value = due[0].value, due.allSatisfy({ $0.value == value }) else {
      throw KeyError(
        .conflict, "UnusableKey",
        due.contains { $0.value == nil }
          ? "the value of content key \(id) is not 16 bytes in base64, so no player can use it: delete its locator and"
            + " make it again with another key"
          : "locators hold different values for content key \(id): delete those with the wrong one")
    }
    return value
  }

  private func check(_ holder: HeldKey, keyID: String, token: String?) async throws(TokenRefusal) {
    guard let options = holder.options else {
      throw TokenRefusal(.policy, "the content key has no content key policy, so nobody may have it")
    }
    var mildest: TokenRefusal?
    for option in options {
      do throws(TokenRefusal) { return try await check(option, keyID: keyID, token: token) } catch {
        if mildest.map({ error.kind.rawValue < $0.kind.rawValue }) ?? true { mildest = error }
      }
    }
    throw mildest ?? TokenRefusal(.policy, "the content key policy has no option, so nobody may have the key")
  }

  private func check(_ option: JSONValue, keyID: String, token: String?) async throws(TokenRefusal) {
    let configuration = Self.word(option["configuration"], "Configuration")
    guard configuration == "ClearKey" else {
      throw TokenRefusal(
        .policy,
        "the content key policy delivers \(configuration) licences; this key server delivers clear keys only,"
          + " and a licence server of that kind must be asked")
    }
    switch Self.word(option["restriction"], "Restriction") {
    case "Open": return
    case "Token":
      let restriction = TokenRestriction(option["restriction"] ?? .null)
      try await restriction.check(token, keyID: keyID, now: account.now())
    case let other:
      throw TokenRefusal(
        .policy, "the content key policy has a restriction '\(other)' that is not understood")
    }
  }

  /// `Open` of `#Microsoft.Media.ContentKeyPolicyOpenRestriction`.
  private static func word(_ value: JSONValue?, _ end: String) -> String {
    let type = value?["@odata.type"]?.stringValue ?? "?"
    let start = "#Microsoft.Media.ContentKeyPolicy"
    guard type.hasPrefix(start), type.hasSuffix(end) else { return type }
    return String(type.dropFirst(start.count).dropLast(end.count))
  }
}

/// Why a key is not delivered, in the media service's shape of errors.
private struct KeyError: Error {
  let status: HTTPResponse.Status
  let code: String
  let message: String

  init(_ status: HTTPResponse.Status, _ code: String, _ message: String) {
    self.status = status
    self.code = code
    self.message = message
  }

  init(_ refusal: TokenRefusal) {
    switch refusal.kind {
    case .claims: self.init(.forbidden, "Forbidden", refusal.message)
    case .token, .missing: self.init(.unauthorized, "Unauthorized", refusal.message)
    case .policy: self.init(.forbidden, "UnsupportedPolicy", refusal.message)
    }
  }

  var response: Response {
    let document: JSONValue = ["error": ["code": .string(code), "message": .string(message)]]
    var response = Response(
      status: status, headers: [.contentType: "application/json"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.compactBytes())))
    if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
    return response
  }
}

/// Lets players in browsers ask, wherever their pages come from.
enum CrossOrigin {
  static func allow(_ response: inout Response) { response.headers[.accessControlAllowOrigin] = "*" }

  static func preflight() -> Response {
    var response = Response(status: .noContent)
    allow(&response)
    response.headers[.accessControlAllowMethods] = "GET, HEAD, OPTIONS"
    response.headers[.accessControlAllowHeaders] = "Authorization, Range"
    response.headers[.accessControlMaxAge] = "86400"
    return response
  }
}
