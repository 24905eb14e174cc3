import HTTP
import LiveAccount

/// Puts a failed request into words: what was asked of whom, why it failed, and what mends it.
struct FailureJudge: Sendable {
  let settings: MediaServicesSettings
  let request: ServiceRequest

  func notSent(_ failure: HTTPFailure) -> ServiceFailure {
    ServiceFailure(
      effect: .refused(status: 0),
      error: AccountError(
        .io, "\(request.what): \(settings.origin) cannot be reached: \(failure.reason)",
        hint: failure.hint ?? "see whether the address is right: git config lockstep.account"))
  }

  func noProgram(_ failure: HTTPFailure) -> ServiceFailure {
    ServiceFailure(
      effect: .refused(status: 0),
      error: AccountError(
        .io, "\(request.what): \(settings.origin) cannot be asked: \(failure.reason)", hint: failure.hint))
  }

  func lost(_ reason: String) -> ServiceFailure {
    ServiceFailure(
      effect: .unknown,
      error: AccountError(
        .io, "\(request.what): no whole answer came from \(settings.origin): \(reason)",
        hint: "run the same command again; it goes on from here"))
  }

  func answered(_ answer: HTTPResponse, _ complaint: ServiceComplaint) -> ServiceFailure {
    let id = answer.header("x-ms-request-id") ?? answer.header("x-request-id")
    let place = id.map { ", request \($0.prefix(80))" } ?? ""
    let message = "\(request.what): \(settings.origin) said \(answer.status) (\(complaint.summary)\(place))"
    return ServiceFailure(
      effect: answer.status >= 500 ? .unknown : .refused(status: answer.status),
      error: AccountError(code(answer.status, complaint), message, hint: hint(answer.status, complaint)),
      code: complaint.code)
  }

  private func code(_ status: Int, _ complaint: ServiceComplaint) -> AccountError.Code {
    switch status {
    case 401, 403: .refused
    case 404: .missing
    case 409: .exists
    case 400 where complaint.speaksOfEncryption: .notEncrypted
    case 400..<500: complaint.speaksOfClash ? .exists : .invalid
    default: .io
    }
  }

  /// A path in the address stands before that of the profile, which may be meant already.
  private var besideBasePath: String {
    settings.basePath.isEmpty
      ? ""
      : "; or the address has a path too many, \(settings.basePath): git config lockstep.account"
        + " media-services:\(settings.origin)"
  }

  /// The collection that the request is for, as the setting `apiVersion` names it.
  private var collection: String {
    let parts = request.url.prefix { $0 != "?" }.split(separator: "/").map(String.init)
    return parts.last { MediaServicesSettings.collections.contains($0.lowercased()) } ?? "assets"
  }

  private func hint(_ status: Int, _ complaint: ServiceComplaint) -> String? {
    switch status {
    case 300..<400:
      return "give the address that does not redirect: git config lockstep.account media-services:URL"
    case 401:
      switch settings.authentication {
      case .token: return "give a new token: \(Setting.tokenFile.key), or \(Setting.tokenEnvironment.key)"
      case .clientCredentials:
        return "look at \(Setting.clientID.key), \(Setting.tenant.key) and the client's secret"
      case .ravnur: return "look at \(Setting.subscription.key) and the API key"
      }
    case 403:
      return "secrets and changes need the role Contributor on the Media Services account" + besideBasePath
    case 404:
      return "look at the account's settings: git config --get-regexp '^lockstep.mediaservices'"
        + besideBasePath
    case 429: return "fewer requests an hour: git config \(Setting.writesPerHour.key) 600"
    case 500...: return "run the same command again; it goes on from here"
    default:
      if complaint.speaksOfVersion {
        return
          "look at \(Setting.apiVersion.key): git config --get-all \(Setting.apiVersion.key); another one for this"
          + " alone: git config --add \(Setting.apiVersion.key) \(collection)=2023-01-01"
      }
      if complaint.speaksOfLimit { return "take away what is not needed any more, or have the limit raised" }
      guard complaint.speaksOfClash else { return nil }
      let text = complaint.summary.lowercased()
      if text.contains("key id") {
        return "a content key id belongs to one asset of the service, and may stay taken after a deletion:"
          + " take the other locator away, or give this one another key"
      }
      if text.contains("blobstorageuri") || text.contains("container") {
        return
          "a container belongs to one asset: give this one another container in the bindings of the region"
      }
      return nil
    }
  }
}
