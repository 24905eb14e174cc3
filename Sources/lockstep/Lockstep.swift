import ArgumentParser

/// The program: parses arguments, runs one command, and turns every failure into words and an exit code.
@main
struct Lockstep: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lockstep",
    abstract: "Keeps video-streaming regions in lockstep through git.",
    version: "0.1.0",
    groupedSubcommands: [
      CommandGroup(
        name: "Region",
        subcommands: [
          InitCommand.self, PublishCommand.self, ShowCommand.self, StatusCommand.self, DiffCommand.self,
          RollbackCommand.self,
        ]),
      CommandGroup(
        name: "Account",
        subcommands: [
          CaptureCommand.self, PlanCommand.self, ApplyCommand.self, DriftCommand.self, BindCommand.self,
        ]),
      CommandGroup(
        name: "Fleet",
        subcommands: [
          MirrorCommand.self, WatchCommand.self, VerifyCommand.self, FleetCommand.self, ReadyCommand.self,
          DrillCommand.self, SwitchoverCommand.self, FailoverCommand.self, RejoinCommand.self,
          TrafficCommand.self,
          ServeCommand.self,
        ]),
      CommandGroup(
        name: "History",
        subcommands: [LogCommand.self, BlameCommand.self, AuditCommand.self, ReportCommand.self]),
      CommandGroup(
        name: "Secrets",
        subcommands: [KeysCommand.self, SealCommand.self]),
      CommandGroup(
        name: "Tool",
        subcommands: [
          FormatCommand.self, HooksCommand.self, TextconvCommand.self, HookCommand.self, MoveStepCommand.self,
          DemoCommand.self,
        ]),
    ])

  /// The entry point; `AsyncParsableCommand.main` would print errors in its own words.
  static func main() async {
    SecretDescriptors.protect()
    Interruption.install()
    Interruption.forbidCoreFiles()
    var parsed: (any ParsableCommand.Type)?
    do {
      var command = try parseAsRoot()
      parsed = type(of: command)
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    } catch {
      Failure.exit(with: error, of: parsed)
    }
  }
}
