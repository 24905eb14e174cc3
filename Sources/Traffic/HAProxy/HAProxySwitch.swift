import RegionRepository

/// One backend of one running HAProxy, switched through its runtime socket.
///
/// A region is a server of the region's name. What the configuration names a backup can be the active one only while no
/// ordinary server is on, and an ordinary one can never be a backup: `goal` says what is nearest, and a configuration that
/// is rendered after the fleet's primary has changed gives the rest.
struct HAProxySwitch: TrafficSwitch {
  let service: Fleet.Service
  let backend: String
  let socket: HAProxySocket
  /// Where this HAProxy finds what its servers were when it starts or is reloaded (`server-state-file`), if anywhere.
  let stateFile: String?
  let regions: [RegionName]

  var place: String { "HAProxy \(socket), backend \(backend)" }

  func read() async throws(TrafficError) -> [RegionName: RegionTraffic] {
    try HAProxyServers(
      statistics: socket.ask("show stat \(backend) 4 -1"),
      states: socket.ask("show servers state \(backend)"),
      of: backend, at: socket
    ).regions(of: regions)
  }

  func goal(
    of wish: TrafficWish, from reading: [RegionName: RegionTraffic]
  ) -> (roles: [RegionName: TrafficRole], notes: [String]) {
    let isActiveOrdinary = reading[wish.active]?.isBackupByConfiguration == false
    var notes: [String] = []
    var roles: [RegionName: TrafficRole] = [:]
    for (region, now) in reading.sorted(by: { $0.key < $1.key }) {
      var role = wish.role(of: region)
      if role == .backup, !(isActiveOrdinary && now.isBackupByConfiguration) {
        role = .draining
        notes.append(
          "\(region) cannot be a backup as HAProxy is configured, and is drained instead: once the fleet's primary is"
            + " \(wish.active): lockstep traffic render, reload HAProxy with that, lockstep traffic move \(wish.active)"
        )
      }
      roles[region] = role
    }
    return (roles, notes)
  }

  func set(_ roles: [RegionName: TrafficRole]) async throws(TrafficError) {
    // A region is on before another goes off.
    for (region, role) in roles.sorted(by: {
      ($0.value.isOn ? 0 : 1, $0.key) < ($1.value.isOn ? 0 : 1, $1.key)
    }) {
      let state: HAProxyServers.Command = role.isOn ? .ready : role == .draining ? .drain : .maint
      let answer = try socket.ask("set server \(backend)/\(region) state \(state.rawValue)")
      guard answer.isEmpty else {
        throw TrafficError(
          .unusable, "\(place) does not set server \(region) to \(state.rawValue): \(answer.prefix(200))",
          hint: answer.contains("Permission") ? "its socket needs 'level admin'" : nil)
      }
    }
    try keepState()
  }

  func checkKeeping() throws(TrafficError) {
    guard let stateFile else { return }
    do { try FilePaths.checkWritable(stateFile) } catch { throw notKept(error) }
  }

  private func notKept(_ error: RegionError) -> TrafficError {
    TrafficError(
      .unusable, "the state of HAProxy \(socket) cannot be kept: \(error.message)",
      hint: "make it writable for this user, or name another file: git \(socket.option) config --get-all"
        + " \(TrafficSettings.haproxyStateFile)")
  }

  /// Keeps what was commanded for the next start of HAProxy, which would else begin with its configuration.
  private func keepState() throws(TrafficError) {
    guard let stateFile else { return }
    let states = try socket.ask("show servers state")
    do { try FilePaths.writeDurably(Array((states + "\n").utf8), to: stateFile) } catch {
      throw notKept(error)
    }
  }
}
