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
    let blobs = try BlobService(region, access: ContainerAccess(region), logger: logger)
    try await sweep(blobs)
    let application = Application(
      router: router(blobs),
      configuration: .init(
        address: .hostname(settings.host, port: settings.port), serverName: "lockstep-serve"),
      onServerRunning: { channel in await isReady(channel.localAddress?.port ?? 0) },
      logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while true {
          try await Task.sleep(for: .seconds(24 * 3_600))
          try await sweep(blobs)
        }
      }
      try await application.runService()
      group.cancelAll()
    }
  }

  /// Keeps house; where another program works on the region for long, the next time will do.
  private func sweep(_ blobs: BlobService) async throws {
    do { try await blobs.sweep() } catch is CancellationError { throw CancellationError() } catch {
      logger.warning("what nobody needs any more could not be taken away: \(error)")
    }
  }

  private func router(_ blobs: BlobService) -> Router<BasicRequestContext> {
    let router = Router(context: BasicRequestContext.self)
    router.get("/health") { _, _ in HTTPResponse.Status.ok }
    KeyServer(region.account, logger: logger).add(to: router)
    blobs.add(to: router, besides: PublishedFiles(region.account, logger: logger))
    return router
  }
}
