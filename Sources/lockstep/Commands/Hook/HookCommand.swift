import ArgumentParser

/// `lockstep hook`: what git's hooks call.
struct HookCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hook", abstract: "What git's hooks call.", shouldDisplay: false,
    subcommands: [PreReceiveHook.self, PostReceiveHook.self, HoldPushCommand.self, HookWorkCommand.self])
}
