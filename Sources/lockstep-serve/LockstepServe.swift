import ArgumentParser
import CanonicalJSON
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
    discussion: """
      Says where it listens on standard output once it answers, and writes a line for each request to standard error. \
      Ends on SIGTERM or SIGINT, after the requests that it has begun.
      """,
    version: "0.1.0")

  @Option(name: [.customShort("C"), .long], help: "The region repository, or any folder inside it.")
  var region = "."

  @OptionGroup var service: ServiceOptions
  @OptionGroup var identity: AccountOptions

  @Flag(help: "Say where it listens as a JSON document.")
  var json = false

  static func main() async {
    do {
      var command = try parseAsRoot()
      if let serve = command as? LockstepServe { try await serve.run() } else { try command.run() }
    } catch let error as RegionError {
      fail(error.message, error.hint, status: error.code == .refused ? 4 : error.code == .locked ? 11 : 1)
    } catch let error as AccountError {
      fail(error.message, error.hint)
    } catch let error as ContentError {
      fail(error.message, error.hint)
    } catch {
      exit(withError: error)
    }
  }

  /// Says what went wrong and ends the program, with an exit code as `lockstep` has them.
  private static func fail(_ message: String, _ hint: String?, status: Int32 = 1) -> Never {
    Output.say("error: \(message)")
    if let hint { Output.say("hint: \(hint)") }
    #if canImport(Glibc)
      Glibc.exit(status)
    #else
      Darwin.exit(status)
    #endif
  }

  func run() async throws {
    LoggingSystem.bootstrap(AccessLines.init)
    let region = try RegionRepository.open(at: region)
    guard case .folder(let path) = try region.accountLocation() else {
      throw AccountError(
        .unsupported,
        "the live account of region \(region.name), \(try region.accountLocation()), is no folder",
        hint: "serve a region whose account is a folder")
    }
    var chosen = try service.settings()
    identity.apply(to: &chosen, storage: try storageAccounts(of: region))
    let settings = chosen
    let stateFolder = try region.stateFolder()
    let served = ServedRegion(
      name: region.name, account: try FolderAccount.open(path, now: { Int64(time(nil)) }),
      lockPath: stateFolder + "/lock",
      isApplyOpen: { ApplyJournal.isOpen(inStateFolder: stateFolder) }, place: region.place,
      patience: .milliseconds(Int64(service.lockSeconds * 1_000)))
    let scheme = settings.tls == nil ? "http" : "https"
    let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
    let endpoint = Endpoint(served, settings: settings, logger: Logger(label: "lockstep-serve"))
    let (name, isJSON) = (region.name.text, json)
    let account = settings.accountName ?? name
    do {
      try await endpoint.run { port in
        let url = "\(scheme)://\(host):\(port)"
        if isJSON {
          let document: JSONValue = [
            "account": .string(account), "region": .string(name), "url": .string(url), "version": 1,
          ]
          Output.print(String(decoding: document.compactBytes(), as: UTF8.self))
        } else {
          Output.print("\(url) serves region \(name) as the account \(account)")
        }
      }
    } catch let error as AccountError {
      throw error
    } catch {
      throw AccountError(.io, "cannot serve at \(host):\(settings.port): \(error)")
    }
  }

  /// The storage accounts that assets may name: those of the region's bindings, `storage.main` first.
  private func storageAccounts(of region: RegionRepository) throws -> [String] {
    guard let head = try region.head() else { return [] }
    let bindings = try region.document(at: head).bindings.values.filter { $0.key.hasPrefix("storage.") }
    var names: [String] = []
    let symbols = bindings.keys.sorted().sorted { a, _ in a == "storage.main" }
    for name in symbols.compactMap({ bindings[$0] }) where !names.contains(name) { names.append(name) }
    return names
  }
}
