import ArgumentParser
import CanonicalJSON
import CommitGuard
import Failover
import Git
import LiveAccount
import RegionRepository

/// `lockstep fleet`: the regions that belong together, and how players come to them.
struct FleetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fleet", abstract: "Show and edit the regions that belong together.",
    discussion: """
      The fleet stands in mirrored/fleet.json (docs/fleet.md), and each edit is a commit in its primary. Where \
      administrators are configured, git signs it with the key of one.
      """,
    subcommands: [List.self, Add.self, SetOptions.self, Traffic.self, FenceOption.self, Remove.self],
    defaultSubcommand: List.self)

  static let applyHelp = ArgumentHelp(
    "Whether the region's account follows by itself what was pushed and mirrored.",
    valueName: "after-mirror|by-hand")

  /// When a region's account follows its repository.
  enum ApplyWish: String, ExpressibleByArgument, CaseIterable {
    /// By itself, after each push and each mirror.
    case afterMirror = "after-mirror"
    /// When somebody runs `lockstep apply`.
    case byHand = "by-hand"
  }

  // MARK: Editing

  /// Edits the fleet in its primary, and says what came of it.
  /// - Parameters:
  ///   - moved: the region that is at another place afterwards; where that is, or nil where it is in the fleet no more.
  ///   - founding: whether a region that is in no fleet begins one.
  ///   - change: changes the fleet; returns the commit's subject and what the person is told, which may be the same.
  static func edit(
    _ region: RegionOptions, _ output: OutputOptions, moved: (name: RegionName, place: String?)? = nil,
    founding: Bool = false,
    _ change: (inout Fleet, RegionRepository) throws -> (subject: String, words: String)
  ) throws {
    let own = try region.open()
    let lock = try own.lock(for: "lockstep fleet")
    defer { withExtendedLifetime(lock) {} }
    guard
      var fleet = try own.fleet()
        ?? (founding ? Fleet(primary: own.name, repository: own.place, epochID: Random.guid()) : nil)
    else { throw own.noFleet }
    try requirePrimary(own, of: fleet)
    if try Drain.read(of: own) != nil { try FenceCheck.pass("the change of the fleet", in: own) }
    let (subject, words): (String, String)
    do { (subject, words) = try change(&fleet, own) } catch let error as RegionError
      where error.code == .unknownResource && error.hint == nil
    {
      throw RegionError(
        error.code, error.message, hint: "see who is: lockstep fleet -C \(own.shellPlace)")
    }
    let former = try moved.flatMap {
      try own.git.configValue(RegionConfiguration.peerRepository($0.name))
    }
    let commit = try AdministratorCommit.make(fleet, message: subject, in: own)
    if let (name, place) = moved {
      if name != own.name { try own.git.setConfigValue(RegionConfiguration.peerRepository(name), place) }
      try tellOthers(of: name, at: place, formerly: former, own, fleet)
    }
    if output.json {
      Terminal.print(try document(fleet))
    } else {
      Terminal.say(commit == nil ? "\(words) already" : words)
    }
  }

  /// A standby's own commits would make it an edited target; and who is primary no more edits nothing.
  private static func requirePrimary(_ region: RegionRepository, of fleet: Fleet) throws {
    guard fleet.primary == region.name else {
      let place = fleet.regions.first { $0.name == fleet.primary }?.repository ?? fleet.primary.text
      throw RegionError(
        .refused, "the fleet is changed in its primary, \(fleet.primary), and not in \(region.name)",
        hint: "run the same there: -C \(ShellWord.quoted(place))")
    }
    // A peer that cannot be asked does not keep a person from taking it out of the fleet.
    let fence = try Fence(of: region)
    let standing = try fence.standing()
    if standing.isFenced, let refusal = try fence.refusal(of: "the change of the fleet", standing) {
      throw refusal
    }
  }

  /// Tells the other regions on this machine how a region is reached, and that region how they are.
  ///
  /// Only ways of this region's configuration are handed on: what the fleet's document says may have come by a push.
  private static func tellOthers(
    of name: RegionName, at place: String?, formerly former: String?, _ own: RegionRepository, _ fleet: Fleet
  ) throws {
    let members = Set(fleet.regions.map(\.name))
    var others = try RegionConfiguration.peers(of: own.git).filter { members.contains($0.key) }
    others[own.name] = own.place
    others[name] = nil
    let telling = RegionConfiguration.tell(of: name, at: place, formerly: former, among: others)
    for (region, reason) in telling.failures {
      Terminal.say("warning: the configuration of region \(region) could not be changed: \(reason)")
    }
  }

  static func document(_ fleet: Fleet?) throws -> JSONValue {
    ["fleet": try fleet.map { try JSONValue.parse($0.canonicalBytes()) } ?? .null, "version": 1]
  }
}

extension Fleet.Service: ExpressibleByArgument {
  init?(argument: String) {
    guard let service = Self.allCases.first(where: { $0.argument == argument }) else { return nil }
    self = service
  }

  static var allValueStrings: [String] { allCases.map(\.argument) }
}

extension FleetCommand {
  /// `lockstep fleet list`.
  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Show the fleet's regions, its epoch, and how players come to it.")
    @OptionGroup var region: RegionOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
      let repository = try region.open()
      let fleet = try repository.fleet()
      if output.json { return Terminal.print(try FleetCommand.document(fleet)) }
      guard let fleet else {
        let none = repository.noFleet
        return Terminal.say("\(none.message); \(none.hint ?? "")")
      }
      for line in Self.lines(fleet) { Terminal.print(line) }
      // What the branch says is not all that is known.
      let fence = try Fence(of: repository)
      guard let refusal = try fence.refusal(of: "every change", fence.standing(asking: .nobody)) else {
        return
      }
      Terminal.say("warning: \(refusal.message)")
      if let hint = refusal.hint { Terminal.say("hint: \(hint)") }
    }

    /// Fields between tabs; what belongs to a region stands below it, after two spaces.
    private static func lines(_ fleet: Fleet) -> [String] {
      var lines: [String] = []
      for (name, place) in fleet.regions {
        lines.append("\(name)\t\(name == fleet.primary ? "primary" : "standby")\t\(place)")
        if fleet.appliesAfterMirror(name) { lines.append("  apply\t\(ApplyWish.afterMirror.rawValue)") }
        for service in Fleet.Service.allCases {
          if let url = fleet.target(of: service, in: name) { lines.append("  \(service.argument)\t\(url)") }
        }
      }
      lines.append("epoch\t\(fleet.epoch.number)\t\(fleet.epoch.id)")
      lines.append("fence\t\(fleet.isFenceStrict ? "strict" : "off")")
      for service in Fleet.Service.allCases {
        guard let entry = fleet.traffic(of: service) else { continue }
        lines.append(
          "traffic\t\(service.argument)\t\(entry.hostName)\(entry.path)\tprobe \(entry.probe.path)"
            + (entry.probe.intervalSeconds.map { " every \($0) s" } ?? "")
            + (entry.probe.timeoutSeconds.map { " within \($0) s" } ?? "")
            + (entry.probe.failures.map { " off after \($0)" } ?? ""))
      }
      return lines
    }
  }
}
