import ArgumentParser
import CanonicalJSON
import Git
import LiveAccount
import RegionRepository
import Replay

/// `lockstep fleet`: the regions that belong together.
struct FleetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fleet", abstract: "Show and edit the regions that belong together.",
    subcommands: [List.self, Add.self, SetOptions.self, Remove.self], defaultSubcommand: List.self)

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
    @Option(help: applyHelp)
    var apply: ApplyWish?
    @OptionGroup var region: RegionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let own = try region.open()
      let name = try RegionName(checking: name)
      let place = try place(of: name)
      let lock = try own.lock(for: "lockstep fleet")
      defer { withExtendedLifetime(lock) {} }
      var fleet =
        try own.fleet() ?? Fleet(primary: own.name, repository: own.place, epochID: Random.guid())
      try FleetCommand.requirePrimary(own, of: fleet)
      let former = try own.git.configValue(RegionConfiguration.peerRepository(name))
      fleet.setRepository(place, of: name)
      if let apply { try fleet.setAppliesAfterMirror(apply == .afterMirror, of: name) }
      try own.commit(fleet, message: "Fleet: region \(name) is at \(place.filter { !$0.isNewline })")
      if name != own.name { try own.git.setConfigValue(RegionConfiguration.peerRepository(name), place) }
      try FleetCommand.tellOthers(of: name, at: place, formerly: former, own, fleet)
      try FleetCommand.tell(
        fleet, "region \(name) is in the fleet; its primary is \(fleet.primary)",
        json: output.json)
    }

    /// Where the region is: a folder that is this very region, or a URL.
    private func place(of name: RegionName) throws -> String {
      switch try MirrorSource.named(repository) {
      case .url(let url): return url
      case .local(let peer):
        guard peer.name == name else {
          throw RegionError(
            .wrongRegion, "\(peer.place) is region \(peer.name), not \(name)",
            hint: "lockstep fleet add \(peer.name) \(peer.place)")
        }
        return peer.place
      }
    }
  }

  /// When a region's account follows its repository.
  enum ApplyWish: String, ExpressibleByArgument, CaseIterable {
    /// By itself, after each push and each mirror.
    case afterMirror = "after-mirror"
    /// When somebody runs `lockstep apply`.
    case byHand = "by-hand"
  }

  private static let applyHelp = ArgumentHelp(
    "Whether the region's account follows by itself what was pushed and mirrored.",
    valueName: "after-mirror|by-hand")

  /// `lockstep fleet set NAME`.
  struct SetOptions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Say how the fleet treats a region.")
    @Argument(help: "The region's name.")
    var name: String
    @Option(help: applyHelp)
    var apply: ApplyWish
    @OptionGroup var region: RegionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let own = try region.open()
      let name = try RegionName(checking: name)
      let lock = try own.lock(for: "lockstep fleet")
      defer { withExtendedLifetime(lock) {} }
      guard var fleet = try own.fleet(), fleet.regions.contains(where: { $0.name == name }) else {
        throw RegionError(.unknownResource, "region \(name) is not in the fleet", hint: "lockstep fleet list")
      }
      try FleetCommand.requirePrimary(own, of: fleet)
      guard fleet.appliesAfterMirror(name) != (apply == .afterMirror) else {
        return try FleetCommand.tell(
          fleet, "region \(name) is applied \(apply.rawValue) already", json: output.json)
      }
      try fleet.setAppliesAfterMirror(apply == .afterMirror, of: name)
      try own.commit(fleet, message: "Fleet: region \(name) is applied \(apply.rawValue)")
      try FleetCommand.tell(fleet, "region \(name) is applied \(apply.rawValue)", json: output.json)
    }
  }

  /// `lockstep fleet remove NAME`.
  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take a region out of the fleet.")
    @Argument(help: "The region's name.")
    var name: String
    @OptionGroup var region: RegionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let own = try region.open()
      let name = try RegionName(checking: name)
      let lock = try own.lock(for: "lockstep fleet")
      defer { withExtendedLifetime(lock) {} }
      guard var fleet = try own.fleet() else {
        throw RegionError(.badConfiguration, "region \(own.name) is in no fleet")
      }
      try FleetCommand.requirePrimary(own, of: fleet)
      let former = try own.git.configValue(RegionConfiguration.peerRepository(name))
      try fleet.remove(name)
      try own.commit(fleet, message: "Fleet: take out region \(name)")
      try own.git.setConfigValue(RegionConfiguration.peerRepository(name), nil)
      try FleetCommand.tellOthers(of: name, at: nil, formerly: former, own, fleet)
      try FleetCommand.tell(
        fleet, "region \(name) is out of the fleet; its repository and account stay as they are",
        json: output.json)
    }
  }

  /// A standby's own commits would make it an edited target.
  private static func requirePrimary(_ region: RegionRepository, of fleet: Fleet) throws {
    guard fleet.primary != region.name else { return }
    let primary = fleet.primary
    let place = fleet.regions.first { $0.name == primary }?.repository ?? primary.text
    throw RegionError(
      .refused, "the fleet is changed in its primary, \(primary), and not in \(region.name)",
      hint: "run the same there: -C \(ShellWord.quoted(place))")
  }

  /// Tells the other regions on this machine how a region is reached, and that region how they are.
  ///
  /// Only ways of this region's configuration are handed on: what the fleet's document says may have come by a push.
  private static func tellOthers(
    of name: RegionName, at place: String?, formerly former: String?, _ own: RegionRepository, _ fleet: Fleet
  ) throws {
    let members = Set(fleet.regions.map(\.name))
    var others = try RegionConfiguration.peers(of: own.git).filter { members.contains($0.key) }
    others[own.name] = own.place
    others[name] = nil
    let telling = RegionConfiguration.tell(of: name, at: place, formerly: former, among: others)
    for (region, reason) in telling.failures {
      Terminal.say("warning: the configuration of region \(region) could not be changed: \(reason)")
    }
  }

  private static func tell(_ fleet: Fleet, _ words: String, json: Bool) throws {
    if json {
      Terminal.print(["fleet": try JSONValue.parse(fleet.canonicalBytes()), "version": 1])
    } else {
      Terminal.say(words)
    }
  }
}
