import Git
package import RegionRepository

/// Proves that two regions' histories are replays of each other: derives every replayed commit again from its original,
/// and compares ids.
///
/// Finds one other author, date, byte or tree, a parent that is not the replay of the original's parent, a commit that was
/// not replayed, twice or out of nothing, and a history that was rewritten since. What a region committed itself cannot be
/// derived from anything and is listed. Reads every commit and its root tree once, and no other tree.
package struct AuditVerification {
  private let histories: [RegionHistory]
  private let source: JoinedObjects
  private let checkpoint: () throws -> Void

  /// - Parameter checkpoint: called now and then; what it throws ends the verification.
  package init(
    _ a: RegionRepository, _ b: RegionRepository, checkpoint: @escaping () throws -> Void = {}
  ) throws {
    guard a.name != b.name else {
      throw ReplayError(.sameRegion, "\(a.place) and \(b.place) are both region \(a.name)")
    }
    let source = JoinedObjects(a.git, b.git)
    self.source = source
    self.checkpoint = checkpoint
    histories = try [a, b].map { try RegionHistory(of: $0, reading: source, checkpoint: checkpoint) }
  }

  /// Verifies both directions.
  /// - Throws: `GitError` where an object cannot be read, `RegionError` where a tree is not a region's.
  package func run() throws -> AuditReport {
    var report = AuditReport()
    let third = ThirdRegions(histories.map(\.region))
    for (history, other) in [(histories[1], histories[0]), (histories[0], histories[1])] {
      let direction = Direction(
        from: other, to: history, third: third, source: source, checkpoint: checkpoint)
      try direction.run(&report)
      report.own.append((history.region.name, history.own))
      try SignedMirror.verify(in: history.region, history: history.members, &report)
    }
    let found = Dictionary(grouping: report.findings, by: \.kind)
    report.findings = AuditFinding.Kind.allCases.flatMap { found[$0] ?? [] }
    return report
  }
}

/// What two regions keep of the histories of others.
private final class ThirdRegions {
  private let regions: [RegionRepository]
  private var known: [RegionName: Set<ObjectID>] = [:]

  init(_ regions: [RegionRepository]) { self.regions = regions }

  /// Whether a commit is in what either of them keeps of a region.
  func contain(_ trailer: SourceTrailer) throws -> Bool {
    if let known = known[trailer.region] { return known.contains(trailer.commit) }
    var members: Set<ObjectID> = []
    for region in regions {
      guard let tip = try region.git.reference(RegionRepository.sourceReference(trailer.region)) else {
        continue
      }
      members.formUnion(try region.git.commits(reachableFrom: [tip], hiding: []))
    }
    known[trailer.region] = members
    return members.contains(trailer.commit)
  }
}

/// What one region replayed, against the other one's originals.
private struct Direction {
  let from: RegionHistory
  let to: RegionHistory
  let third: ThirdRegions
  let source: JoinedObjects
  let checkpoint: () throws -> Void

  private var region: RegionName { to.region.name }

  func run(_ report: inout AuditReport) throws {
    for id in to.order {
      try checkpoint()
      guard let trailer = SourceTrailer(of: try to.commit(id)) else { continue }
      report.imagesChecked += 1
      if let finding = try check(id, trailer) { report.findings.append(finding) }
    }
    for id in to.order {
      guard let trailer = SourceTrailer(of: try to.commit(id)), let first = to.images[trailer]?.first,
        first != id
      else { continue }
      report.findings.append(try finding(.twice, id, "replays \(trailer), as \(first) does already"))
    }
    try findMissing(&report)
    try findForgotten(&report)
  }

  private func finding(
    _ kind: AuditFinding.Kind, _ id: ObjectID, _ what: String
  ) throws -> AuditFinding {
    AuditFinding(
      kind: kind, region: region, commit: id,
      message: "\(region): commit \(id) \"\(try to.commit(id).subject)\" \(what)")
  }

  // MARK: One image

  private func check(_ id: ObjectID, _ trailer: SourceTrailer) throws -> AuditFinding? {
    guard trailer.region != region else {
      return try finding(.added, id, "says that it replays \(trailer), a commit of this very region")
    }
    let isThere =
      trailer.region == from.region.name
      ? from.members.contains(trailer.commit) : try third.contain(trailer)
    guard isThere, source.contains(trailer.commit) else {
      return try finding(
        .added, id, "says that it replays \(trailer), which is not in that region's history")
    }
    if let difference = try difference(of: id, trailer) {
      return try finding(.tampered, id, "is not the replay of \(trailer): \(difference)")
    }
    guard try hasRightParents(id, trailer) else {
      return try finding(
        .tampered, id,
        "is not the replay of \(trailer): its parents are not the replays of that commit's parents")
    }
    return nil
  }

  /// In what an image is not what deriving it again gives; nil where it is.
  private func difference(of id: ObjectID, _ trailer: SourceTrailer) throws -> String? {
    let image = try to.commit(id)
    let original = try from.commit(trailer.commit)
    let mirrored = try from.tree(of: trailer.commit).mirrored
    let locals = try image.parents.isEmpty ? [nil] : image.parents.map { try to.tree(of: $0).local }
    let roots = locals.map { Repository.hash(.tree, RegionTree(mirrored: mirrored, local: $0).encoded()) }
    let root = roots.first { $0 == image.tree } ?? roots[0]
    let derived = Image.commit(
      of: original, origin: trailer, carrying: SourceTrailer(of: original), tree: root, parents: image.parents
    )
    guard derived.bytes != image.bytes else { return nil }
    var parts: [String] = []
    if derived.tree != image.tree {
      guard let tree = try? to.tree(of: id) else { return "its tree holds more than mirrored/ and local/" }
      parts.append(tree.mirrored != mirrored ? "mirrored/" : "local/")
    }
    parts += Self.differences(derived, image)
    return "\(parts.isEmpty ? "a byte of it" : parts.joined(separator: ", ")) differs"
  }

  /// Whether an image's parents are the images of the original's, each with nothing but commits on top that leave
  /// `mirrored/` as it is.
  private func hasRightParents(_ id: ObjectID, _ trailer: SourceTrailer) throws -> Bool {
    // What came through the other region was derived from its replay, whose parents may be more.
    let replayed = trailer.region == from.region.name ? [] : from.images[trailer] ?? []
    for source in [trailer.commit] + replayed {
      let name = source == trailer.commit ? trailer.region : from.region.name
      var wanted: [ObjectID] = []
      for parent in try from.commit(source).parents {
        guard let change = try from.newestChange(from: parent) else { continue }
        // A parent that nothing replays is found as missing, and tells nothing of this commit.
        guard let image = try image(of: change, in: name) else { return true }
        if !wanted.contains(image) { wanted.append(image) }
      }
      let parents = try to.commit(id).parents
      // What stands on nothing was placed on whatever the head was, but never on another replay from there.
      if wanted.isEmpty, parents.count <= 1,
        try parents.allSatisfy({ try SourceTrailer(of: to.commit($0))?.region != trailer.region })
      {
        return true
      }
      if wanted.count == parents.count,
        try zip(parents, wanted).allSatisfy({ try leads(from: $0, to: $1) })
      {
        return true
      }
    }
    return false
  }

  /// The commit here that stands for a change of a region.
  private func image(of change: ObjectID, in name: RegionName) throws -> ObjectID? {
    let origin = try from.origin(of: change, in: name)
    return origin.region == region ? origin.commit : to.images[origin]?.first
  }

  /// Whether from a commit back to an image there is nothing but commits of this region that leave `mirrored/` as it is.
  private func leads(from id: ObjectID, to image: ObjectID) throws -> Bool {
    var seen: Set<ObjectID> = [id]
    var open = [id]
    while let id = open.popLast() {
      if id == image { return true }
      let commit = try to.commit(id)
      guard SourceTrailer(of: commit) == nil else { continue }
      let mirrored = try to.tree(of: id).mirrored
      for parent in commit.parents where try to.tree(of: parent).mirrored == mirrored {
        if seen.insert(parent).inserted { open.append(parent) }
      }
    }
    return false
  }

  // MARK: What is missing

  private func findMissing(_ report: inout AuditReport) throws {
    let name = from.region.name
    let tips = try mirroredTips()
    for tip in tips where !from.members.contains(tip) {
      report.findings.append(
        AuditFinding(
          kind: .rewritten, region: name, commit: tip,
          message: "\(name): commit \(tip), which \(region) has mirrored, is no longer in the history"
            + (try beginning(of: tip))))
    }
    let there = tips.filter { from.members.contains($0) }
    guard !there.isEmpty else { return }
    let mirrored =
      from.order.last.map(there.contains) == true
      ? from.order : try from.region.git.commits(reachableFrom: there, hiding: [])
    for id in mirrored {
      try checkpoint()
      guard try from.newestChange(from: id) == id else { continue }
      let origin = try from.origin(of: id, in: name)
      guard origin.region == region ? !to.members.contains(origin.commit) : to.images[origin] == nil else {
        continue
      }
      report.findings.append(
        AuditFinding(
          kind: .missing, region: region, commit: id,
          message:
            "\(region): commit \(id) \"\(try from.commit(id).subject)\" of \(name) was mirrored, and nothing replays it"
        ))
    }
  }

  /// Where a history that no longer holds a commit begins to be another one, and what stands in the place.
  private func beginning(of tip: ObjectID) throws -> String {
    guard to.region.git.contains(tip),
      let lost = try to.region.git.commits(reachableFrom: [tip], hiding: []).first(where: {
        !from.members.contains($0)
      })
    else { return "" }
    let commit = try RawCommit(bytes: source.read(lost).bytes)
    let text = ": the first that is not is \(lost) \"\(commit.subject)\""
    let other = try from.order.first { id in
      let other = try from.commit(id)
      return other.parents == commit.parents && (other.tree == commit.tree || other.message == commit.message)
    }
    guard let other else { return text }
    let parts =
      Self.differences(commit, try from.commit(other))
      + (try from.commit(other).tree != commit.tree ? ["the tree"] : [])
    return "\(text), and in its place stands \(other), where \(parts.joined(separator: ", ")) differs"
  }

  /// In what two commits differ, parents and trees apart.
  private static func differences(_ a: RawCommit, _ b: RawCommit) -> [String] {
    var parts: [String] = []
    if a.authorLine != b.authorLine { parts.append("the author or the author's date") }
    if a.committerLine != b.committerLine { parts.append("the committer or the committer's date") }
    if a.extraHeaders != b.extraHeaders { parts.append("a header") }
    if a.message != b.message { parts.append("the message") }
    return parts
  }

  /// The newest commits of the other region that were mirrored, by the ref that keeps them and by the newest record: whoever
  /// takes a replay away may have set back one of the two.
  private func mirroredTips() throws -> [ObjectID] {
    let name = from.region.name
    let kept = try to.region.git.reference(RegionRepository.sourceReference(name))
    for record in try records() {
      guard case .mirrored(name, let commit, _) = record.event else { continue }
      return commit == kept ? [commit] : [kept, commit].compactMap(\.self)
    }
    return [kept].compactMap(\.self)
  }

  /// What was mirrored here or applied must be in the history still; looked for where nothing else says that the history
  /// is another one.
  private func findForgotten(_ report: inout AuditReport) throws {
    guard !report.findings.contains(where: { $0.region == region }) else { return }
    var seen: Set<ObjectID> = []
    for record in try records() {
      let verb: String
      switch record.event {
      case .applied: verb = "was applied"
      case .mirrored: verb = "was the newest commit after a mirror"
      // A capture counts from when it is at live, which may be before its commit is in the branch.
      case .captured: continue
      // Another region's drill is recorded with a commit of this one, which a rollback may leave behind.
      case .drilled, .moved, .rejoined: continue
      }
      guard !to.members.contains(record.commit), seen.insert(record.commit).inserted else { continue }
      report.findings.append(
        AuditFinding(
          kind: .rewritten, region: region, commit: record.commit,
          message: "\(region): commit \(record.commit) \(verb), and is no longer in the history"))
    }
  }

  /// What the region's audit log says of it, newest first.
  private func records() throws -> [AuditRecord] {
    var reader = AuditReader(tip: try to.region.git.reference(AuditLog.reference), source: to.region.git)
    var records: [AuditRecord] = []
    while let entry = try reader.next() {
      if entry.record.region == region { records.append(entry.record) }
    }
    return records
  }
}
