package import Git
package import RegionRepository

/// The replay of one commit: the commit that carries the same change in another region.
///
/// A pure function of the source commit, the image's parents and the `local/` tree of one of them, so the same id
/// comes out anywhere, at any time.
package enum Image {
  /// Headers that a signature or a merged tag put there; they vouch for the source's bytes, not for the image's.
  static let droppedHeaders = ["gpgsig", "gpgsig-sha256", "mergetag"]

  /// The image's commit object.
  ///
  /// Author, committer, dates, encoding and message stay byte for byte; parents and tree are the target's; the trailer
  /// names where the change was first made (a replay of a replay carries its trailer on unchanged).
  package static func commit(
    of source: RawCommit, origin: SourceTrailer, carrying trailer: SourceTrailer?, tree: ObjectID,
    parents: [ObjectID]
  ) -> RawCommit {
    let bare = droppedHeaders.reduce(source) { $0.removingHeader($1) }
    let image = RawCommit(
      tree: tree, parents: parents, authorLine: bare.authorLine, committerLine: bare.committerLine,
      extraHeaders: bare.extraHeaders, message: bare.message)
    return trailer == origin
      ? image : image.addingTrailer(SourceTrailer.name, origin.description)
  }

  /// Whether a commit that carries a trailer really is the image of the commit that the trailer names.
  ///
  /// Cherry-picks and amends copy trailers; only a commit that deriving the image again yields counts.
  /// - Throws: `GitError` when an object cannot be read.
  package static func isHonest(
    _ image: RawCommit, trailer: SourceTrailer, in source: some ObjectSource
  ) throws -> Bool {
    guard source.contains(trailer.commit) else { return false }
    let original = try RawCommit(bytes: source.read(trailer.commit).bytes)
    let mine = try source.regionTree(root: image.tree, of: trailer.commit)
    let theirs = try source.regionTree(root: original.tree, of: trailer.commit)
    guard mine.mirrored == theirs.mirrored else { return false }
    let derived = commit(
      of: original, origin: trailer, carrying: SourceTrailer(of: original), tree: image.tree,
      parents: image.parents)
    return derived.bytes == image.bytes
  }
}
