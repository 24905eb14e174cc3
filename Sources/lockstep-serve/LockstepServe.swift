import ArgumentParser
import FolderAccount
import LiveAccount
import Logging
import MediaServicesEndpoint
import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `lockstep serve`: an executable of its own, so that nothing else links a web server.
@main
struct LockstepServe: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lockstep serve",
    abstract: "Serve a region's folder account as a media service's REST API.",
    version: "0.1.0")

  @Option(name: [.customShort("C"), .long], help: "The region repository, or any folder inside it.")
  var region = "."

  @Option(help: ArgumentHelp("The port to listen at; 0 for any.", valueName: "port"))
  var port = 0

  func run() async throws {
    let region = try RegionRepository.open(at: region)
    guard case .folder(let path) = try region.accountLocation() else { throw ExitCode(1) }
    let account = try FolderAccount.open(path, now: { Int64(time(nil)) })
    let served = try ServedRegion(
      name: region.name, account: account, lockPath: region.stateFolder() + "/lock")
    let endpoint = Endpoint(
      served, settings: EndpointSettings(port: port), logger: Logger(label: "lockstep.serve"))
    try await endpoint.run { port in print("listening at http://127.0.0.1:\(port)") }
  }
}
