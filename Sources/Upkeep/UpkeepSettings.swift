package import Git
package import RegionRepository

/// What a repository's git configuration says of the upkeep (`lockstep.*`).
///
/// It stands there and not in a tree: what this machine does, and which programs it runs, is decided on this machine.
package struct UpkeepSettings: Sendable {
  /// How long a push is held to tell how it went (`lockstep.pushWaitSeconds`, 3).
  package let pushWait: Duration
  /// How long another process that works on a region is waited for (`lockstep.lockWaitSeconds`, 60).
  package let lockWait: Duration
  /// How long a peer on another machine may take to answer (`lockstep.peerWaitSeconds`, 600).
  package let peerWait: Duration
  /// Whether the own account follows a push (`lockstep.applyAfterPush`); nil for what the fleet says.
  package let appliesAfterPush: Bool?
  /// Whether a watch captures (`lockstep.watchCapture`, true).
  package let watchCaptures: Bool
  /// Whether a watch applies (`lockstep.watchApply`, true).
  package let watchApplies: Bool
  /// The commands that tell a peer to fetch (`lockstep.peer-<name>.notify`).
  package let notifications: [RegionName: String]

  /// Reads the configuration.
  /// - Throws: `RegionError` (`.badConfiguration`) for a value that means nothing.
  package init(of git: Repository) throws {
    func flag(_ key: String) throws -> Bool? {
      guard let text = try git.configValue(key) else { return nil }
      if ["true", "yes", "on", "1", ""].contains(text.lowercased()) { return true }
      if ["false", "no", "off", "0"].contains(text.lowercased()) { return false }
      throw RegionError(
        .badConfiguration, "\(key) is '\(text)', and must be true or false",
        hint: "git -C \(git.workingDirectory ?? git.gitDirectory) config \(key) true")
    }
    pushWait = try RegionConfiguration.duration("lockstep.pushWaitSeconds", usualSeconds: 3, in: git)
    lockWait = try RegionConfiguration.duration("lockstep.lockWaitSeconds", usualSeconds: 60, in: git)
    peerWait = try RegionConfiguration.duration("lockstep.peerWaitSeconds", usualSeconds: 600, in: git)
    appliesAfterPush = try flag("lockstep.applyAfterPush")
    watchCaptures = try flag("lockstep.watchCapture") ?? true
    watchApplies = try flag("lockstep.watchApply") ?? true
    var notifications: [RegionName: String] = [:]
    for name in try RegionConfiguration.peers(of: git).keys {
      if let command = try git.configValue(RegionConfiguration.peerNotification(name)), !command.isEmpty {
        notifications[name] = command
      }
    }
    self.notifications = notifications
  }

  /// Whether a region's account follows a push by itself: what its own machine says, or else the fleet.
  package func applies(_ region: RegionName, in fleet: Fleet?) -> Bool {
    appliesAfterPush ?? (fleet?.appliesAfterMirror(region) ?? false)
  }
}
