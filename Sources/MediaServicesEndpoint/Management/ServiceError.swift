import CanonicalJSON
import HTTPTypes
import LiveAccount
import MediaResources
import RegionRepository

/// A refusal in the service's shape: `{"error":{"code","message","target","details"}}`.
struct ServiceError: Error {
  let status: HTTPResponse.Status
  let code: String
  private(set) var message: String
  var target: String?
  var details: [ServiceError] = []
  /// Seconds after which the caller may try again.
  var retryAfter: Int?

  init(_ status: HTTPResponse.Status, _ code: String, _ message: String, target: String? = nil) {
    self.status = status
    self.code = code
    self.message = message
    self.target = target
  }

  /// What the service says of every resource that is not there.
  static let notFound = ServiceError(.notFound, "NotFound", "The requested resource was not found.")

  static func badRequest(_ message: String, target: String? = nil) -> ServiceError {
    ServiceError(.badRequest, "BadRequest", message, target: target)
  }

  static func conflict(_ message: String) -> ServiceError { ServiceError(.conflict, "Conflict", message) }

  /// A property that cannot have the value it was given.
  static func invalidProperty(_ target: String, _ message: String) -> ServiceError {
    ServiceError(.badRequest, "InvalidPropertyValue", message, target: target)
  }

  /// Everything that is wrong with a resource, the first in front.
  static func invalid(_ findings: [Finding]) -> ServiceError? {
    guard let first = findings.first else { return nil }
    var error = invalidProperty(first.pointer, "\(first.pointer): \(first.message)")
    if findings.count > 1 {
      error.details = findings.map { invalidProperty($0.pointer, "\($0.pointer): \($0.message)") }
    }
    return error
  }

  /// Any error of the rooms below as the service would word it.
  static func explaining(_ error: any Error) -> ServiceError {
    if let error = error as? ServiceError { return error }
    if let error = error as? RegionError, error.code == .locked {
      var busy = ServiceError(.serviceUnavailable, "ServerBusy", sentence(error.message, error.hint))
      busy.retryAfter = 1
      return busy
    }
    let problem = AccountError.explaining(error)
    let text = sentence(problem.message, problem.hint)
    switch problem.code {
    case .exists, .refused, .incomplete, .drifted: return conflict(text)
    case .notEncrypted:
      // The hint names an option of a command that the caller does not have.
      return badRequest(
        sentence(
          problem.message,
          "encode the media with the locator's key, or use a streaming policy without encryption"))
    case .missing, .invalid, .unsupported: return badRequest(text)
    default: return ServiceError(.internalServerError, "InternalServerError", text)
    }
  }

  /// Names the account's folder, `folder:PATH`, as a caller elsewhere may know it: not at all.
  mutating func hide(_ place: String) {
    let path = place.hasPrefix("folder:") ? String(place.dropFirst("folder:".count)) : place
    message = message.replacing(place, with: "the account").replacing(path + "/", with: "")
      .replacing(path, with: "the account")
  }

  private static func sentence(_ message: String, _ hint: String?) -> String {
    hint.map { "\(message); \($0)." } ?? "\(message)."
  }

  private var document: JSONObject {
    var object: JSONObject = ["code": .string(code), "message": .string(message)]
    if let target { object["target"] = .string(target) }
    if !details.isEmpty { object["details"] = .array(details.map { .object($0.document) }) }
    return object
  }

  var reply: Reply {
    var reply = Reply(status, ["error": .object(document)])
    if let retryAfter { reply.headers.append(("Retry-After", String(retryAfter))) }
    return reply
  }
}
