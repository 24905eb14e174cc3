import ArgumentParser
import CanonicalJSON
import Failover
import Git
import LiveAccount
import MediaResources
import Planning
import RegionRepository

/// `lockstep capture`: live account → commit.
struct CaptureCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "capture", abstract: "Write what the live account holds as a commit.")

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  @Option(name: [.short, .long], help: "The commit's subject, instead of one that names what changed.")
  var message: String?

  @Flag(
    name: .customLong("force-deletions"),
    help: ArgumentHelp(
      "Take over an account that has lost most of what it held, or a standby's files that are gone or changed."
    ))
  var forceDeletions = false

  @Flag(help: "Look at the files of every asset, too; else only at those of new and changed assets.")
  var contents = false

  @Flag(help: "Say what would be captured, and write nothing.")
  var dryRun = false

  private var reading: Observer.Reading { contents ? .contents : .changed }

  func run() async throws {
    let repository = try region.open()
    let lock = try repository.lock(for: "lockstep capture")
    defer { withExtendedLifetime(lock) {} }
    if dryRun {
      let capture = Capture(
        region: repository, account: try Accounts.open(for: repository), identities: IdentityPlace.identities,
        cancellation: Interruption.cancellation)
      Reports.print(
        drift: try await capture.drift(reading: reading), of: repository,
        isCutOff: try ApplyJournal.isOpen(for: repository), json: output.json)
      return
    }
    let report = try await Self.capture(
      repository, message: message, allowsDeletions: forceDeletions, reading: reading)
    for change in report.identityChanges { Terminal.say("warning: identity has changed: \(change)") }
    for name in report.unboundStorage {
      Terminal.say(
        "warning: storage account \(name) is no binding of region \(report.region): other regions would look for its"
          + " assets' files under that very name")
      Terminal.say(
        "hint: give it a symbol that every region binds to its own: lockstep bind storage.SYMBOL=\(name) -C"
          + " \(repository.shellPlace)")
    }
    if output.json {
      Terminal.print(
        [
          "aside": .bool(report.isAside), "changes": .array(report.changes.map(\.finding.json)),
          "commit": report.commit.map { .string($0.hex) } ?? .null,
          "head": report.head.map { .string($0.hex) } ?? .null, "region": .string(report.region.text),
          "unboundStorage": .array(report.unboundStorage.map { .string($0) }),
          "version": 1,
        ])
    } else if let commit = report.commit {
      Terminal.print(lines: report.changes.lazy.map(\.finding.summary))
      Terminal.say(
        report.changes.isEmpty
          ? "brought \(commit.abbreviated), which was captured before, into region \(report.region)"
          : "captured \(Count.text(report.changes.count, "change")) of region \(report.region) as \(commit.abbreviated)"
            + (report.isAside ? ", kept aside in \(RegionRepository.asideReference)" : ""))
    } else {
      Terminal.say("region \(report.region) holds what its live account holds")
    }
  }

  /// Ends an apply that was cut off, and captures: into the branch, or aside where the region is fenced.
  ///
  /// The caller holds the region's lock.
  /// - Parameter isHandover: whether it is the last one of a primary that is handed over.
  static func capture(
    _ repository: RegionRepository, message: String? = nil, allowsDeletions: Bool = false,
    reading: Observer.Reading = .changed, isQuiet: Bool = false, isHandover: Bool = false
  ) async throws -> CaptureReport {
    if !isHandover, try Drain.read(of: repository) != nil {
      try FenceCheck.pass("the capture", in: repository)
    }
    // Peers are asked first: an account that went away meanwhile must be found gone.
    let keepsAside = try FenceCheck.keepsAside(in: repository, isQuiet: isQuiet)
    let account = try Accounts.open(for: repository)
    let capture = Capture(
      region: repository, account: account, identities: IdentityPlace.identities,
      cancellation: Interruption.cancellation)
    if keepsAside {
      // Half of an apply is nothing that the account was meant to be; its rest is done when the region may change again.
      if try ApplyJournal.isOpen(for: repository) {
        try FenceCheck.pass("the end of an apply", in: repository)
      }
      return try await capture.keepAside(
        message: message, allowsDeletions: allowsDeletions, reading: reading)
    }
    try await ApplyCommand.finishInterrupted(repository, account)
    return try await capture.run(message: message, allowsDeletions: allowsDeletions, reading: reading)
  }
}
