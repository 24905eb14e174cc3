import CommitGuard
import Foundation
import Git
import MediaResources
import RegionRepository
import Support
import Testing

/// The index of a region: it follows trees, and what it does not know is never an answer.
@Suite struct RegionIndexTests {
  private func open(_ commits: Commits, _ commit: ObjectID?, _ built: () -> Void = {}) throws -> RegionIndex {
    let tree = try commit.map { try commits.pack.regionTree(of: $0).mirrored } ?? nil
    return try RegionIndex.open(
      at: commits.folder["index.sqlite"], describing: tree, in: commits.pack, willBuild: built)
  }

  @Test func `what is taken away from the rest of the region shows to the index alone`() throws {
    let commits = try Commits()
    let root = try #require(try commits.region.head())
    let base = try commits.commit(
      on: [root], [Commits.asset("film"), Commits.asset("other"), Commits.locator("one", id: 1)])
    let less = try commits.commit(on: [base], taking: [Commits.id(.asset, "film")])
    let twice = try commits.commit(on: [base], [Commits.locator("two", id: 1)])
    #expect(try commits.rules([less]).isEmpty && commits.rules([twice]).isEmpty)
    let index = try open(commits, base)
    #expect(try commits.rules([less], index: index) == ["reference"])
    #expect(try commits.rules([twice], index: index) == ["unique"])
    let free = try commits.commit(on: [base], taking: [Commits.id(.asset, "other")])
    #expect(try commits.rules([free], index: index).isEmpty)
    // What the commits bring before counts, and what they take away does not.
    let moved = try commits.commit(on: [base], [Commits.locator("one", id: 1, asset: "other")])
    let then = try commits.commit(on: [moved], taking: [Commits.id(.asset, "film")])
    #expect(try commits.rules([moved, then], index: index).isEmpty)
    let late = try commits.commit(on: [moved], taking: [Commits.id(.asset, "other")])
    #expect(try commits.rules([moved, late], index: index) == ["reference"])
    let gone = try commits.commit(on: [base], taking: [Commits.id(.streamingLocator, "one")])
    let again = try commits.commit(on: [gone], [Commits.locator("two", id: 1)])
    #expect(try commits.rules([gone, again], index: index).isEmpty)
  }

  @Test func `commits that build upon something else than the index describes are judged by that`() throws {
    let commits = try Commits()
    let root = try #require(try commits.region.head())
    let old = try commits.commit(on: [root], [Commits.asset("film"), Commits.locator("one", id: 1)])
    let newest = try commits.commit(on: [old], taking: [Commits.id(.streamingLocator, "one")])
    let index = try open(commits, newest)
    let less = try commits.commit(on: [old], taking: [Commits.id(.asset, "film")])
    #expect(try commits.rules([less], index: index) == ["reference"])
    let twice = try commits.commit(on: [old], [Commits.locator("two", id: 1)])
    #expect(try commits.rules([twice], index: index) == ["unique"])
  }

  @Test func `it is built once, follows trees forth and back, and is built anew where it is damaged`() throws
  {
    let commits = try Commits()
    let root = try #require(try commits.region.head())
    let one = try commits.commit(on: [root], [Commits.asset("film"), Commits.locator("one", id: 1)])
    let two = try commits.commit(
      on: [one], [Commits.locator("two", id: 2)], taking: [Commits.id(.streamingLocator, "one")])
    var builds = 0
    func check(_ location: SourceLocation = #_sourceLocation) throws {
      for (commit, id) in [(one, 1), (two, 2), (one, 1), (root, 0), (two, 2)] {
        let index = try open(commits, commit) { builds += 1 }
        for candidate in 1...2 {
          let clash = try commits.commit(
            on: [commit], [Commits.asset("film"), Commits.locator("three", id: candidate)])
          #expect(
            try commits.rules([clash], index: index) == (candidate == id ? ["unique"] : []),
            sourceLocation: location)
        }
      }
    }
    try check()
    #expect(builds == 1)
    let path = commits.folder["index.sqlite"]
    RegionIndex.delete(at: path)
    try check()
    #expect(builds == 2)
    for damage in ["", "no database at all", String(repeating: "SQLite format 3\u{0}", count: 500)] {
      RegionIndex.delete(at: path)
      try commits.folder.write(damage, to: "index.sqlite")
      try check()
    }
    #expect(builds == 5)
    // Trees that are gone: nothing to follow.
    let elsewhere = try Commits()
    try FileManager.default.copyItem(atPath: path, toPath: elsewhere.folder["index.sqlite"])
    let head = try #require(try elsewhere.region.head())
    let film = try elsewhere.commit(on: [head], [Commits.asset("film"), Commits.locator("one", id: 1)])
    let index = try open(elsewhere, film) { builds += 1 }
    let clash = try elsewhere.commit(on: [film], [Commits.locator("two", id: 1)])
    #expect(try elsewhere.rules([clash], index: index) == ["unique"])
  }

  @Test func `two processes bring one index along without harm to what either sees`() throws {
    let commits = try Commits()
    let root = try #require(try commits.region.head())
    let one = try commits.commit(on: [root], [Commits.asset("film"), Commits.locator("one", id: 1)])
    let two = try commits.commit(on: [one], taking: [Commits.id(.streamingLocator, "one")])
    let first = try open(commits, one)
    let second = try open(commits, two)
    let clash = try commits.commit(on: [one], [Commits.locator("two", id: 1)])
    #expect(try commits.rules([clash], index: first) == ["unique"])
    let free = try commits.commit(on: [two], [Commits.locator("two", id: 1)])
    #expect(try commits.rules([free], index: second).isEmpty)
  }
}
