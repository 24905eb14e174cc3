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
  static func open(for region: RegionRepository) throws -> any LiveAccount {
    switch try region.accountLocation() {
    case .folder(let path):
      try FolderAccount.open(
        path, now: now, git: "git -C \(region.shellPlace)", cancellation: Interruption.cancellation)
    case .mediaServices(let url):
      try mediaServices(
        MediaServicesSettings(url: url, entries: region.git.configEntries(matching: "lockstep.")),
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
