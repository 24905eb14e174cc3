import ArgumentParser
import Git
import RegionRepository
import Replay

extension FleetCommand {
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
      let name = try RegionName(checking: name)
      let place = try FleetCommand.place(repository, of: name)
      try FleetCommand.edit(region, output, moved: (name, place), founding: true) { fleet, _ in
        fleet.setRepository(place, of: name)
        if let apply { try fleet.setAppliesAfterMirror(apply == .afterMirror, of: name) }
        return (
          "Fleet: region \(name) is at \(place.filter { !$0.isNewline })",
          "region \(name) is in the fleet; its primary is \(fleet.primary)"
        )
      }
    }
  }

  /// `lockstep fleet set NAME`.
  struct SetOptions: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Say where a region is, where it serves, and how the fleet treats it.")
    @Argument(help: "The region's name.")
    var name: String
    @Option(help: applyHelp)
    var apply: ApplyWish?
    @Option(help: "Where its repository is: a folder on this machine, or a URL.")
    var repository: String?
    @Option(help: ArgumentHelp("The URL at which its origin is reached directly.", valueName: "URL|none"))
    var origin: Target?
    @Option(
      help: ArgumentHelp("The URL at which its key delivery is reached directly.", valueName: "URL|none"))
    var keyDelivery: Target?
    @OptionGroup var region: RegionOptions
    @OptionGroup var output: OutputOptions

    /// A URL, or the wish that there be none.
    struct Target: ExpressibleByArgument {
      let url: URLText?

      init?(argument: String) {
        url = URLText(argument)
        if url == nil, argument != "none" { return nil }
      }
    }

    func validate() throws {
      if apply == nil, repository == nil, origin == nil, keyDelivery == nil {
        throw ValidationError("Say what to set: --apply, --repository, --origin or --key-delivery.")
      }
    }

    func run() async throws {
      let name = try RegionName(checking: name)
      let place = try repository.map { try FleetCommand.place($0, of: name) }
      try FleetCommand.edit(region, output, moved: place.map { (name, $0) }) { fleet, own in
        guard fleet.regions.contains(where: { $0.name == name }) else {
          throw RegionError(
            .unknownResource, "region \(name) is not in the fleet",
            hint: "lockstep fleet -C \(own.shellPlace)")
        }
        var words: [String] = []
        if let place {
          fleet.setRepository(place, of: name)
          words.append("is at \(place.filter { !$0.isNewline })")
        }
        for (service, target) in [(Fleet.Service.origin, origin), (.keyDelivery, keyDelivery)] {
          guard let target else { continue }
          try fleet.setTarget(target.url, of: service, in: name)
          words.append(target.url.map { "serves \(service.words) at \($0)" } ?? "serves no \(service.words)")
        }
        if let apply {
          try fleet.setAppliesAfterMirror(apply == .afterMirror, of: name)
          words.append("is applied \(apply.rawValue)")
        }
        let sentence = "region \(name) " + words.joined(separator: ", ")
        return ("Fleet: " + sentence, sentence)
      }
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
      let name = try RegionName(checking: name)
      try FleetCommand.edit(region, output, moved: (name, nil)) { fleet, _ in
        try fleet.remove(name)
        return (
          "Fleet: take out region \(name)",
          "region \(name) is out of the fleet; its repository and account stay as they are"
        )
      }
    }
  }

  /// Where a region is: a folder that is this very region, or a URL.
  private static func place(_ repository: String, of name: RegionName) throws -> String {
    switch try MirrorSource.named(repository) {
    case .url(let url): return url
    case .local(let peer):
      guard peer.name == name else {
        throw RegionError(
          .wrongRegion, "\(peer.place) is region \(peer.name), not \(name)",
          hint: "lockstep fleet add \(peer.name) \(peer.shellPlace)")
      }
      return peer.place
    }
  }
}
