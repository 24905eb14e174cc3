import Git
import RegionRepository

/// Which changes a target has already, each by the commit where it was first made.
///
/// The ref that keeps another region's originals says it at once: the target has what that ref holds, because the ref
/// moves together with the branch. A ref that is ahead of the branch (after a crash, or where the branch was set back)
/// shows when an image is looked up and is not there; then the target's history is searched instead.
final class Holdings {
  private let target: RegionRepository
  private let head: ObjectID
  private let images: EarlierImages
  private let isTrusting: Bool
  /// The origins that the new commits name; read when the first one is asked for.
  private let asked: () throws -> [SourceTrailer]
  private var held: [RegionName: Set<ObjectID>]?

  init(
    target: RegionRepository, head: ObjectID, images: EarlierImages, isTrusting: Bool,
    asked: @escaping () throws -> [SourceTrailer]
  ) {
    self.target = target
    self.head = head
    self.images = images
    self.isTrusting = isTrusting
    self.asked = asked
  }

  /// Whether the target has a change of another region, or one of its own.
  ///
  /// Costs, over all questions of one replay, what lies between the target's refs and the oldest commit asked for.
  func has(_ origin: SourceTrailer) throws -> Bool {
    guard origin.region == target.name || isTrusting,
      let mark = origin.region == target.name ? head : try mark(of: origin.region)
    else { return try images.image(of: origin) != nil }
    if held == nil {
      held = try Dictionary(grouping: asked(), by: \.region).mapValues { Set($0.map(\.commit)) }
      for (region, commits) in held ?? [:] {
        guard let mark = region == target.name ? head : try self.mark(of: region) else { continue }
        held?[region] = try reached(commits, from: mark)
      }
    }
    if let known = held?[origin.region], known.contains(origin.commit) { return true }
    return origin.commit == mark
  }

  private func mark(of region: RegionName) throws -> ObjectID? {
    try target.git.reference(RegionRepository.sourceReference(region))
  }

  /// Those commits that are reachable from another one.
  private func reached(_ commits: Set<ObjectID>, from mark: ObjectID) throws -> Set<ObjectID> {
    let here = commits.filter { target.git.contains($0) }
    guard !here.isEmpty else { return [] }
    return here.subtracting(try target.git.commits(reachableFrom: Array(here), hiding: [mark]))
  }
}
