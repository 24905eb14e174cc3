import ArgumentParser

/// `lockstep hooks`: git's hooks in a region's repository.
struct HooksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hooks",
    abstract: "Put git's hooks into a region's repository, or say what is wrong with them.",
    subcommands: [HooksInstallCommand.self, HooksCheckCommand.self])
}
