import Failover
import MediaResources
import RegionRepository

/// What the commands that change a region do first where another one may have been made primary since.
enum FenceCheck {
  /// Lets a change pass, or refuses it; says where peers could not be asked.
  /// - Parameters:
  ///   - what: what is to be done, such as `the apply`.
  ///   - isQuiet: whether nobody reads what is said: a watch tells by itself, and once.
  /// - Throws: `FailoverError`.
  static func pass(_ what: String, in region: RegionRepository, isQuiet: Bool = false) throws {
    let unasked = try Fence(of: region).pass(what)
    if !isQuiet { tell(unasked, of: region) }
  }

  /// Says that a region is unfenced.
  static func tell(_ unasked: [UnaskedPeer], of region: RegionRepository) {
    for peer in unasked {
      Terminal.say(
        "warning: unfenced: region \(region.name) cannot ask \(peer.region) whether it is still primary:"
          + " \(peer.reason.inOneLine)")
    }
  }

  /// Whether what is captured must be kept aside; says so, and where peers could not be asked.
  static func keepsAside(in region: RegionRepository, isQuiet: Bool = false) throws -> Bool {
    let fence = try Fence(of: region)
    let standing = try fence.standing()
    guard let refusal = try fence.refusal(of: "a change of the branch", standing) else {
      if case .unfenced(let unasked) = standing, !isQuiet { tell(unasked, of: region) }
      return false
    }
    guard !isQuiet else { return true }
    Terminal.say("warning: \(refusal.message); what is captured is kept aside")
    if let hint = refusal.hint { Terminal.say("hint: \(hint)") }
    return true
  }
}
