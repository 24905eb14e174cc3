import Foundation
import Support
import Testing

@testable import Git

/// Commits byte for byte, and refs that move only from what was read.
@Suite struct CommitTests {
  private static let tree = "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"

  static let odd: [String] = [
    "author A <a@b> 0 +0000\ncommitter A <a@b> 0 +0000\n\n",
    "author A <a@b> 0 +0000\ncommitter A <a@b> 0 +0000\n\nno newline at the end",
    "author A <a@b> -5000000000 -1234\ncommitter  <> 99999999999 +1400\n\n\n\n  leading and trailing  \n\n\n",
    "author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\nencoding ISO-8859-1\nx-unknown a\n b\n\nm\n",
    "author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\ngpgsig -----BEGIN-----\n \n abc\n -----END-----\n\nm\r\n",
    "author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\n\n" + String(repeating: "long ", count: 200_000),
  ]

  @Test(arguments: 0..<6) func `a commit is read and written byte for byte`(number: Int) throws {
    let folder = try TemporaryFolder()
    let repository = try Repository.create(at: folder.path, bare: true, initialBranch: "main")
    let text = Self.tree + Self.odd[number]
    let hex = try Program.git(
      "hash-object", "-t", "commit", "-w", "--literally", "--stdin", in: folder.path, input: text)
    let read = try RawCommit(bytes: repository.read(#require(ObjectID(hex: hex))).bytes)
    #expect(read.bytes == Array(text.utf8))
    let again = RawCommit(
      tree: read.tree, parents: read.parents, authorLine: read.authorLine, committerLine: read.committerLine,
      extraHeaders: read.extraHeaders, message: read.message)
    #expect(Repository.hash(.commit, again.bytes).hex == hex)
  }

  @Test(arguments: ["Subject", "Subject\n", "Subject\n\nBody\n", "Subject\n\nKey: value\n", "", "a: b"])
  func `git reads the trailer that was added, and so do we`(message: String) throws {
    let line = Array("A <a@b> 1 +0000".utf8)
    let commit = RawCommit(
      tree: .emptyTree, parents: [], authorLine: line, committerLine: line, extraHeaders: [],
      message: Array(message.utf8))
    let with = commit.addingTrailer("Lockstep-Source", "east@abc")
    #expect(with.trailers(named: "Lockstep-Source") == ["east@abc"])
    #expect(with.message.starts(with: message.utf8))
    guard !message.isEmpty else { return }
    let parsed = try Program.run(
      "git", ["interpret-trailers", "--parse"], input: String(decoding: with.message, as: UTF8.self))
    #expect(parsed.output.contains("Lockstep-Source: east@abc"))
  }

  @Test func `a ref moves only from the value that was read`() throws {
    let folder = try TemporaryFolder()
    let repository = try Repository.create(at: folder.path, bare: true, initialBranch: "main")
    var commits: [ObjectID] = []
    for number in 0..<3 {
      let text = Self.tree + "author A <a@b> \(number) +0000\ncommitter A <a@b> 0 +0000\n\nm\n"
      let hex = try Program.git(
        "hash-object", "-t", "commit", "-w", "--stdin", in: folder.path, input: text)
      commits.append(try #require(ObjectID(hex: hex)))
    }
    try repository.setReference("refs/heads/main", to: commits[0], expecting: nil, log: "one")
    for wrong in [nil, commits[1]] {
      let error = #expect(throws: GitError.self) {
        try repository.setReference("refs/heads/main", to: commits[2], expecting: wrong, log: "wrong")
      }
      #expect(error?.code == .referenceMoved)
    }
    #expect(try repository.reference("refs/heads/main") == commits[0])
    try repository.setReference("refs/heads/main", to: commits[1], expecting: commits[0], log: "two")
    #expect(try Program.git("rev-parse", "main", in: folder.path) == commits[1].hex)
  }

  @Test func `a lock that stays is named, and one that goes is waited for`() throws {
    let folder = try TemporaryFolder()
    let repository = try Repository.create(at: folder.path, bare: true, initialBranch: "main")
    let text = Self.tree + "author A <a@b> 1 +0000\ncommitter A <a@b> 0 +0000\n\nm\n"
    let hex = try Program.git("hash-object", "-t", "commit", "-w", "--stdin", in: folder.path, input: text)
    let commit = try #require(ObjectID(hex: hex))
    try folder.write("", to: "refs/heads/main.lock")
    let error = #expect(throws: GitError.self) {
      try repository.setReference("refs/heads/main", to: commit, expecting: nil, log: "locked")
    }
    #expect(error?.code == .locked)
    #expect(error?.message.contains("refs/heads/main.lock") == true)
    let remover = try Program.start("sh", ["-c", "sleep 0.2; rm \(folder["refs/heads/main.lock"])"])
    try repository.setReference("refs/heads/main", to: commit, expecting: nil, log: "waited")
    remover.wait()
    #expect(try repository.reference("refs/heads/main") == commit)
  }
}
