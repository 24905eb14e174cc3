import Foundation
import Support
import Testing

@testable import Git

/// What the pack writer leaves, with git as the judge.
@Suite struct PackTests {
  @Test(arguments: [1, 2, 3]) func `git finds nothing wrong with a pack, and every object reads back`(
    seed: UInt64
  ) throws {
    var random = SeededGenerator(seed: seed)
    let folder = try TemporaryFolder()
    let repository = try Repository.create(at: folder.path, bare: true, initialBranch: "main")
    let pack = try PackWriter(repository: repository)
    var written: [ObjectID: [UInt8]] = [:]
    var files: [String: (mode: UInt32, id: ObjectID)?] = [:]
    for number in 0..<300 {
      let bytes = (0..<Int.random(in: 0...3_000, using: &random)).map { _ in
        UInt8.random(in: 97...(number % 2 == 0 ? 99 : 255), using: &random)
      }
      let id = try pack.write(.blob, bytes, replacing: nil)
      written[id] = bytes
      files["d\(number % 17)/f\(number)"] = (0o100644, id)
    }
    var tree = try TreeEditor.apply(files, to: nil, source: pack, sink: pack)
    var parents: [ObjectID] = []
    for round in 0..<30 {
      let id = try pack.write(.blob, Array("round \(round)".utf8), replacing: nil)
      tree = try TreeEditor.apply(["d3/f3": (0o100644, id)], to: tree, source: pack, sink: pack)
      let line = Array("T <t@example.com> \(1_700_000_000 + round) +0000".utf8)
      let commit = RawCommit(
        tree: try #require(tree), parents: parents, authorLine: line, committerLine: line, extraHeaders: [],
        message: Array("Round \(round)\n".utf8))
      parents = [try pack.write(.commit, commit.bytes, replacing: nil)]
    }
    #expect(try repository.reference("refs/heads/main") == nil)
    #expect(throws: GitError.self, "nothing is visible before the end") { try repository.read(parents[0]) }
    try pack.finish()
    try repository.setReference("refs/heads/main", to: parents[0], expecting: nil, log: "test")
    try Program.git("fsck", "--strict", "--full", in: folder.path)
    let packs = try FileManager.default.contentsOfDirectory(atPath: folder["objects/pack"])
    #expect(packs.count == 2, "one pack and its index")
    let index = try #require(packs.first { $0.hasSuffix(".idx") })
    try Program.git("verify-pack", folder["objects/pack/\(index)"], in: folder.path)
    for (id, bytes) in written {
      #expect(try repository.read(id).bytes == bytes)
    }
    #expect(try Program.git("rev-list", "--count", "main", in: folder.path) == "30")
  }

  @Test func `an abandoned pack leaves nothing`() throws {
    let folder = try TemporaryFolder()
    let repository = try Repository.create(at: folder.path, bare: true, initialBranch: "main")
    let pack = try PackWriter(repository: repository)
    try pack.write(.blob, [UInt8](repeating: 7, count: 5_000_000), replacing: nil)
    pack.abandon()
    #expect(try Program.git("count-objects", "-v", in: folder.path).contains("packs: 0"))
    #expect(
      (FileManager.default.enumerator(atPath: folder["objects"])?.allObjects as? [String] ?? [])
        .allSatisfy { !$0.contains("tmp") && !$0.contains(".pack") })
  }

  @Test func `what is written into a pack reads back through it, and most of it is not held`() throws {
    let folder = try TemporaryFolder()
    let repository = try Repository.create(at: folder.path, bare: true, initialBranch: "main")
    let pack = try PackWriter(repository: repository)
    // Sizes at which the header of an entry grows, and enough of them to leave memory.
    let sizes = [0, 1, 15, 16, 2_047, 2_048, 300_000, 3_000_000]
    let texts = sizes.map { size in (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 ^ ($0 >> 8)) } }
    let ids = try texts.map { try pack.write(.blob, $0, replacing: nil) }
    let leaf = try pack.write(
      .tree, Tree(entries: [TreeEntry(mode: 0o100644, nameBytes: Array("a".utf8), id: ids[1])]).encoded(),
      replacing: nil)
    for (id, text) in zip(ids, texts) {
      let (kind, bytes) = try pack.read(id)
      #expect(kind == .blob && bytes == text)
      #expect(try pack.size(of: id) == text.count)
      #expect(pack.contains(id))
    }
    #expect(try pack.read(leaf).kind == .tree)
    #expect(throws: GitError.self) { try pack.read(Repository.hash(.blob, [9, 9])) }
  }

  @Test func `an unfinished pack of a process that was killed is taken away, and one that is at work stays`()
    throws
  {
    let folder = try TemporaryFolder()
    let repository = try Repository.create(at: folder.path, bare: true, initialBranch: "main")
    let path = folder["objects/pack"]
    try folder.write("half a pack", to: "objects/pack/tmp_pack_lockstep_1_1")
    try folder.write("its index", to: "objects/pack/tmp_pack_lockstep_1_1_idx")
    let atWork = try PackWriter(repository: repository)
    // Much that cannot be deflated: it goes to disk.
    var random = SeededGenerator(seed: 1)
    let much = (0..<6_000_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    try atWork.write(.blob, much, replacing: nil)
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 1)
    let other = try PackWriter(repository: repository)
    let id = try other.write(.blob, Array("small".utf8), replacing: nil)
    try other.finish()
    #expect(try FileManager.default.contentsOfDirectory(atPath: path).count == 3)
    try atWork.finish()
    #expect(try repository.read(id).bytes == Array("small".utf8))
    #expect(try repository.read(Repository.hash(.blob, much)).bytes == much)
    try Program.git("fsck", "--strict", in: folder.path)
  }

  @Test func `a damaged object is an error that names it`() throws {
    let folder = try TemporaryFolder()
    let repository = try Repository.create(at: folder.path, bare: true, initialBranch: "main")
    let id = try Program.git("hash-object", "-w", "--stdin", in: folder.path, input: "hello")
    let path = folder["objects/\(id.prefix(2))/\(id.dropFirst(2))"]
    try FileManager.default.removeItem(atPath: path)
    try folder.write("not deflated", to: "objects/\(id.prefix(2))/\(id.dropFirst(2))")
    let error = #expect(throws: GitError.self) { try repository.read(#require(ObjectID(hex: id))) }
    #expect(error?.message.contains(id) == true)
  }
}
