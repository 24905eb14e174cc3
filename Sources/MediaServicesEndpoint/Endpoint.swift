import HTTPTypes
import Hummingbird
import HummingbirdTLS
package import Logging

/// The REST API of a media service, served over a folder account.
///
/// Rooms within this one: `Management` (resources), `Containers` (encoded files, as Blob REST), `Keys` (content keys).
package struct Endpoint: Sendable {
  private let region: ServedRegion
  private let settings: EndpointSettings
  private let logger: Logger

  package init(_ region: ServedRegion, settings: EndpointSettings, logger: Logger) {
    self.region = region
    self.settings = settings
    self.logger = logger
  }

  /// Serves until the process is asked to end.
  /// - Parameter isReady: called with the port once requests are answered.
  package func run(isReady: @escaping @Sendable (_ port: Int) async -> Void) async throws {
    let application = Application(
      router: router(),
      configuration: .init(
        address: .hostname(settings.host, port: settings.port), serverName: "lockstep-serve"),
      onServerRunning: { channel in await isReady(channel.localAddress?.port ?? 0) },
      logger: logger)
    try await application.runService()
  }

  private func router() -> Router<BasicRequestContext> {
    let router = Router(context: BasicRequestContext.self)
    router.get("/health") { _, _ in HTTPResponse.Status.ok }
    return router
  }
}
