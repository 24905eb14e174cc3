import ArgumentParser

/// `lockstep hook post-receive`: what follows a push that was accepted.
struct PostReceiveHook: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "post-receive", abstract: "Do what follows a push.", shouldDisplay: false)

  func run() async throws {}
}
