import FolderAccount
import HTTPTypes
import Hummingbird
import Logging

/// The management API: answers every path under `/subscriptions` and `/providers`, whatever the case; others go on.
struct Management<Context: RequestContext>: RouterMiddleware {
  let account: ManagedAccount
  let logger: Logger

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    let first = request.uri.path.split(separator: "/", maxSplits: 1).first?.lowercased()
    guard first == "subscriptions" || first == "providers" else { return try await next(request, context) }
    do {
      if let token = account.settings.token, !token.isBrought(by: request.headers[.authorization]) {
        throw ServiceError(
          .unauthorized, "AuthenticationFailed",
          "Authentication failed. The 'Authorization' header is missing, or its token is not the one of this endpoint."
        )
      }
      let call = try await Call(request, isSecure: account.settings.tls != nil)
      return try await account.answer(call).response
    } catch {
      var problem = ServiceError.explaining(error)
      if problem.status == .internalServerError { logger.error("\(problem.message)") }
      problem.hide(account.account.place)
      return problem.reply.response
    }
  }
}
