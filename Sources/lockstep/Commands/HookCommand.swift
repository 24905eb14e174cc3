import ArgumentParser
import Git
import RegionRepository

/// `lockstep hook`: what git's hooks call.
struct HookCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hook", abstract: "What git's hooks call.", shouldDisplay: false,
    subcommands: [PreReceive.self])

  /// `lockstep hook pre-receive`: judges a push before a ref moves.
  struct PreReceive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pre-receive", abstract: "Refuse a push that brings a secret in clear (exit 4).",
      discussion: "Reads the lines 'OLD NEW REF' that git gives a pre-receive hook.")

    func run() async throws {
      let git = try Repository.openByEnvironment()
      var new: [ObjectID] = []
      while let line = readLine() {
        let words = line.split(separator: " ")
        if words.count == 3, let id = ObjectID(hex: String(words[1])), id != .zero { new.append(id) }
      }
      guard !new.isEmpty else { return }
      let known = try git.references(beneath: "refs/").map(\.id)
      let commits = try git.commits(reachableFrom: new, hiding: known)
      let findings = try ClearSecrets.findings(in: commits, of: git)
      guard !findings.isEmpty else { return }
      for finding in findings.prefix(Self.shown) {
        Terminal.say(
          "refused: \(finding.path) of commit \(finding.commit.abbreviated): the secret at \(finding.place) stands in"
            + " clear")
      }
      if findings.count > Self.shown { Terminal.say("and \(findings.count - Self.shown) more") }
      Terminal.say(
        "hint: lockstep seal FILE && git commit --amend FILE; where it stands in an older commit of the push, git rebase"
      )
      throw ExitCode(ExitStatus.refused)
    }

    private static let shown = 50
  }
}
