import ArgumentParser
import CanonicalJSON
import Failover
import Git
import LiveAccount
import RegionRepository

/// `lockstep fleet`: the regions that belong together.
struct FleetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fleet", abstract: "Show and edit the regions that belong together.",
    subcommands: [List.self, Add.self, Remove.self], defaultSubcommand: List.self)

  /// `lockstep fleet list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the fleet's regions.")
    @OptionGroup var region: RegionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let repository = try region.open()
      let fleet = try repository.fleet()
      if output.json {
        let bytes = fleet?.canonicalBytes() ?? Array("null\n".utf8)
        Terminal.print(["fleet": try JSONValue.parse(bytes), "version": 1])
        return
      }
      guard let fleet else {
        Terminal.say(
          "region \(repository.name) is in no fleet yet; begin one: lockstep fleet add NAME REPOSITORY")
        return
      }
      for (name, place) in fleet.regions {
        Terminal.print("\(name)\t\(name == fleet.primary ? "primary" : "standby")\t\(place)")
      }
    }
  }

  /// `lockstep fleet add NAME REPOSITORY`.
  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Add a region, or say where one is now. The first one begins the fleet, with this region as primary.")
    @Argument(help: "The region's name.")
    var name: String
    @Argument(help: "Its repository: a folder on this machine, or a URL.")
    var repository: String
    @OptionGroup var region: RegionOptions

    func run() async throws {
      let own = try region.open()
      let name = try RegionName(checking: name)
      let place = FilePaths.exists(repository) ? FilePaths.absolute(repository) : repository
      if FilePaths.exists(place) {
        let peer = try RegionRepository.open(at: place)
        guard peer.name == name else {
          throw RegionError(.wrongRegion, "\(place) is region \(peer.name), not \(name)")
        }
      }
      let lock = try own.lock(for: "lockstep fleet")
      defer { withExtendedLifetime(lock) {} }
      var fleet =
        try own.fleet() ?? Fleet(primary: own.name, repository: own.place, epochID: Random.guid())
      fleet.setRepository(place, of: name)
      try own.commit(fleet, message: "Fleet: region \(name) is at \(place.filter { !$0.isNewline })")
      if name != own.name { try own.git.setConfigValue(RegionConfiguration.peerRepository(name), place) }
      Terminal.say("region \(name) is in the fleet; its primary is \(fleet.primary?.text ?? "?")")
    }
  }

  /// `lockstep fleet remove NAME`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take a region out of the fleet.")
    @Argument(help: "The region's name.")
    var name: String
    @OptionGroup var region: RegionOptions

    func run() async throws {
      let own = try region.open()
      let name = try RegionName(checking: name)
      let lock = try own.lock(for: "lockstep fleet")
      defer { withExtendedLifetime(lock) {} }
      guard var fleet = try own.fleet() else {
        throw RegionError(.badConfiguration, "region \(own.name) is in no fleet")
      }
      try fleet.remove(name)
      try own.commit(fleet, message: "Fleet: take out region \(name)")
      try own.git.setConfigValue(RegionConfiguration.peerRepository(name), nil)
      Terminal.say("region \(name) is out of the fleet; its repository and account stay as they are")
    }
  }
}
