import CommitGuard
import Git
import MediaResources
import RegionRepository
import Support
import Testing

/// Judging commits that nobody has made durable: what mirrors and joins ask before they write.
@Suite struct CommitGuardTests {
  @Test func `commits in an unfinished pack are judged as those of a repository`() throws {
    let commits = try Commits()
    let root = try #require(try commits.region.head())
    let film = try commits.commit(on: [root], [Commits.asset("film"), Commits.locator("one", id: 1)])
    #expect(try commits.rules([film]).isEmpty)
    let broken = try commits.commit(on: [film], [Commits.locator("two", id: 2, asset: "nowhere")])
    #expect(try commits.rules([broken]) == ["reference"])
    #expect(try commits.rules([film, broken]) == ["reference"])
    let same = try commits.commit(
      on: [film], [Commits.locator("two", id: 1), Commits.locator("three", id: 1)])
    #expect(
      try commits.rules([same]) == ["unique"], "without an index only what the commit brings is compared")
    let changed = try commits.commit(on: [film], [Commits.locator("one", id: 7)])
    #expect(try commits.rules([changed]) == ["identity"])
    #expect(!commits.region.git.contains(film))
  }

  @Test func `the merged whole of two sound sides is judged without any index`() throws {
    let commits = try Commits()
    let root = try #require(try commits.region.head())
    let base = try commits.commit(on: [root], [Commits.asset("film"), Commits.filter("short")])
    let less = try commits.commit(on: [base], taking: [Commits.id(.accountFilter, "short")])
    let more = try commits.commit(on: [base], [Commits.locator("one", id: 1, filters: ["short"])])
    let merged = try commits.commit(on: [less, more], [Commits.locator("one", id: 1, filters: ["short"])])
    #expect(try commits.rules([merged]) == ["reference"])
    let other = try commits.commit(on: [base], [Commits.locator("two", id: 1)])
    let both = try commits.commit(on: [more, other], [Commits.locator("two", id: 1)])
    #expect(try commits.rules([both]) == ["unique"])
    let sound = try commits.commit(on: [base], [Commits.locator("two", id: 2)])
    let whole = try commits.commit(on: [more, sound], [Commits.locator("two", id: 2)])
    #expect(try commits.rules([more, sound, whole]).isEmpty)
  }

  @Test func `of a merge, what no parent has is brought, and what one has is that one's`() throws {
    let commits = try Commits()
    let root = try #require(try commits.region.head())
    let base = try commits.commit(on: [root], [Commits.asset("film"), Commits.locator("one", id: 1)])
    let renamed = try commits.commit(
      on: [base], [Commits.locator("one", id: 2)], "New\n\nLockstep-Allow-Identity-Change: locator/one\n")
    let side = try commits.commit(on: [base], [Commits.filter("side")])
    let merge = try commits.commit(on: [side, renamed], [Commits.locator("one", id: 2)])
    #expect(try commits.rules([renamed, side, merge]).isEmpty)
    #expect(try commits.rules([merge]).isEmpty, "where both sides count already, the same holds")
    let back = try commits.commit(
      on: [renamed, side], [Commits.locator("one", id: 1), Commits.filter("side")])
    #expect(try commits.rules([back]) == ["identity"])
    let third = try commits.commit(
      on: [renamed, side], [Commits.locator("one", id: 3), Commits.filter("side")])
    #expect(try commits.rules([third]).allSatisfy { $0 == "identity" } && !commits.rules([third]).isEmpty)
  }

  @Test func `identity is judged over all commits that come together, and against what is live`() throws {
    let commits = try Commits()
    let root = try #require(try commits.region.head())
    let base = try commits.commit(on: [root], [Commits.asset("film"), Commits.locator("one", id: 1)])
    let gone = try commits.commit(on: [base], taking: [Commits.id(.streamingLocator, "one")])
    let other = try commits.commit(on: [gone], [Commits.locator("one", id: 2)])
    #expect(try commits.rules([gone, other]) == ["identity"])
    #expect(try commits.rules([other]).isEmpty, "nothing says what was there before")
    #expect(try commits.rules([other], live: base) == ["identity"])
    #expect(try commits.rules([other], live: gone).isEmpty)
    let same = try commits.commit(on: [gone], [Commits.locator("one", id: 1)])
    #expect(try commits.rules([gone, same], live: base).isEmpty)
    // The grave is carried past commits and merges that do other things.
    let side = try commits.commit(on: [gone], [Commits.filter("side")])
    let beside = try commits.commit(on: [gone], [Commits.filter("beside")])
    let merge = try commits.commit(on: [side, beside], [Commits.filter("beside")])
    let late = try commits.commit(on: [merge], [Commits.locator("one", id: 2)])
    #expect(try commits.rules([gone, side, beside, merge, late]) == ["identity"])
    // Only the commit that brings it back may say that it is meant.
    let word = "Meant\n\nLockstep-Allow-Identity-Change: locator/one\n"
    let meant = try commits.commit(on: [gone], [Commits.locator("one", id: 2)], word)
    #expect(try commits.rules([gone, meant], live: base).isEmpty)
    let taken = try commits.commit(on: [base], taking: [Commits.id(.streamingLocator, "one")], word)
    let after = try commits.commit(on: [taken], [Commits.locator("one", id: 2)])
    let later = try commits.commit(on: [after], [Commits.filter("later")], word)
    #expect(try commits.rules([taken, after, later]) == ["identity"])
  }

  @Test func `what lies beside the branch is compared with the account where a merge brings it in`() throws {
    let commits = try Commits()
    let film = try Commits.asset("film")
    let live = try commits.commit(on: [], [film, Commits.locator("l", id: 1, asset: "film")])
    // The account has a locator still that the branch has given up.
    let gone = try commits.commit(
      on: [live], taking: [ResourceID(kind: .streamingLocator, assetName: nil, name: "l")])
    let beside = try commits.commit(on: [], [film, Commits.locator("l", id: 2, asset: "film")])
    let merge = try commits.commit(on: [gone, beside], [Commits.locator("l", id: 2, asset: "film")])
    func found(_ tip: ObjectID, line: Set<ObjectID>) throws -> [ObjectID?] {
      try CommitGuard(source: commits.pack, region: nil, rules: [.identity])
        .findings(in: [beside, tip], live: live) { line.contains($0) }.map(\.commit)
    }
    #expect(try found(merge, line: [gone, merge]) == [merge])
    #expect(try found(merge, line: [gone, beside, merge]) == [beside])
    let without = try commits.commit(on: [gone, beside], taking: [])
    #expect(try found(without, line: [gone, without]).isEmpty)
  }

  @Test func `what two sides took out in two forms comes back as neither without a word`() throws {
    let commits = try Commits()
    let root = try #require(try commits.region.head())
    let base = try commits.commit(on: [root], [Commits.asset("film"), Commits.locator("one", id: 1)])
    let gone = try commits.commit(on: [base], taking: [Commits.id(.streamingLocator, "one")])
    let renamed = try commits.commit(
      on: [base], [Commits.locator("one", id: 2)], "New\n\nLockstep-Allow-Identity-Change: locator/one\n")
    let alsoGone = try commits.commit(on: [renamed], taking: [Commits.id(.streamingLocator, "one")])
    for parents in [[gone, alsoGone], [alsoGone, gone]] {
      let merge = try commits.commit(on: parents, [Commits.filter("merged")])
      for id in [1, 2] {
        let back = try commits.commit(on: [merge], [Commits.locator("one", id: id)])
        #expect(try commits.rules([gone, renamed, alsoGone, merge, back]) == ["identity"])
      }
    }
  }
}
