import CanonicalJSON
import Git
import RegionRepository
import Support
import Testing

@testable import Replay

/// Where two sides parted at several commits at once.
@Suite struct MergeBaseTests {
  private let folder: TemporaryFolder
  private let git: Repository
  private let person = Array("Tess <t@x> 1700000000 +0000".utf8)

  init() throws {
    folder = try TemporaryFolder()
    git = try Repository.create(at: folder.path, bare: true, initialBranch: "main")
  }

  private func commit(_ parents: [ObjectID], _ values: [String: String]) throws -> ObjectID {
    let pack = try PackWriter(repository: git)
    var edits: [String: (mode: UInt32, id: ObjectID)?] = [:]
    for (name, text) in values {
      edits["account-filters/\(name).json"] = (
        mode: TreeMode.file, id: try pack.write(.blob, Array(text.utf8), replacing: nil)
      )
    }
    let mirrored = try TreeEditor.apply(edits, to: nil, source: pack, sink: pack)
    let tree = try pack.write(
      .tree, RegionTree(mirrored: mirrored, local: nil).encoded(), replacing: nil)
    let commit = RawCommit(
      tree: tree, parents: parents, authorLine: person, committerLine: person, extraHeaders: [],
      message: Array("m\n".utf8))
    let id = try pack.write(.commit, commit.bytes, replacing: nil)
    try pack.finish()
    return id
  }

  private func text(_ name: String, in tree: ObjectID?) throws -> String? {
    try git.file("account-filters/\(name).json", in: tree).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test func `criss-cross merges are merged first, and what they left in conflict is neither side's`() throws
  {
    let root = try commit([], ["a": "0", "b": "0", "c": "0"])
    let one = try commit([root], ["a": "1", "b": "1", "c": "0"])
    let two = try commit([root], ["a": "2", "b": "0", "c": "2"])
    let left = try commit([one, two], ["a": "1", "b": "1", "c": "2"])
    let right = try commit([two, one], ["a": "2", "b": "1", "c": "2"])
    let bases = try git.mergeBases(left, [right])
    #expect(Set(bases) == [one, two])
    let pack = try PackWriter(repository: git)
    let tree = try MergeBase(repository: git, pack: pack).tree(of: bases)
    try pack.finish()
    #expect(try text("b", in: tree) == "1" && text("c", in: tree) == "2")
    let undecided = try text("a", in: tree)
    #expect(undecided != nil && !["0", "1", "2"].contains(undecided), "it stays a conflict")
    // One base is its tree, none is none.
    #expect(try MergeBase(repository: git, pack: pack).tree(of: [one]) == git.regionTree(of: one).mirrored)
    #expect(try MergeBase(repository: git, pack: pack).tree(of: []) == nil)
  }

  @Test func `what is new is found exactly where clocks go wrong`() throws {
    // Each commit is older than its parent says, so that a walk by dates would go past what is hidden.
    func dated(_ parents: [ObjectID], _ seconds: Int) throws -> ObjectID {
      let pack = try PackWriter(repository: git)
      try pack.write(.tree, [], replacing: nil)
      let line = Array("Tess <t@x> \(seconds) +0000".utf8)
      let commit = RawCommit(
        tree: .emptyTree, parents: parents, authorLine: line, committerLine: line, extraHeaders: [],
        message: Array("m\n".utf8))
      let id = try pack.write(.commit, commit.bytes, replacing: nil)
      try pack.finish()
      return id
    }
    var line = [try dated([], 2_000_000_000)]
    for number in 1...40 { line.append(try dated([line[number - 1]], 2_000_000_000 - number * 1_000)) }
    // Two that stand far apart, both newer than all between.
    let old = try dated([line[1]], 2_100_000_000)
    let new = try dated([line[40], old], 1_000)
    #expect(try Set(git.commits(reachableFrom: [new], hiding: [line[40]])) == [old, new])
    #expect(try git.commits(reachableFrom: [line[0]], hiding: [line[40]]) == [])
    #expect(try git.commits(reachableFrom: [old], hiding: [new]) == [])
  }
}
