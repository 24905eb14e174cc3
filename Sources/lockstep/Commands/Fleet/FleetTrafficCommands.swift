import ArgumentParser
import RegionRepository

extension FleetCommand {
  /// `lockstep fleet traffic SERVICE`.
  struct Traffic: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "traffic", abstract: "Say by which host name players come to a service.",
      discussion: """
        A service is origin (manifests and segments) or key-delivery. Options that are not given stay as they are. Who \
        carries the traffic, and with what credentials, stands in git's configuration.
        """)
    @Argument(help: "The service.")
    var service: Fleet.Service
    @Option(help: "The name of the host by which players come in.")
    var hostName: String?
    @Option(
      help: ArgumentHelp(
        "What stands between the host's name and the locator's or the key's id (/).", valueName: "/path/"))
    var path: String?
    @Option(
      help: ArgumentHelp(
        "What a load balancer asks; a server that can serve answers 200.", valueName: "/path"))
    var probePath: String?
    @Option(help: ArgumentHelp("How often it asks.", valueName: "seconds"))
    var probeInterval: Int?
    @Option(help: ArgumentHelp("How long an answer may take.", valueName: "seconds"))
    var probeTimeout: Int?
    @Option(help: ArgumentHelp("After how many failures a region counts as unable.", valueName: "count"))
    var probeFailures: Int?
    @Flag(help: "Take the service out.")
    var remove = false
    @OptionGroup var region: RegionOptions
    @OptionGroup var output: OutputOptions

    private var isSaid: Bool {
      [hostName, path, probePath].contains { $0 != nil }
        || [probeInterval, probeTimeout, probeFailures].contains { $0 != nil }
    }

    func validate() throws {
      if remove == isSaid { throw ValidationError("Say what to set (--host-name …), or --remove.") }
    }

    func run() async throws {
      try FleetCommand.edit(region, output) { fleet, own in
        if remove {
          try fleet.setTraffic(nil, of: service)
          return ("Fleet: no traffic for \(service.words)", "no traffic is described for \(service.words)")
        }
        let old = fleet.traffic(of: service)
        guard let hostName = hostName ?? old?.hostName, let probed = probePath ?? old?.probe.path else {
          throw RegionError(
            .badDocument,
            "\(service.words) is not described yet: its host name and what is probed are wanted",
            hint:
              "lockstep fleet traffic \(service.argument) --host-name NAME --probe-path /PATH -C \(own.shellPlace)"
          )
        }
        let entry = Fleet.TrafficEntry(
          hostName: hostName, path: path ?? old?.path ?? "/",
          probe: Fleet.Probe(
            path: probed, failures: probeFailures ?? old?.probe.failures,
            intervalSeconds: probeInterval ?? old?.probe.intervalSeconds,
            timeoutSeconds: probeTimeout ?? old?.probe.timeoutSeconds))
        try fleet.setTraffic(entry, of: service)
        let sentence = "players come to \(service.words) by \(entry.hostName)\(entry.path)"
        return ("Fleet: " + sentence, sentence)
      }
    }
  }

  /// `lockstep fleet fence strict|off`.
  struct FenceOption: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "fence",
      abstract: "Say whether a primary takes changes while it cannot ask a peer for its epoch.",
      discussion: """
        off: it does, and says that it is unfenced. strict: it refuses pushes and applies then, and keeps captures aside.
        """)
    @Argument(help: "strict or off.")
    var fence: Strictness
    @OptionGroup var region: RegionOptions
    @OptionGroup var output: OutputOptions

    /// Whether a peer that cannot be asked stops a primary.
    enum Strictness: String, ExpressibleByArgument, CaseIterable {
      case strict, off
    }

    func run() async throws {
      try FleetCommand.edit(region, output) { fleet, _ in
        fleet.setFenceStrict(fence == .strict)
        return ("Fleet: fence \(fence.rawValue)", "the fence is \(fence.rawValue)")
      }
    }
  }
}
