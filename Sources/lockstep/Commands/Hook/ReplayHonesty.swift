import Git
import RegionRepository
import Replay

/// Whether trailers say the truth, for the guard of a push: deriving images again is the replay's business.
enum ReplayHonesty {
  /// Whether a commit is what deriving the commit that its trailer names yields; a tree that is none of a region is not.
  static func isHonest(_ commit: RawCommit, _ trailer: SourceTrailer, in git: Repository) throws -> Bool {
    do { return try Image.isHonest(commit, trailer: trailer, in: git) } catch is RegionError { return false }
  }
}
