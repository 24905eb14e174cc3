import Git
package import RegionRepository

/// Keeps a region from changing that is primary no more.
///
/// Who claims to be primary asks its peers at which epoch they are, before it takes a push, captures into its branch or
/// applies. What it hears of a later promotion it keeps (`refs/lockstep/heard-fleet`), so that it stays fenced where the one
/// that told it is gone again. A standby asks nobody.
package struct Fence {
  /// Who is asked.
  package enum Reach: Sendable {
    /// Nobody: what is known here counts.
    case nobody
    /// The peers on this machine.
    case thisMachine
    /// Every peer.
    case everywhere
  }

  static let usualPatienceSeconds = 5.0

  private let region: RegionRepository
  private let patience: Duration

  /// - Parameter region: opened by its place, not by git's environment: what it hears of must outlive a push.
  /// - Throws: `RegionError` (`.badConfiguration`) for a `lockstep.fenceWaitSeconds` that means nothing.
  package init(of region: RegionRepository) throws {
    self.region = region
    patience = try RegionConfiguration.duration(
      RegionConfiguration.fenceWait, usualSeconds: Self.usualPatienceSeconds, in: region.git)
  }

  /// What the region is in its fleet.
  ///
  /// Costs one look at a ref and a small file of each peer on this machine, and one question over the network for each other
  /// one that is asked, all at once.
  package func standing(asking reach: Reach = .everywhere) throws -> Standing {
    guard let own = try region.fleet() else { return .alone }
    if let known = try fenced(own) { return known }
    guard own.primary == region.name else { return .standby(of: own.primary) }
    var unasked: [UnaskedPeer] = []
    let peers = try FleetPeers(of: region)
    let question = PeerQuestion(region: region, peers: peers, patience: patience)
    let asked = reach == .nobody ? [] : peers.others.filter { reach == .everywhere || !peers.isRemote($0) }
    for (peer, answer) in try question.ask(asked) {
      do {
        guard let fleet = try answer.get().fleet else { continue }
        if fleet.epoch.number > own.epoch.number || fleet.epoch.contests(own.epoch) {
          try region.noteHeard(fleet)
        }
      } catch {
        unasked.append(UnaskedPeer(region: peer, reason: "\(error)"))
      }
    }
    if let known = try fenced(own) { return known }
    return unasked.isEmpty ? .primary : .unfenced(unasked)
  }

  /// Whether the region is fenced by what it has heard.
  private func fenced(_ own: Fleet) throws -> Standing? {
    guard let heard = try region.heardFleet() else { return nil }
    if heard.epoch.contests(own.epoch) { return .contested(with: Promotion(heard)) }
    // A standby gets the later fleet by the next mirror.
    return own.primary == region.name ? .superseded(by: Promotion(heard)) : nil
  }

  // MARK: Passing

  /// Lets a change pass, or refuses it.
  /// - Parameter what: what is to be done, such as `the push`.
  /// - Returns: the peers that could not be asked, where that stops nothing.
  /// - Throws: `FailoverError` (`.superseded`, `.contested`, `.unfenced`, `.draining`).
  @discardableResult
  package func pass(_ what: String) throws -> [UnaskedPeer] {
    if let drain = try Drain.read(of: region) { throw drain.refusal(of: what, in: region) }
    let standing = try self.standing()
    if let refusal = try refusal(of: what, standing) { throw refusal }
    guard case .unfenced(let peers) = standing else { return [] }
    return peers
  }

  /// Why a change must not happen; nil where it may.
  package func refusal(of what: String, _ standing: Standing) throws -> FailoverError? {
    switch standing {
    case .alone, .primary, .standby: return nil
    case .superseded(let promotion):
      return FailoverError(
        .superseded,
        "\(what) is refused: region \(region.name) is primary no more, \(promotion.primary) is since epoch"
          + " \(promotion.epoch.number)",
        hint: "bring both together: lockstep rejoin \(region.name) -C \(region.shellPlace)")
    case .contested(let promotion):
      return FailoverError(
        .contested,
        "\(what) is refused: with epoch \(promotion.epoch.number), \(try region.fleet()?.primary ?? region.name) and"
          + " \(promotion.primary) were made primary by people who did not know of each other",
        hint: Fleet.choice(
          between: try region.fleet()?.primary ?? region.name, promotion.primary, at: region.shellPlace))
    case .unfenced(let peers):
      guard try region.fleet()?.isFenceStrict ?? false, let first = peers.first else { return nil }
      return FailoverError(
        .unfenced,
        "\(what) is refused: the fence is strict, and region \(region.name) cannot ask \(first.region) whether it is"
          + " still primary: \(first.reason)",
        hint:
          "mend the way there; or, where \(first.region) is gone for good: lockstep fleet remove \(first.region) -C"
          + " \(region.shellPlace)")
    }
  }
}
