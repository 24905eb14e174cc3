import ArgumentParser
import FolderAccount
import Git
import HTTP
import LiveAccount
import MediaServicesAccount
import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `-C REGION`: which region repository a command works on.
struct RegionOptions: ParsableArguments {
  @Option(name: [.customShort("C"), .long], help: "The region repository, or any folder inside it.")
  var region = "."

  /// Opens the region repository.
  func open() throws -> RegionRepository { try RegionRepository.open(at: region) }
}

/// `--json`: one document on standard output instead of text.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON document.")
  var json = false
}

/// Opening of live accounts, by the location that a repository's configuration gives.
enum Accounts {
  /// The account of a region.
  /// - Parameter patience: the longest that a service is waited for at once; nil for as long as it takes.
  static func open(for region: RegionRepository, patience: Duration? = nil) throws -> any LiveAccount {
    switch try region.accountLocation() {
    case .folder(let path):
      return try FolderAccount.open(
        path, now: now, git: "git -C \(region.shellPlace)", cancellation: Interruption.cancellation)
    case .mediaServices(let url):
      let settings = try MediaServicesSettings(
        url: url, entries: region.git.configEntries(matching: "lockstep."))
      return try mediaServices(
        patience.map { settings.waiting(atMost: Double($0.components.seconds)) } ?? settings,
        budgetPath: region.stateFolder() + "/budget")
    }
  }

  /// An account behind a REST API.
  static func mediaServices(_ settings: MediaServicesSettings, budgetPath: String?) -> MediaServicesAccount {
    MediaServicesAccount(
      settings: settings,
      transport: HTTPProgram(connections: settings.concurrency, stallSeconds: RESTLimits.attemptSeconds),
      budgetPath: budgetPath, environment: Environment.value, cancellation: Interruption.cancellation
    ) { Terminal.say($0) }
  }

  /// Seconds since 1970.
  static let now: @Sendable () -> Int64 = { Int64(time(nil)) }

  /// The accounts of the peers that can be reached on this machine.
  static func contentSources(
    for region: RegionRepository, proof: ContentProof = .known
  ) throws -> ContentSources {
    var sources: [ContentSources.Source] = []
    var unreachable: [String] = []
    for (name, place) in try RegionConfiguration.peers(of: region.git).sorted(by: { $0.key < $1.key }) {
      if FilePaths.exists(place), let peer = try? RegionRepository.open(at: place), peer.name == name,
        let account = try? open(for: peer)
      {
        sources.append(ContentSources.Source(region: name.text, account: account))
      } else {
        unreachable.append("\(name) (\(place))")
      }
    }
    return ContentSources(sources, unreachable: unreachable, proof: proof)
  }
}
