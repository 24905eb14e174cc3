import ArgumentParser
import CanonicalJSON
import Git
import History
import LiveAccount
import MediaResources
import RegionRepository

/// `lockstep log`: what changed, when, by whom, and where it went.
struct LogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "log", abstract: "Say what changed, when, by whom, and where it was mirrored and applied.",
    discussion: """
      Newest commit first, with the resources and properties that it changed; a secret is never shown, only that its \
      value changed. Works in every clone of a region's repository; what was mirrored and applied comes from the records \
      on the branches lockstep/audit, this region's and those of peers on this machine.
      """)

  @Argument(help: "A resource, such as locator/NAME, or a kind, such as locator.")
  var what: String?

  @Option(help: "Only commits whose author's name or address holds this, whatever its case.")
  var author: String?

  @Option(
    help: ArgumentHelp(
      "Only commits that are not older, as git understands dates (yesterday, 2026-11-25, 2 weeks ago).",
      valueName: "date"))
  var since: String?

  @Option(help: ArgumentHelp("Only commits that are not newer.", valueName: "date"))
  var until: String?

  @Option(
    name: [.customShort("n", allowingJoined: true), .customLong("max-count")],
    help: ArgumentHelp("Only the newest so many commits.", valueName: "count"))
  var count: Int?

  @Flag(
    help: "Say who was primary from when to when, by whom and why, and how long each move took; nothing else."
  )
  var roles = false

  @OptionGroup var region: RegionOptions

  @Flag(help: "Print one JSON document a commit, each on its line.")
  var json = false

  @OptionGroup var colour: ColourOptions

  func validate() throws {
    if let count, count < 0 { throw ValidationError("-n takes a number that is not negative.") }
    for (option, text) in [("--since", since), ("--until", until)] {
      if let text, !TimeArgument.isUnderstood(text) {
        throw ValidationError(
          "\(option) takes a time as git understands it (yesterday, 2026-11-25, 2 weeks ago), not '\(text)'.")
      }
    }
    if roles, what != nil || author != nil || since != nil || until != nil {
      throw ValidationError("--roles shows every role; -n alone goes with it.")
    }
  }

  func run() async throws {
    let repository = try ClonedRegion.open(at: region.region)
    let head = try ClonedRegion.head(of: repository)
    if roles { return try showRoles(of: repository, from: head) }
    var query = LogQuery()
    query.scope = try what.map { .path(try ResourceArgument.place($0)) } ?? .all
    query.author = author
    query.since = try since.map { try GitProgram.seconds(of: .since($0), in: repository) }
    query.until = try until.map { try GitProgram.seconds(of: .until($0), in: repository) }
    var log = try HistoryLog(of: repository, from: head, query: query)
    let report = LogReport(
      source: repository,
      comparison: ResourceComparison(keyring: try repository.keyring(identities: IdentityPlace.quiet)))
    let colours = colour.colours
    var rest = count ?? .max
    while rest > 0, let entry = try log.next() {
      try Interruption.cancellation.check()
      rest -= 1
      if json {
        Terminal.print(bytes: try report.json(entry).compactBytes() + Array("\n".utf8))
      } else {
        Terminal.print(lines: try report.lines(entry).map(colours.text))
      }
    }
    // As git log, this is no error; a mistyped name should show all the same.
    if let what, count == nil, rest == .max, author == nil, since == nil, until == nil {
      Terminal.say("no commit of this history has ever changed \(what)")
    }
  }
}

extension LogCommand {
  private func showRoles(of repository: Repository, from head: ObjectID) throws {
    for entry in try RoleHistory.timeline(of: repository, from: head).prefix(count ?? .max) {
      if json {
        Terminal.print(bytes: entry.json.compactBytes() + Array("\n".utf8))
      } else {
        Terminal.print(entry.line)
      }
    }
  }
}

/// A region's repository as its readers have it: the repository itself, or any clone.
enum ClonedRegion {
  /// Opens the repository at a folder, or at the nearest folder above it that is one.
  static func open(at path: String) throws -> Repository {
    do { return try Repository.discover(from: path) } catch {
      guard error.code == .notFound else { throw error }
      throw RegionError(
        .notARegion, "\(path) is not inside a repository",
        hint: "name one: -C FOLDER, a region's repository or a clone of it")
    }
  }

  /// The newest commit.
  static func head(of repository: Repository) throws -> ObjectID {
    guard let head = try repository.headCommit() else {
      throw RegionError(
        .badDocument, "the repository has no commit yet",
        hint: "in a clone, fetch when its region has one: git pull; a region begins with lockstep init")
    }
    return head
  }
}
