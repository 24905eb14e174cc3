import HTTPTypes
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import LiveAccount
package import Logging
import NIOCore
import NIOSSL

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The REST API of a media service, served over a folder account.
///
/// Rooms within this one: `Management` (resources), `Containers` (encoded files, as Blob REST), `Keys` (content keys).
package struct Endpoint: Sendable {
  private let region: ServedRegion
  private let settings: EndpointSettings
  private let logger: Logger

  /// - Parameter logger: takes the access log and what goes wrong inside.
  package init(_ region: ServedRegion, settings: EndpointSettings, logger: Logger) {
    self.region = region
    self.settings = settings
    self.logger = logger
  }

  /// Serves until the process is asked to end.
  /// - Parameter isReady: called with the port once requests are answered.
  /// - Throws: `AccountError` (`.invalid`, `.io`) for files of TLS that do not serve, and an address that cannot be had.
  package func run(isReady: @escaping @Sendable (_ port: Int) async -> Void) async throws {
    let containers = try ContainerAccess(region)
    let blobs = try BlobService(
      region, access: containers, isEncrypted: settings.tls != nil, logger: logger)
    var quiet = logger
    quiet.logLevel = .warning
    let application = Application(
      router: router(blobs, containers), server: try server(),
      configuration: .init(
        address: .hostname(settings.host, port: settings.port), serverName: "lockstep-serve"),
      onServerRunning: { channel in await isReady(channel.localAddress?.port ?? 0) },
      logger: quiet)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while true {
          try await sweep(blobs)
          try await Task.sleep(for: .seconds(24 * 3_600))
        }
      }
      group.addTask { [region, logger] in try await Timekeeper(region, logger: logger).run() }
      do { try await application.runService() } catch let error as IOError {
        throw AccountError(
          .io,
          "cannot listen at \(settings.host):\(settings.port): \(String(cString: strerror(error.errnoCode)))",
          hint: "choose another address or port with --listen")
      }
      group.cancelAll()
    }
  }

  private func server() throws -> HTTPServerBuilder {
    guard let tls = settings.tls else { return .http1() }
    func unusable(_ problem: String, _ hint: String) -> AccountError {
      AccountError(.invalid, problem, hint: hint)
    }
    guard let chain = try? NIOSSLCertificate.fromPEMFile(tls.certificate), !chain.isEmpty else {
      throw unusable(
        "\(tls.certificate) holds no certificate in PEM",
        "openssl x509 -noout -subject -in \(tls.certificate)")
    }
    guard let key = try? NIOSSLPrivateKey(file: tls.key, format: .pem) else {
      throw unusable(
        "\(tls.key) holds no private key in PEM without a passphrase",
        "openssl pkey -noout -text -in \(tls.key)")
    }
    let configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    // The server makes it late, and says what is wrong in no words.
    do { _ = try NIOSSLContext(configuration: configuration) } catch {
      throw unusable(
        "the private key in \(tls.key) is not that of the first certificate in \(tls.certificate)",
        "name the key that the certificate was made with, the server's certificate first in its file")
    }
    return try .tls(tlsConfiguration: configuration)
  }

  /// Keeps house; where another program works on the region for long, the next time will do.
  private func sweep(_ blobs: BlobService) async throws {
    do { try await blobs.sweep() } catch is CancellationError { throw CancellationError() } catch {
      logger.warning("what nobody needs any more could not be taken away: \(error)")
    }
  }

  private func router(_ blobs: BlobService, _ containers: ContainerAccess) -> Router<BasicRequestContext> {
    let router = Router(context: BasicRequestContext.self)
    let account = ManagedAccount(
      region: region, containers: containers, settings: settings, now: Self.now)
    router.add(middleware: AccessLog<BasicRequestContext>(logger: logger))
    router.add(middleware: Management<BasicRequestContext>(account: account, logger: logger))
    router.get("/health") { _, _ in HTTPResponse.Status.ok }
    KeyServer(region.account, logger: logger).add(to: router)
    blobs.add(to: router, besides: PublishedFiles(region.account, logger: logger))
    return router
  }

  /// Nanoseconds since 1970.
  private static let now: @Sendable () -> Int64 = {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}
