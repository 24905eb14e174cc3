import Git
import MediaResources
package import RegionRepository
package import Sealing

/// Replays one region's new commits onto another's repository, and joins the two where both have changes of their own.
///
/// Work follows what is new: the source's commits since the last mirror are walked, copied and replayed; nothing
/// enumerates a region. The branch moves last, from the value that was read, after everything it reaches is durable.
package struct Mirror {
  /// What a person may choose.
  package struct Options: Sendable {
    /// Whether a target with changes of its own is refused instead of joined.
    package var isOneWay: Bool
    /// Which side counts where both changed one resource.
    package var preference: Preference
    /// What a person lets through.
    package var allowances: Allowances
    /// Whether to say only what would be done.
    package var isDryRun: Bool
    /// Whether what a region committed while it was primary no more is taken over, and no longer waits for that.
    package var isRejoin: Bool

    package init(
      isOneWay: Bool = false, preference: Preference = .none,
      allowances: Allowances = Allowances(), isDryRun: Bool = false, isRejoin: Bool = false
    ) {
      self.isOneWay = isOneWay
      self.preference = preference
      self.allowances = allowances
      self.isDryRun = isDryRun
      self.isRejoin = isRejoin
    }
  }

  private let source: MirrorSource
  let target: RegionRepository
  private let identities: Identities
  let options: Options

  /// - Parameter identities: opens secrets where both regions changed one document.
  package init(
    from source: MirrorSource, to target: RegionRepository, identities: Identities,
    options: Options = Options()
  ) {
    self.source = source
    self.target = target
    self.identities = identities
    self.options = options
  }

  /// Mirrors; a dry run changes nothing but what a URL must be fetched for.
  ///
  /// The caller holds the target's lock.
  /// - Parameter checkpoint: called now and then; what it throws ends the mirror, and the next one begins anew.
  /// - Throws: `ReplayError`, `JoinConflicts`, `RegionError`, `SealingError`, `GitError`; nothing has changed then but
  ///   objects that nothing names.
  package func run(checkpoint: () throws -> Void = {}) throws -> MirrorReport {
    try withoutActuallyEscaping(checkpoint) { checkpoint in
      let pack = try PackWriter(repository: target.git, reading: options.isDryRun ? source.objects : nil)
      let (head, brought, replayed) = try Self.replay(
        source, onto: target, options, into: pack, checkpoint: checkpoint)
      var joined: Join.Result?
      let outcome = try outcome(of: replayed, head: head, brought.tip, pack: pack, &joined)
      if let new = outcome.head {
        try checkFleet(of: new, after: head, brought.tip, pack: pack)
        try checkDocuments(of: new, after: head, replayed, brought.tip, pack: pack)
      }
      let report = MirrorReport(
        source: brought.tip.region, target: target.name, places: (source: source.place, target: target.place),
        sourceCommit: brought.tip.commit, oldHead: head,
        outcome: outcome, images: replayed.images, objectsCopied: brought.objectsCopied,
        preferencesUsed: joined?.preferencesUsed ?? [], isFleetChosen: joined?.isFleetChosen ?? false,
        mirroredTree: try pack.regionTree(of: outcome.head ?? head).mirrored)
      if case .waiting = outcome {
        pack.abandon()
      } else if options.isDryRun {
        defer { pack.abandon() }
        try target.check(move(report), source: pack)
      } else {
        try finish(report, brought, pack: pack)
      }
      return report
    }
  }

  /// How many commits of the source a mirror would replay now; nothing is written or fetched.
  ///
  /// Costs the source's commits since the last mirror.
  /// - Throws: what `run` throws where it could not replay them.
  package static func backlog(from source: RegionRepository, to target: RegionRepository) throws -> Int {
    let pack = try PackWriter(repository: target.git, reading: source.git)
    defer { pack.abandon() }
    let options = Options(isDryRun: true)
    return try replay(.local(source), onto: target, options, into: pack) {}.replayed.images.count
  }

  /// Brings what is new, and makes its images.
  private static func replay(
    _ source: MirrorSource, onto target: RegionRepository, _ options: Options, into pack: PackWriter,
    checkpoint: @escaping () throws -> Void
  ) throws -> (head: ObjectID, brought: Transport.Result, replayed: Replay.Result) {
    _ = try target.document()
    guard let head = try target.head() else {
      throw RegionError(.badDocument, "region \(target.name) has no commit", hint: "lockstep init")
    }
    let transport = Transport(
      source: source, target: target, isDryRun: options.isDryRun, checkpoint: checkpoint)
    let brought = try transport.bring(into: pack)
    let replayed = try Replay.run(
      tip: brought.tip, known: brought.known, history: brought.history, head: head, target: target,
      pack: pack, place: source.place, allowed: options.allowances, checkpoint: checkpoint)
    return (head, brought, replayed)
  }

  private func finish(_ report: MirrorReport, _ brought: Transport.Result, pack: PackWriter) throws {
    let move = move(report)
    let record = AuditRecord(
      region: target.name,
      .mirrored(from: report.source, commit: report.sourceCommit, head: report.newHead))
    let noted = move.old == move.new ? nil : try AuditLog(target).prepare(record, into: pack)
    // First what says that the target has the originals: where a run is cut off before the branch moves, the next one
    // looks for an image, does not find it, and begins anew.
    try target.finish(move, recording: noted, pack: pack) {
      for reference in brought.references {
        try target.git.setReference(
          reference.name, to: reference.new, expecting: reference.old,
          log: "lockstep mirror: \(report.source)")
      }
    }
  }

  private func move(_ report: MirrorReport) -> RegionRepository.HeadMove {
    RegionRepository.HeadMove(
      old: report.oldHead, new: report.newHead,
      log: "lockstep mirror: \(Count.text(report.images.count, "commit")) from \(report.source)")
  }

  /// Refuses a fleet that nobody could read afterwards, or that cannot follow the one that is here: it says where joins are
  /// made.
  private func checkFleet(
    of commit: ObjectID, after head: ObjectID, _ tip: SourceTip, pack: PackWriter
  ) throws {
    let hint = "bring an older one back there and commit that: git checkout COMMIT -- mirrored/\(Fleet.path)"
    let new: Fleet?
    do { new = try pack.fleet(in: pack.regionTree(of: commit).mirrored) } catch let error as RegionError {
      throw RegionError(
        .refused, "region \(tip.region) brings a fleet that cannot be read: \(error.message)", hint: hint)
    }
    guard let old = try? pack.fleet(in: pack.regionTree(of: head).mirrored) else { return }
    let refusal = new.map { $0.refusal(toFollow: old) } ?? "it takes the fleet out, and with it the epoch"
    guard let refusal else { return }
    throw RegionError(
      .refused,
      "region \(tip.region) brings a fleet that cannot follow the one in \(target.name): \(refusal)",
      hint: hint)
  }

  /// Refuses a newest state that could be neither planned nor applied; what later commits have mended may pass.
  ///
  /// A region that begins with a long history takes it over as it is.
  private func checkDocuments(
    of commit: ObjectID, after head: ObjectID, _ replayed: Replay.Result, _ tip: SourceTip, pack: PackWriter
  ) throws {
    let old = try pack.regionTree(of: head).mirrored
    guard old != nil || replayed.images.count <= Replay.judgedAtOnce else { return }
    let new = try pack.regionTree(of: commit).mirrored
    guard let (path, reason) = try MirroredDocument.unreadable(from: old, to: new, in: pack) else { return }
    throw RegionError(
      .refused, "region \(tip.region) brings a document that cannot be read: \(reason.message)",
      hint: "mend it there, or bring an older one back, and commit that: git log -- mirrored/\(path)")
  }

  // MARK: What becomes of the head

  private func outcome(
    of replayed: Replay.Result, head: ObjectID, _ tip: SourceTip, pack: PackWriter,
    _ result: inout Join.Result?
  ) throws -> MirrorReport.Outcome {
    guard let image = replayed.tip, replayed.images.contains(where: { $0.image == image }) else {
      if options.isOneWay { try refuseChanges(of: head, tip, replayed, pack: pack) }
      return .current
    }
    try checkPromotions(head: head, tip, pack: pack)
    if replayed.ground.contains(head) { return .forwarded(image) }
    if options.isOneWay { throw try edited(head, tip, pack: pack) }
    guard let primary = try primary(head: head, tip, pack: pack) else {
      throw ReplayError(
        .edited,
        "regions \(tip.region) and \(target.name) both have changes of their own (in \(target.name)"
          + " \(try newestChange(of: head, pack: pack))), and no fleet says where they are joined",
        hint:
          "say which region is primary, and run this again: lockstep fleet add \(tip.region) PLACE -C PRIMARY"
      )
    }
    guard primary == target.name else {
      if !options.isDryRun { try noteSuperseded(head: head, tip, pack: pack) }
      return .waiting(primary: primary)
    }
    let join = Join(
      source: tip.region, place: source.place, target: target, pack: pack, head: head, replayed: replayed,
      identities: identities, preference: options.preference)
    let joined = try join.commit(with: image)
    result = joined
    return .joined(joined.commit)
  }

  /// The region in which joins are made: the primary of the fleet that was named last.
  private func primary(head: ObjectID, _ tip: SourceTip, pack: PackWriter) throws -> RegionName? {
    let fleets = try [head, tip.commit].compactMap { try pack.fleet(in: pack.regionTree(of: $0).mirrored) }
    return fleets.max(by: { $0.epoch.number < $1.epoch.number })?.primary
  }

  /// Refuses a target that is ahead of the source.
  private func refuseChanges(
    of head: ObjectID, _ tip: SourceTip, _ replayed: Replay.Result, pack: PackWriter
  ) throws {
    guard let own = try ReplayReader(source: pack).newestChange(from: head), own != replayed.tip else {
      return
    }
    throw try edited(head, tip, pack: pack)
  }

  private func edited(_ head: ObjectID, _ tip: SourceTip, pack: PackWriter) throws -> ReplayError {
    ReplayError(
      .edited,
      "region \(target.name) has changes of its own, which did not come from \(tip.region), the newest of them"
        + " \(try newestChange(of: head, pack: pack))",
      hint: (source.objects == nil
        ? "bring them to \(tip.region) first, there: lockstep mirror"
        : "bring them to \(tip.region) first: lockstep mirror \(target.shellPlace) \(ShellWord.quoted(source.place))")
        + "; or mirror without --one-way")
  }

  /// The newest commit of the target that is more than a change of `local/`, in words.
  private func newestChange(of head: ObjectID, pack: PackWriter) throws -> String {
    let reader = ReplayReader(source: pack)
    let id = try reader.newestChange(from: head) ?? head
    return "\(id) \"\(try reader.commit(id).subject)\""
  }
}
