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
