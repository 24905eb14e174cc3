import Foundation
import Support
import Testing

@testable import Git

/// Edits, walks and merges of trees against plain dictionaries, and against trees that git makes.
@Suite struct TreeTests {
  private typealias Files = [String: ObjectID]

  private struct World {
    let folder: TemporaryFolder
    let repository: Repository
    let pack: PackWriter
    var random: SeededGenerator

    init(seed: UInt64) throws {
      folder = try TemporaryFolder()
      repository = try Repository.create(at: folder.path, bare: true, initialBranch: "main")
      pack = try PackWriter(repository: repository)
      random = SeededGenerator(seed: seed)
    }

    mutating func blob() throws -> ObjectID {
      try pack.write(.blob, Array("\(UInt64.random(in: 0...20, using: &random))".utf8), replacing: nil)
    }

    mutating func path() -> String {
      let names = ["a", "b", "a.json", "a-", "z", "é"]
      return (0..<Int.random(in: 1...3, using: &random)).map { _ in
        names.randomElement(using: &random) ?? "a"
      }.joined(separator: "/")
    }

    /// Changes some files of a set so that no file stands where a folder must.
    mutating func changed(_ files: [String: ObjectID]) throws -> [String: ObjectID] {
      var result = files
      for _ in 0..<Int.random(in: 0...8, using: &random) {
        let path = path()
        if Bool.random(using: &random) {
          result = result.filter { !$0.key.hasPrefix(path + "/") && !path.hasPrefix($0.key + "/") }
          result[path] = try blob()
        } else {
          result[path] = nil
        }
      }
      return result
    }

    func tree(_ files: [String: ObjectID], from old: [String: ObjectID] = [:], _ tree: ObjectID? = nil) throws
      -> ObjectID?
    {
      var edits: [String: (mode: UInt32, id: ObjectID)?] = [:]
      for path in old.keys where files[path] == nil { edits[path] = .some(nil) }
      for (path, id) in files where old[path] != id { edits[path] = (0o100644, id) }
      return try TreeEditor.apply(edits, to: tree, source: pack, sink: pack)
    }
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `an edited tree is the tree that git makes of the same files`(seed: UInt64) throws {
    var world = try World(seed: seed)
    var files: Files = [:]
    var tree: ObjectID?
    for _ in 0..<6 {
      let next = try world.changed(files)
      tree = try world.tree(next, from: files, tree)
      files = next
    }
    try world.pack.finish()
    let index = files.map { "100644 \($0.value)\t\($0.key)\n" }.joined()
    let git = try Program.run(
      "git", ["update-index", "--add", "--index-info"], in: world.folder.path, input: index)
    #expect(git.status == 0, "\(git.errors)")
    let expected = try Program.git("write-tree", in: world.folder.path)
    #expect((tree ?? .emptyTree).hex == expected, "seed \(seed)")
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>)
  func `a walk tells exactly what differs`(seed: UInt64) throws {
    var world = try World(seed: seed)
    let old = try world.changed(world.changed([:]))
    let new = try world.changed(old)
    var seen: [String: [ObjectID?]] = [:]
    try TreeWalk.changes(from: world.tree(old), to: world.tree(new), in: world.pack) { change in
      let before = seen[change.path] ?? [nil, nil]
      seen[change.path] = [change.old?.id ?? before[0], change.new?.id ?? before[1]]
    }
    var expected: [String: [ObjectID?]] = [:]
    for path in Set(old.keys).union(new.keys) where old[path] != new[path] {
      expected[path] = [old[path], new[path]]
    }
    #expect(seen == expected, "seed \(seed)")
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>)
  func `a merge takes what one side changed, and stops where both did`(seed: UInt64) throws {
    var world = try World(seed: seed)
    // One level of names: files that become folders are judged by the walk's and the editor's tests.
    func flat(_ files: Files) -> Files { files.filter { $0.key.split(separator: "/").count == 2 } }
    let base = flat(try world.changed(world.changed(["a/b": world.blob(), "a/z": world.blob()])))
    let ours = flat(try world.changed(base))
    let theirs = flat(try world.changed(base))
    var merged: Files = [:]
    var conflicts: Set<String> = []
    for path in Set(base.keys).union(ours.keys).union(theirs.keys) {
      let (o, a, b) = (base[path], ours[path], theirs[path])
      if a == b || o == b {
        merged[path] = a
      } else if o == a {
        merged[path] = b
      } else {
        conflicts.insert(path)
      }
    }
    let outcome = try TreeMerge.merge(
      base: world.tree(base), ours: world.tree(ours), theirs: world.tree(theirs), source: world.pack,
      sink: world.pack)
    if conflicts.isEmpty {
      #expect(try outcome == .merged(world.tree(merged)), "seed \(seed)")
    } else if case .conflicts(let paths) = outcome {
      #expect(Set(paths).isSuperset(of: conflicts), "seed \(seed)")
    } else {
      Issue.record("seed \(seed): a conflict was merged")
    }
  }

  @Test(arguments: ["", "/a", "a/", "a//b", ".", "a/../b", "./a"])
  func `a path that leaves the tree is refused`(
    path: String
  ) throws {
    let world = try World(seed: 1)
    #expect(throws: GitError.self) {
      try TreeEditor.apply(
        [path: (0o100644, ObjectID.zero)], to: nil, source: world.pack, sink: world.pack)
    }
  }
}
