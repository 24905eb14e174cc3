import HTTPTypes
import Hummingbird
import Logging

/// Writes a line for each request: method, path, status, milliseconds.
///
/// Never the query, which may hold a signature or a token, nor a header or a body.
struct AccessLog<Context: RequestContext>: RouterMiddleware {
  let logger: Logger

  func handle(
    _ request: Request, context: Context, next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    let clock = ContinuousClock()
    let start = clock.now
    func note(_ status: Int) {
      let spent = start.duration(to: clock.now).components
      let milliseconds = spent.seconds * 1_000 + spent.attoseconds / 1_000_000_000_000_000
      logger.info("\(request.method.rawValue) \(request.uri.path) \(status) \(milliseconds) ms")
    }
    do {
      let response = try await next(request, context)
      note(response.status.code)
      return response
    } catch {
      note((error as? any HTTPResponseError)?.status.code ?? 500)
      throw error
    }
  }
}
