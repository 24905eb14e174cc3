import ArgumentParser
import LiveAccount
import RegionRepository

/// `lockstep drift`: whether the live account is still what was last captured or applied.
struct DriftCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "drift",
    abstract: "Compare the live account with what was last captured or applied (exit 2: it differs).")

  @OptionGroup var region: RegionOptions
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let repository = try region.open()
    let account = try Accounts.open(for: repository)
    let capture = Capture(
      region: repository, account: account, identities: IdentityPlace.identities,
      cancellation: Interruption.cancellation)
    let findings = try await capture.drift()
    Reports.print(
      drift: findings, of: repository, isCutOff: try ApplyJournal.isOpen(for: repository), json: output.json)
    if !findings.isEmpty { throw ExitCode(ExitStatus.differences) }
  }
}
