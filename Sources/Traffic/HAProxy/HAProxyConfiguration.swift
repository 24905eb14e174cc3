import RegionRepository

/// The configuration that a fleet asks of HAProxy (2.4 or newer): a backend for each service with a server for each region.
///
/// Players are told apart by host name, and by path where both services share one. The primary's server is the ordinary one,
/// the others are backups. A player whose region goes down has its connection closed and its request sent to the next.
struct HAProxyConfiguration {
  private(set) var text = ""
  private let provider: HAProxyProvider

  init(_ fleet: Fleet, _ provider: HAProxyProvider) throws(TrafficError) {
    self.provider = provider
    let services = try fleet.servicesWithTraffic()
    let targets = services.flatMap { fleet.targets(of: $0.service) }.map(\.target)
    let needsNames = targets.contains { !$0.isAddress }
    head(fleet, needsNames: needsNames)
    let isShared = Set(services.map { provider.binds[$0.service] }).count == 1
    if isShared {
      frontend("players", bind: provider.binds[.origin] ?? "", services)
    } else {
      for item in services {
        let backend = provider.backends[item.service] ?? ""
        frontend("players-\(backend)", bind: provider.binds[item.service] ?? "", [item])
      }
    }
    for (service, entry) in services {
      backend(service, entry, fleet.targets(of: service), primary: fleet.primary, needsNames: needsNames)
    }
  }

  private mutating func say(_ lines: String...) { for line in lines { text += line + "\n" } }

  private mutating func head(_ fleet: Fleet, needsNames: Bool) {
    say(
      "# What the fleet asks of HAProxy: epoch \(fleet.epoch.number), primary \(fleet.primary).",
      "# Made by 'lockstep traffic render'; render again when the fleet's regions, hosts, probes or primary change."
    )
    if provider.stateFiles.isEmpty {
      say(
        "# A reload or restart forgets what 'lockstep traffic move' commanded and begins with what stands here. To keep it:",
        "# git config \(TrafficSettings.haproxyStateFile) /var/lib/haproxy/lockstep.state, and render again.")
    } else {
      say(
        "# What 'lockstep traffic move' commanded is kept in the state file after each move, and survives reload and restart."
      )
    }
    say("", "global")
    if let socket = provider.sockets.first {
      say("  stats socket \(socket.text.hasPrefix("/") ? "" : "ipv4@")\(socket.text) mode 660 level admin")
    }
    if let file = provider.stateFiles.first { say("  server-state-file \(file)") }
    say("", "defaults", "  mode http", "  timeout connect 2s", "  timeout client 60s", "  timeout server 60s")
    say("  timeout http-request 10s", "  timeout http-keep-alive 60s", "  timeout queue 5s")
    if !provider.stateFiles.isEmpty { say("  load-server-state-from-file global") }
    // A request whose region dies before it has answered goes to another one, within the same connection of the player.
    say("  option redispatch 1", "  retries 2", "  retry-on conn-failure empty-response response-timeout")
    if needsNames {
      // A region whose name nobody knows just now must not keep HAProxy from starting.
      say("", "resolvers system", "  parse-resolv-conf", "  hold valid 10s")
    }
  }

  private mutating func frontend(
    _ name: String, bind: String, _ services: [(service: Fleet.Service, entry: Fleet.TrafficEntry)]
  ) {
    say("", "frontend \(name)", "  bind \(bind)")
    let isSharedHost = services.count == 2 && services[0].entry.hostName == services[1].entry.hostName
    for (service, entry) in services {
      let acl = "is-\(provider.backends[service] ?? "")"
      say("  acl \(acl) hdr(host),field(1,:) -i \(entry.hostName)")
    }
    say("  http-request disable-l7-retry unless METH_GET")
    // Who asks for something else gets no region.
    let known = services.map { "!is-\(provider.backends[$0.service] ?? "")" }.joined(separator: " ")
    say("  http-request deny deny_status 404 if \(known)")
    // The longer path first: one may lie beneath the other.
    for (service, entry) in services.sorted(by: { $0.entry.path.utf8.count > $1.entry.path.utf8.count }) {
      let name = provider.backends[service] ?? ""
      say("  use_backend \(name) if is-\(name)\(isSharedHost ? " { path_beg \(entry.path) }" : "")")
    }
  }

  private mutating func backend(
    _ service: Fleet.Service, _ entry: Fleet.TrafficEntry,
    _ targets: [(region: RegionName, target: URLText)], primary: RegionName, needsNames: Bool
  ) {
    let probe = entry.probe
    say("", "backend \(provider.backends[service] ?? "")", "  option httpchk")
    say("  http-check send meth GET uri \(probe.path) ver HTTP/1.1 hdr Host \(entry.hostName)")
    say("  http-check expect status 200", "  timeout check \(probe.timeoutSeconds ?? 2)s")
    let interval = probe.intervalSeconds ?? 2
    let names = needsNames ? " init-addr last,libc,none resolvers system" : ""
    say(
      "  default-server check inter \(interval)s fastinter \(min(interval, 1))s downinter \(interval)s"
        + " fall \(probe.failures ?? 3) rise 2 on-marked-down shutdown-sessions\(names)")
    for (region, target) in targets {
      var line = "  server \(region) \(target.host):\(target.port)"
      if target.isEncrypted {
        line += " ssl verify required ca-file \(provider.certificateAuthorities)"
        if !target.isAddress {
          line += " sni str(\(target.host)) verifyhost \(target.host) check-sni \(target.host)"
        }
      }
      if region != primary { line += " backup" }
      say(line)
    }
  }
}

extension URLText {
  /// Whether the host is an address and not a name.
  var isAddress: Bool {
    host.hasPrefix("[")
      || host.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { UInt8($0) != nil }
  }
}
