import Age
import CanonicalJSON
import Git
import RegionRepository
import Sealing
import Support
import Testing

import struct Age.Identity

@testable import Replay

/// Where two sides parted at several commits at once.
@Suite struct MergeBaseTests {
  private let folder: TemporaryFolder
  private let git: Repository
  private let person = Array("Tess <t@x> 1700000000 +0000".utf8)

  private let keys: WorldKeys

  init() throws {
    keys = try WorldKeys()
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
    let tree = try MergeBase(repository: git, pack: pack, identities: keys.identities).tree(of: bases)
    try pack.finish()
    #expect(try text("b", in: tree) == "1" && text("c", in: tree) == "2")
    let undecided = try text("a", in: tree)
    #expect(undecided != nil && !["0", "1", "2"].contains(undecided), "it stays a conflict")
    // One base is its tree, none is none.
    #expect(
      try MergeBase(repository: git, pack: pack, identities: keys.identities).tree(of: [one])
        == git.regionTree(of: one).mirrored)
    #expect(try MergeBase(repository: git, pack: pack, identities: keys.identities).tree(of: []) == nil)
  }

  @Test func `who was let in on either of two ways, and taken out since, is out`() throws {
    let people = (0..<4).map { RecipientList.Entry(Identity.generate().recipient, label: "\($0)") }
    func files(_ more: [Int], of older: SealingFiles) throws -> SealingFiles {
      let keyring = Keyring(files: older, identities: keys.identities, trust: .none)
      let list = try RecipientList(keys.list.entries + more.map { people[$0] })
      return try KeyAdministration.wrap(for: list, in: keyring).files
    }
    func commit(_ parents: [ObjectID], _ files: SealingFiles) throws -> ObjectID {
      let pack = try PackWriter(repository: git)
      let edits = try TreeEditor.edits(for: files, besides: SealingFiles(), into: pack)
      let mirrored = try TreeEditor.apply(edits, to: nil, source: pack, sink: pack)
      let tree = RegionTree(mirrored: mirrored, local: nil).encoded()
      let commit = RawCommit(
        tree: try pack.write(.tree, tree, replacing: nil), parents: parents, authorLine: person,
        committerLine: person, extraHeaders: [], message: Array("m\n".utf8))
      let id = try pack.write(.commit, commit.bytes, replacing: nil)
      try pack.finish()
      return id
    }
    // Both ways let somebody in, and were merged on both sides.
    let root = try commit([], keys.files)
    let ways = try [0, 1].map { try files([$0], of: keys.files) }
    let parted = try ways.map { try commit([root], $0) }
    let both = try files([0, 1], of: ways[0])
    let sides = try [parted, parted.reversed()].map { try commit($0, both) }
    #expect(try Set(git.mergeBases(sides[0], [sides[1]])) == Set(parted))
    // One side then takes one of them out, the other one lets a third one in.
    for out in [0, 1] {
      let ours = try files([1 - out], of: both)
      let theirs = try files([0, 1, 2], of: both)
      let pack = try PackWriter(repository: git)
      let trees = try [commit([sides[0]], ours), commit([sides[1]], theirs)].map {
        try git.regionTree(of: $0).mirrored
      }
      let base = try MergeBase(repository: git, pack: pack, identities: keys.identities).tree(of: parted)
      let merge = MirroredMerge(pack: pack, identities: keys.identities, trust: .none)
      guard case .merged(let tree) = try merge.merge(base: base, ours: trees[0], theirs: trees[1]) else {
        Issue.record("lists of recipients are no conflict")
        return
      }
      let merged = Keyring(
        files: try pack.sealingFiles(in: tree), identities: keys.identities, trust: .none)
      let labels = try merged.authenticList().list.entries.map(\.label)
      #expect(Set(labels) == ["Tess", "\(1 - out)", "2"])
    }
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
