import RegionRepository

/// The servers of one backend, as a running HAProxy describes them.
///
/// From two commands: `show stat BACKEND 4 -1` (which are backups, and whether probes succeed) and `show servers state
/// BACKEND` (what was commanded, as bits; source: HAProxy's management guide, 9.3, and its `srv_admin_state` flags).
struct HAProxyServers {
  /// One server.
  struct Server: Equatable {
    let name: String
    let isBackup: Bool
    /// What was commanded.
    let command: Command
    let health: TrafficHealth
  }

  /// The state that a server was put into.
  enum Command: String { case ready, drain, maint }

  /// In the order of the configuration.
  let servers: [Server]

  /// - Throws: `TrafficError` (`.unusable`) where the answers are not of the known form.
  init(statistics: String, states: String, of backend: String, at socket: HAProxySocket) throws(TrafficError)
  {
    let commands = try Self.commands(states, of: backend, at: socket)
    let rows = statistics.split(separator: "\n").map { line in
      line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
    guard let header = rows.first, header.first == "# pxname",
      let name = header.firstIndex(of: "svname"), let status = header.firstIndex(of: "status"),
      let backup = header.firstIndex(of: "bck")
    else { throw Self.unknown(statistics, "show stat", backend, socket) }
    var servers: [Server] = []
    for row in rows.dropFirst() where row.count > max(name, status, backup) && row[0] == backend {
      guard let command = commands[row[name]] else { continue }
      servers.append(
        Server(
          name: row[name], isBackup: row[backup] == "1", command: command,
          health: Self.health(row[status], command: command)))
    }
    self.servers = servers
  }

  /// `UP`, `UP 1/3`, `DOWN`, `NOLB`, `MAINT`, `MAINT (resolution)`, `DRAIN`, `no check`.
  private static func health(_ status: String, command: Command) -> TrafficHealth {
    if status.hasPrefix("UP") { return .up }
    if status.hasPrefix("DOWN") || status.hasPrefix("NOLB") { return .down }
    if status.hasPrefix("MAINT") { return command == .maint ? .unknown : .down }
    return .unknown
  }

  private static func commands(
    _ text: String, of backend: String, at socket: HAProxySocket
  ) throws(TrafficError) -> [String: Command] {
    let rows = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
    guard rows.first == ["1"], rows.count > 1,
      let name = rows[1].firstIndex(of: "srv_name"), let state = rows[1].firstIndex(of: "srv_admin_state")
    else { throw unknown(text, "show servers state", backend, socket) }
    var commands: [String: Command] = [:]
    for row in rows.dropFirst(2) {
      // The header's own '#' is a column more.
      guard row.count >= rows[1].count - 1, let bits = UInt32(row[state - 1]) else { continue }
      let isMaintained = bits & 0x01 != 0 || bits & 0x02 != 0
      commands[row[name - 1]] = isMaintained ? .maint : bits & 0x18 != 0 ? .drain : .ready
    }
    return commands
  }

  private static func unknown(
    _ answer: String, _ command: String, _ backend: String, _ socket: HAProxySocket
  ) -> TrafficError {
    let line = answer.split(separator: "\n").first.map(String.init) ?? "nothing"
    return TrafficError(
      .unusable, "HAProxy \(socket) answers '\(command)' for backend \(backend) with: \(line.prefix(200))",
      hint: "load what the fleet asks for: lockstep traffic render --provider haproxy \(socket.option)")
  }

  /// What each region is to players.
  ///
  /// Where no ordinary server is in use, HAProxy sends players to the first of the backups that are.
  func regions(of fleet: [RegionName]) -> [RegionName: RegionTraffic] {
    let isOrdinaryOn = servers.contains { $0.command == .ready && !$0.isBackup }
    var isTaken = isOrdinaryOn
    var regions: [RegionName: RegionTraffic] = [:]
    for server in servers {
      guard let name = RegionName(server.name), fleet.contains(name) else { continue }
      let role: TrafficRole
      switch server.command {
      case .maint: role = .off
      case .drain: role = .draining
      case .ready where !server.isBackup: role = .active
      case .ready:
        role = isTaken ? .backup : .active
        isTaken = true
      }
      regions[name] = RegionTraffic(
        role: role, health: server.health, isBackupByConfiguration: server.isBackup)
    }
    return regions
  }
}
