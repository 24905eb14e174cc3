import ArgumentParser
import CanonicalJSON
import Failover
import Git
import LiveAccount
import MediaResources
import RegionRepository
import Replay
import Upkeep

/// `lockstep mirror`: replays one region's new commits onto another's repository.
struct MirrorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mirror", abstract: "Replay one region's new commits onto another.",
    discussion: """
      Both regions may have changes of their own: the primary joins them, the others take the join over. A resource that \
      both changed to different ends is a conflict (exit 4); say which side counts with --prefer.

      Without FROM and TO, the whole fleet: every other region to the primary, and the primary to every other region.
      """)

  @Argument(help: "The source: a region repository's folder, or a URL that git can fetch.")
  var from: String?

  @Argument(help: "The target: a region repository's folder.")
  var to: String?

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  @Flag(help: "Say what would be mirrored, and change nothing.")
  var dryRun = false

  @Flag(help: "Refuse a target that has changes of its own, instead of joining them.")
  var oneWay = false

  @Option(
    help: ArgumentHelp(
      "Where both regions changed a resource, which one counts: source or target, for all or for one resource.",
      valueName: "source|target|RESOURCE=source|RESOURCE=target"))
  var prefer: [String] = []

  @Option(
    help: ArgumentHelp(
      "Let the identity of a resource change that no commit allows, because other regions have that change already.",
      valueName: "RESOURCE"))
  var allowIdentityChange: [String] = []

  @Option(
    help: ArgumentHelp(
      "Let a commit of the source change the fleet that no administrator has signed.", valueName: "COMMIT"))
  var allowUnsigned: [String] = []

  @Flag(
    help: "Sign a tag of the target's new tip, as git's configuration says (gpg.format, user.signingKey).")
  var sign = false

  func validate() throws {
    let chosen = try preference()
    if oneWay, chosen != .none {
      throw ValidationError(
        "--prefer settles what a join finds changed on both sides, and --one-way joins nothing: give one of them."
      )
    }
    _ = try allowances()
    if from != nil, to == nil {
      throw ValidationError("Give both FROM and TO, or neither to mirror the fleet.")
    }
  }

  func run() async throws {
    if let from, let to {
      do {
        var unsigned: [Failure] = []
        let report = try mirror(from, to: to) { unsigned.append(Failure($0)) }
        try show([report], [], unsigned)
        Self.tellUnused(try preference(), of: report.choicesUsed)
        for failure in unsigned { failure.tell() }
        if report.isWaiting || !unsigned.isEmpty { throw ExitCode(ExitStatus.partlyDone) }
      } catch let error as JoinConflicts {
        if output.json { Terminal.print(.object(try members(of: error, in: to, version: 1))) }
        Self.tellUnknown([error])
        throw error
      }
      return
    }
    try await mirrorFleet(of: region.open())
  }

  /// Brings the whole fleet into step, and does what pushes left to be done.
  private func mirrorFleet(of own: RegionRepository) async throws {
    let peers = try FleetPeers(of: own)
    let settlement = try QueueSettlement(of: own)
    var progress = ExchangeProgress(of: own)
    var reports: [MirrorReport] = []
    var failures: [any Error] = []
    let exchange = Exchange(peers) { try mirror($0, to: $1) { failures.append($0) } }
    try exchange.run(fetching: true, isOneWay: oneWay) { result in
      progress.note(result, explain: UpkeepCalls.words)
      switch result.outcome {
      case .success(let report): reports.append(report)
      case .failure(let error):
        try Interruption.cancellation.check()
        failures.append(error)
      }
    }
    var left: [Failure] = []
    if !dryRun {
      settlement.settle(progress)
      left = try await workOff(own)
      for failure in left { failure.tell() }
    }
    // One region that cannot be reached keeps no other one back.
    Self.tellUnknown(failures.compactMap { $0 as? JoinConflicts })
    if reports.isEmpty, Set(failures.map { Failure($0).line }).count == 1, let only = failures.first {
      throw only
    }
    // What is wrong with one region is found on the way there and on the way back.
    var told: Set<String> = []
    for failure in failures.map({ Failure($0) }) where told.insert(failure.line).inserted { failure.tell() }
    for other in peers.others where peers.isRemote(other) {
      Terminal.say(
        "region \(other) is on another machine and fetches by itself: lockstep watch or mirror there")
    }
    let conflicts = failures.compactMap { $0 as? JoinConflicts }
    // Where a conflict let nothing move, who waits for it adds nothing.
    let isStopped = !conflicts.isEmpty && !reports.contains { $0.outcome.head != nil }
    if output.json || !isStopped {
      try show(
        reports, try conflicts.map { try members(of: $0, in: peers.place(of: $0.target)) },
        failures.filter { !($0 is JoinConflicts) }.map { Failure($0) } + left)
    }
    if failures.isEmpty {
      let used = reports.reduce(into: Set<String>()) { $0.formUnion($1.choicesUsed) }
      Self.tellUnused(try preference(), of: used)
    }
    // What needs a person counts for more than what the next run does by itself.
    if (failures.map { Failure($0) } + left).contains(where: { $0.status == ExitStatus.refused }) {
      throw ExitCode(ExitStatus.refused)
    }
    if !failures.isEmpty || !left.isEmpty || reports.contains(where: \.isWaiting) {
      throw ExitCode(ExitStatus.partlyDone)
    }
  }

  /// Does what pushes left to be done beside mirroring.
  /// - Returns: what could not be done, and stays in the queue.
  private func workOff(_ own: RegionRepository) async throws -> [Failure] {
    try await QueueWorker(place: own.place, calls: .usual, retrying: [.apply, .notify]).run()
    return try UpkeepQueue(of: own).left(for: own).filter { $0.id.kind != .mirror && $0.failure != nil }
      .map { Failure($0) }
  }

  /// What is in conflict, as members of a JSON document.
  private func members(
    of error: JoinConflicts, in place: String, version: Int64? = nil
  ) throws -> JSONObject {
    var members = try Self.report(in: place).members(of: error)
    if let version { members["version"] = .number(.int64(version)) }
    return members
  }

  static func report(in place: String) throws -> ConflictReport {
    ConflictReport(
      keyring: try RegionRepository.open(at: place).keyring(identities: IdentityPlace.identities))
  }

  /// Says which choices for single resources nothing came of.
  static func tellUnused(_ preference: Preference, of used: Set<String>) {
    let named =
      preference.named.keys.sorted().map(\.description)
      + (preference.fleet == nil ? [] : [JoinConflict.fleetName])
    for name in named where !used.contains(name) {
      Terminal.say("warning: --prefer \(name) was not needed: no conflict was found in it")
    }
  }

  /// Says which choices name what is in no region; beside a conflict that shows nowhere else.
  static func tellUnknown(_ conflicts: [JoinConflicts]) {
    guard let first = conflicts.first else { return }
    for id in first.unknownPreferences where conflicts.allSatisfy({ $0.unknownPreferences.contains(id) }) {
      Terminal.say("warning: --prefer \(id): neither region has such a resource")
    }
  }

  private func show(
    _ reports: [MirrorReport], _ conflicts: [JSONObject] = [], _ failures: [Failure] = []
  ) throws {
    if output.json {
      var document: JSONObject = ["mirrors": .array(reports.map(\.json)), "version": 1]
      if !conflicts.isEmpty { document["conflicts"] = .array(conflicts.map { .object($0) }) }
      if !failures.isEmpty { document["failures"] = .array(failures.map(\.json)) }
      Terminal.print(.object(document))
    } else {
      for report in reports { Reports.print(report, dryRun: dryRun, isOfFleet: from == nil) }
    }
  }

  /// What a person chose, from the values of --prefer.
  private func preference() throws -> Preference { try Self.preference(of: prefer) }

  /// What a person chose, from values such as those of --prefer.
  static func preference(of texts: [String]) throws -> Preference {
    var preference = Preference()
    for text in texts {
      guard let equals = text.lastIndex(of: "=") else {
        guard let side = Preference.Side(rawValue: text) else { throw badPreference(text) }
        guard preference.all == nil || preference.all == side else {
          throw ValidationError("--prefer takes source or target for all, not both.")
        }
        preference.all = side
        continue
      }
      guard let side = Preference.Side(rawValue: String(text[text.index(after: equals)...])) else {
        throw badPreference(text)
      }
      if text[..<equals] == JoinConflict.fleetName {
        guard preference.fleet == nil || preference.fleet == side else {
          throw ValidationError("--prefer takes fleet=source or fleet=target, not both.")
        }
        preference.fleet = side
        continue
      }
      let id = try ResourceArgument.parse(String(text[..<equals]))
      guard preference.named[id] == nil || preference.named[id] == side else {
        throw ValidationError("--prefer takes \(id)=source or \(id)=target, not both.")
      }
      preference.named[id] = side
    }
    return preference
  }

  private func allowances() throws -> Allowances {
    Allowances(
      identityChanges: Set(try allowIdentityChange.map(ResourceArgument.parse)),
      unsigned: try Self.commits(allowUnsigned))
  }

  /// The commits that --allow-unsigned names.
  static func commits(_ texts: [String]) throws -> Set<ObjectID> {
    try Set(
      texts.map { text in
        guard let commit = ObjectID(hex: text) else {
          throw ValidationError("--allow-unsigned takes a commit's whole id, not '\(text)'.")
        }
        return commit
      })
  }

  private static func badPreference(_ text: String) -> ValidationError {
    ValidationError("--prefer takes source, target, RESOURCE=source or RESOURCE=target, not '\(text)'.")
  }

  /// - Parameter unsigned: called where everything was mirrored, and the tip could not be signed.
  private func mirror(
    _ source: String, to place: String, unsigned: (any Error) -> Void
  ) throws -> MirrorReport {
    let options = Mirror.Options(
      isOneWay: oneWay, preference: try preference(),
      allowances: try allowances(), isDryRun: dryRun)
    do {
      return try Self.mirror(source, to: place, options: options) {
        try Interruption.cancellation.check()
      } afterwards: { report, target in
        do { if sign { try signTip(report, in: target) } } catch { unsigned(error) }
      }
    } catch let error as JoinConflicts {
      if !output.json { try Self.report(in: place).print(error) }
      throw error
    }
  }

  private func signTip(_ report: MirrorReport, in target: RegionRepository) throws {
    let tag = try SignedMirror.sign(report.newHead, from: report.source, in: target)
    let what = "the tag \(tag.name) of \(report.newHead.abbreviated) in region \(target.name)"
    Terminal.say(tag.isNew ? "signed \(what)" : "\(what) is there already")
  }

  /// Replays one place's commits onto another's, and remembers the way to the source.
  /// - Parameter afterwards: called with what was mirrored, while nobody else can change the target.
  static func mirror(
    _ source: String, to place: String, options: Mirror.Options, checkpoint: () throws -> Void,
    afterwards: (MirrorReport, RegionRepository) -> Void = { _, _ in }
  ) throws -> MirrorReport {
    guard FilePaths.exists(place) || !FleetPeers.isRemote(place) else {
      throw RegionError(
        .notARegion, "\(place) is no folder on this machine, and a mirror writes into one",
        hint: "mirror there, from this region: lockstep mirror \(ShellWord.quoted(source)) FOLDER")
    }
    let target = try MirrorSource.opened(place)
    let lock = try target.lock(for: "lockstep mirror")
    defer { withExtendedLifetime(lock) {} }
    let origin = try MirrorSource.named(source)
    let mirror = Mirror(
      from: origin, to: target, identities: IdentityPlace.identities, options: options)
    let report = try mirror.run(checkpoint: checkpoint)
    if !options.isDryRun, !report.isWaiting { afterwards(report, target) }
    let key = RegionConfiguration.peerRepository(report.source)
    if !options.isDryRun, try target.git.configValue(key) == nil {
      try target.git.setConfigValue(key, MirrorSource.place(of: source))
    }
    if !options.isDryRun {
      // What failed in either region may have been just this; a source that cannot be written to keeps its word of it.
      var regions = [target]
      if case .local(let region) = origin { regions.append(region) }
      for region in regions { try? UpkeepQueue(of: region).settleMirrors(of: region) }
    }
    return report
  }
}
