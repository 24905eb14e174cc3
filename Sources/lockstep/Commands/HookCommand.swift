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
      var findings: [SecretGuard.Finding] = []
      let secrets = SecretGuard(source: git)
      while let line = readLine() {
        let words = line.split(separator: " ")
        guard words.count == 3, let id = ObjectID(hex: String(words[1])), id != .zero else { continue }
        guard let commit = try? git.commit(named: id.hex) else {
          throw RegionError(
            .refused, "\(words[2]) would name something that is no commit, and nobody could judge it",
            hint: "push commits, and tags of commits")
        }
        new.append(commit)
        guard let old = ObjectID(hex: String(words[0])), old != .zero,
          let before = try? git.commit(named: old.hex)
        else { continue }
        findings += try secrets.losses(from: before, to: commit)
      }
      guard !new.isEmpty else { return }
      // What is there already and is no commit hides nothing.
      let known = try git.references(beneath: "refs/").compactMap { try? git.commit(named: $0.id.hex) }
      let commits = try git.commits(reachableFrom: new, hiding: known)
      findings += try secrets.findings(in: commits, leadingTo: new)
      guard !findings.isEmpty else { return }
      for finding in findings.prefix(Self.shown) {
        Terminal.say("refused: \(finding.path) of commit \(finding.commit.abbreviated): \(finding.message)")
      }
      if findings.count > Self.shown { Terminal.say("and \(findings.count - Self.shown) more") }
      Terminal.say(Self.hint(for: findings))
      throw ExitCode(ExitStatus.refused)
    }

    private static func hint(for findings: [SecretGuard.Finding]) -> String {
      if findings.contains(where: { $0.rule == .clear }) {
        return
          "hint: lockstep seal FILE && git commit --amend FILE; in an older commit of the push: git rebase -i"
      }
      if findings.contains(where: { $0.rule == .lostKey }) {
        return
          "hint: data keys stay when other things are taken back: git checkout origin/HEAD -- mirrored/sealing &&"
          + " git commit --amend"
      }
      return "hint: mend the commits that are named: git commit --amend, or git rebase -i"
    }

    private static let shown = 50
  }
}
