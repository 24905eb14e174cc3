package import Git

/// The `lockstep.*` settings of a region repository's git configuration.
///
/// Where an account is and how peers are reached stands here and never in a tree: who can push must not be able to
/// send anything somewhere else.
package enum RegionConfiguration {
  /// The region that this repository is.
  package static let region = "lockstep.region"
  /// The branch that is the region, by its short name; where none is named, what HEAD names.
  package static let branch = "lockstep.branch"
  /// The live account, as `folder:PATH` or `media-services:URL`.
  package static let account = "lockstep.account"
  /// The key of somebody who may change the fleet and who may open secrets; may be set several times.
  package static let administrator = "lockstep.administrator"

  /// The key that holds the repository (a path or a URL) of a peer.
  package static func peerRepository(_ name: RegionName) -> String { "lockstep.peer-\(name).repository" }

  /// The key that holds the shell command by which a peer on another machine is told to fetch.
  package static func peerNotification(_ name: RegionName) -> String { "lockstep.peer-\(name).notify" }

  /// The key that holds the program's name on the machine of a peer that ssh reaches, as the shell there takes it (`lockstep`).
  package static func peerProgram(_ name: RegionName) -> String { "lockstep.peer-\(name).program" }

  /// How long ssh may take to get to a peer in which a move makes a step (30).
  package static let connectWait = "lockstep.connectWaitSeconds"

  /// How long a primary waits for a peer on another machine to say at which epoch it is (5).
  package static let fenceWait = "lockstep.fenceWaitSeconds"

  /// A setting that is a number of seconds, from 0 to a day.
  /// - Throws: `RegionError` (`.badConfiguration`) for a value that means nothing.
  package static func duration(
    _ key: String, usualSeconds: Double, in repository: Repository
  ) throws -> Duration {
    guard let text = try repository.configValue(key) else { return .seconds(usualSeconds) }
    guard let value = Double(text), (0...86_400).contains(value) else {
      let place = repository.workingDirectory ?? repository.gitDirectory
      throw RegionError(
        .badConfiguration, "\(key) is '\(text)', and must be a number of seconds",
        hint: "git -C \(ShellWord.quoted(place)) config \(key) \(usualSeconds)")
    }
    return .seconds(value)
  }

  /// The peers that this repository knows how to reach, by name.
  /// - Throws: `GitError` when the configuration cannot be read.
  package static func peers(of repository: Repository) throws -> [RegionName: String] {
    var peers: [RegionName: String] = [:]
    for (key, value) in try repository.configEntries(matching: "lockstep.peer-") {
      guard key.hasPrefix("lockstep.peer-"), key.hasSuffix(".repository") else { continue }
      let name = key.dropFirst("lockstep.peer-".count).dropLast(".repository".count)
      if let region = RegionName(String(name)) { peers[region] = value }
    }
    return peers
  }
}
