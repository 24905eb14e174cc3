import Git
import LiveAccount
import RegionRepository
import Replay

/// Peers that cannot simply be opened.
extension RegionStatus {
  /// A peer that cannot be read from here.
  static func unreachable(
    _ name: RegionName, _ place: String, from own: RegionRepository
  ) -> RegionStatus {
    let key = RegionConfiguration.peerRepository(name)
    let mend = "say where it is: git -C \(own.shellPlace) config \(key) PLACE"
    var problem = "there is no such folder; \(mend)"
    if FilePaths.exists(place) {
      do { problem = "it is region \(try RegionRepository.open(at: place).name); \(mend)" } catch {
        problem = Failure(error).line
      }
    }
    return RegionStatus(name: name, place: place, problem: problem)
  }

  /// How long a peer on another machine, or the service of an account, may say nothing.
  static let patience = Duration.seconds(10)

  /// A peer on another machine: its newest commit is asked for, and what that holds is known from the last fetch.
  static func remote(
    _ name: RegionName, _ place: String, seenFrom own: RegionRepository
  ) -> RegionStatus {
    var status = RegionStatus(name: name, place: place, isElsewhere: true)
    let deadline = ContinuousClock.now.advanced(by: patience)
    func isLate() -> Bool { ContinuousClock.now >= deadline }
    do {
      let fleet = try own.fleet()
      status.role = fleet.map { $0.primary == name ? "primary" : "standby" }
      status.head = try GitProgram.head(of: place, as: own.git) {
        Interruption.cancellation.isCancelled || isLate()
      }
      let known = try own.git.reference(RegionRepository.sourceReference(name))
      guard let head = status.head, head == known else {
        status.problem =
          status.head == nil
          ? "it has no commit yet" : "it has commits that are not here: lockstep mirror -C \(own.shellPlace)"
        return status
      }
      let theirs = try own.git.regionTree(of: head).mirrored
      status.isInStep = try theirs == own.mirrored(of: own.head())
      if !status.isInStep { status.problem = "it has not fetched all of \(own.name): lockstep mirror there" }
    } catch  where isLate() {
      status.problem =
        "it says nothing for \(patience.components.seconds) seconds: git ls-remote \(ShellWord.quoted(place))"
    } catch {
      status.problem = Failure(error).message
    }
    return status
  }
}
