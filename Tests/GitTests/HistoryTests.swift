import Foundation
import Git
import Support
import Testing

/// Walks of histories whose dates mean nothing, judged by git.
@Suite struct HistoryTests {
  /// A random history of so many commits, with random dates: merges, several roots.
  private func history(_ seed: UInt64, commits: Int, in folder: String) throws -> [String] {
    var random = SeededGenerator(seed: seed)
    try Program.git("init", "--quiet", in: folder)
    let tree = try Program.git("hash-object", "-t", "tree", "-w", "--stdin", in: folder, input: "")
    var made: [String] = []
    for number in 0..<commits {
      let count =
        number == 0 || Int.random(in: 0..<12, using: &random) == 0 ? 0 : Int.random(in: 1...2, using: &random)
      let parents = Set((0..<count).compactMap { _ in made.suffix(8).randomElement(using: &random) })
      let date = "@\(Int.random(in: 1...2_000_000_000, using: &random)) +0000"
      let outcome = try Program.run(
        "git", ["commit-tree", tree, "-m", "\(number)"] + parents.sorted().flatMap { ["-p", $0] }, in: folder,
        environment: [
          "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "GIT_AUTHOR_NAME": "A",
          "GIT_AUTHOR_EMAIL": "a@x",
          "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@x",
        ])
      guard outcome.status == 0 else { throw Program.Failed(what: "git commit-tree", outcome: outcome) }
      made.append(outcome.output.trimmingCharacters(in: .newlines))
    }
    return made
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func `what is reachable from one commit and not from another is what git says, parents first`(seed: UInt64)
    throws
  {
    let folder = try TemporaryFolder()
    let made = try history(seed, commits: 90, in: folder.path)
    let repository = try Repository.open(at: folder.path)
    var random = SeededGenerator(seed: seed)
    for _ in 0..<60 {
      let tip = try #require(made.randomElement(using: &random))
      let known = try #require(made.randomElement(using: &random))
      // git's own difference goes past hidden commits where clocks went wrong; whole histories do not.
      func reachable(_ id: String) throws -> Set<String> {
        try Set(Program.git("rev-list", id, in: folder.path).split(separator: "\n").map(String.init))
      }
      let expected = try reachable(tip).subtracting(reachable(known))
      let (a, b) = (try #require(ObjectID(hex: tip)), try #require(ObjectID(hex: known)))
      let found = try repository.commits(reachableFrom: [a], hiding: [b])
      #expect(Set(found.map(\.hex)) == expected && found.count == expected.count)
      var seen: Set<ObjectID> = []
      for id in found {
        let parents = try RawCommit(bytes: repository.read(id).bytes).parents
        #expect(parents.allSatisfy { seen.contains($0) || !found.contains($0) })
        seen.insert(id)
      }
      let isAncestor =
        try Program.run("git", ["merge-base", "--is-ancestor", tip, known], in: folder.path).status == 0
      #expect(try repository.isAncestor(a, of: b) == (isAncestor && tip != known))
    }
  }
}
