import Foundation
import Support
import Testing

/// The branch lockstep/audit: what was mirrored, applied and captured.
@Suite struct AuditRecordTests {
  private static let branch = "refs/heads/lockstep/audit"

  private func records(in folder: String, of branch: String = Self.branch) throws -> [String] {
    try Program.git("log", "--format=%s", branch, in: folder).split(separator: "\n").map(String.init)
  }

  private func trailer(_ name: String, of commit: String = Self.branch, in folder: String) throws -> String {
    try Program.git("log", "-1", "--format=%(trailers:key=\(name),valueonly)", commit, in: folder)
  }

  @Test func `an apply is recorded: what, from where, by whom, when, in a commit without files`() throws {
    let regions = try TwoRegions()
    let west = regions["west"]
    let before = try Program.git("rev-parse", "HEAD", in: west)
    try regions.publish("one")
    try regions.mirrorAndApply()
    let head = try Program.git("rev-parse", "HEAD", in: west)
    #expect(try trailer("Lockstep-Applied", in: west) == head)
    #expect(try trailer("Lockstep-From", in: west) == before)
    #expect(try trailer("Lockstep-Steps", in: west) == "3 created, 0 replaced, 0 deleted")
    #expect(
      try Program.git("log", "-1", "--format=%an %ae", Self.branch, in: west) == "Tess Ter tess@example.com")
    #expect(
      try Program.git("rev-parse", "\(Self.branch)^{tree}", in: west)
        == "4b825dc642cb6eb9a060e54bf8d69288fbee4904")
    #expect(try records(in: west)[0] == "west: applied \(head.prefix(10)) (3 created, 0 replaced, 0 deleted)")
    #expect(
      try Program.run("git", ["merge-base", Self.branch, "HEAD"], in: west).status == 1, "a root of its own")
    try Program.git("fsck", "--strict", in: west)
    // Nothing to do is nothing to record.
    let count = try records(in: west).count
    try regions.succeed(["apply", "-C", west])
    try regions.succeed(["capture", "-C", west])
    try regions.succeed(["mirror", regions["east"], west])
    #expect(try records(in: west).count == count)
  }

  @Test func `a mirror is recorded with the source's commit and the new head`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let made = try Program.git("rev-parse", "HEAD", in: regions["east"])
    #expect(try trailer("Lockstep-Mirrored", in: regions["west"]) == "east@\(made)")
    #expect(
      try trailer("Lockstep-Head", in: regions["west"])
        == Program.git("rev-parse", "HEAD", in: regions["west"]))
  }

  @Test func `a clone brings the records, and records stop no push`() throws {
    let regions = try TwoRegions(bare: true)
    try regions.publish("one")
    try regions.mirrorAndApply()
    try Program.git("clone", "--quiet", regions["west"], "clone", in: regions.folder.path)
    let clone = regions.folder["clone"]
    #expect(
      try records(in: clone, of: "origin/lockstep/audit") == records(in: regions["west"]))
    try regions.publish("two")
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    try Program.git("pull", "--quiet", "--ff-only", in: clone)
    try Program.git("commit", "--quiet", "--allow-empty", "-m", "Mine", in: clone)
    try regions.succeed(["apply", "-C", regions["west"]])
    try Program.git("push", "--quiet", "origin", "main", in: clone)
  }

  @Test func `an apply that was cut off before its record is recorded by the next run, once`() throws {
    let regions = try TwoRegions()
    let west = regions["west"]
    try regions.publish("one")
    try regions.mirrorAndApply()
    let journal = "west/.git/lockstep/apply"
    let (live, planned) = (
      try trailer("Lockstep-From", in: west), try Program.git("rev-parse", "HEAD", in: west)
    )
    let applied = try records(in: west).count { $0.contains("applied") }
    // As a crash right after live moved leaves it: the journal is there, the record is not.
    try Program.git("update-ref", Self.branch, "\(Self.branch)~1", in: west)
    for command in ["apply", "apply", "capture"] {
      try regions.folder.write("lockstep-apply-2 \(live) \(planned)\ndone locator/one\n", to: journal)
      try regions.succeed([command, "-C", west])
      #expect(!regions.folder.has(journal))
      #expect(try records(in: west).count { $0.contains("applied") } == applied, "\(command)")
    }
    #expect(try trailer("Lockstep-Applied", in: west) == planned)
    #expect(try trailer("Lockstep-Resumed", in: west) == "1")
  }

  @Test func `a mirror that was cut off before its record is recorded by whoever comes next, once`() throws {
    let regions = try TwoRegions()
    let west = regions["west"]
    try regions.publish("one")
    let old = try Program.git("rev-parse", "HEAD", in: west)
    try regions.succeed(["mirror", regions["east"], west])
    let (head, record) = (
      try Program.git("rev-parse", "HEAD", in: west), try Program.git("rev-parse", Self.branch, in: west)
    )
    let note = "west/.git/lockstep/head-move"
    #expect(!regions.folder.has(note))
    let text = "head \(old) \(head)\nrecord none \(record)\nend\n"
    for command in [["mirror", regions["east"], west], ["apply", "-C", west], ["capture", "-C", west]] {
      if command[0] == "mirror" { try Program.git("update-ref", "-d", Self.branch, in: west) }
      try regions.folder.write(text, to: note)
      try regions.succeed(command)
      #expect(!regions.folder.has(note))
      #expect(try records(in: west).count { $0.contains("mirrored") } == 1, "\(command)")
    }
    // A note that was cut off says nothing, and neither does one of a move that never happened.
    let never = try Program.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Never", in: west)
    let message =
      "west: mirrored\n\nLockstep-Region: west\nLockstep-Mirrored: east@\(head)\nLockstep-Head: \(never)\n"
    let claim = try Program.git("commit-tree", "HEAD^{tree}", "-m", message, in: west)
    let count = try records(in: west).count
    for text in [String(text.dropLast(4)), "head \(head) \(never)\nrecord none \(claim)\nend\n"] {
      try regions.folder.write(text, to: note)
      try regions.succeed(["capture", "-C", west])
      #expect(try !regions.folder.has(note) && records(in: west).count == count)
    }
  }

  @Test func `a branch that leaves no room for the records is named before anything is done`() throws {
    for branch in ["lockstep", "lockstep/audit/mine"] {
      let regions = try TwoRegions()
      try regions.publish("one")
      try Program.git("branch", branch, in: regions["west"])
      let head = try Program.git("rev-parse", "HEAD", in: regions["west"])
      for command in [
        ["mirror", regions["east"], regions["west"]], ["hooks", "install", "-C", regions["west"]],
      ] {
        let refused = try regions.run(command)
        #expect(refused.status == 1 && refused.errors.contains("a branch \(branch)"), "\(refused.errors)")
        #expect(refused.errors.contains("branch -m \(branch) NAME"), "\(refused.errors)")
      }
      #expect(try Program.git("rev-parse", "HEAD", in: regions["west"]) == head)
      try Program.git("branch", "-m", branch, "mine", in: regions["west"])
      try regions.mirrorAndApply()
    }
  }

  @Test func `a rollback to what was live before is a record of its own`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    let east = regions["east"]
    try Program.git("revert", "--no-edit", "HEAD", in: east)
    try regions.succeed(["apply", "-C", east, "--force-deletions", "--force-content"])
    #expect(try trailer("Lockstep-Steps", in: east) == "0 created, 0 replaced, 3 deleted")
    #expect(try trailer("Lockstep-From", in: east) == Program.git("rev-parse", "HEAD~1", in: east))
  }

  @Test func `audit verify finds what was mirrored or applied and is gone`() throws {
    let regions = try TwoRegions(bare: true)
    let (east, west) = (regions["east"], regions["west"])
    try regions.publish("one")
    try regions.publish("two")
    try regions.mirrorAndApply()
    let original = try Program.git("rev-parse", "HEAD", in: east)
    let image = try Program.git("rev-parse", "HEAD", in: west)
    // A replay is taken away, and the ref that says it was there is set back.
    try Program.git("update-ref", "refs/lockstep/sources/east", "\(original)~1", in: west)
    try Program.git("update-ref", "HEAD", "\(image)~1", in: west)
    var outcome = try regions.run(["audit", "verify", east, west])
    #expect(outcome.status == 2)
    #expect(
      outcome.output.contains("commit \(original) \"Publish locator/two in east\" of east was mirrored"))
    // The region's own commit is taken away after it was live.
    try Program.git("update-ref", "refs/lockstep/sources/east", original, in: west)
    try Program.git("update-ref", "HEAD", image, in: west)
    let own = try Program.git("commit-tree", "HEAD^{tree}", "-p", "HEAD", "-m", "Own", in: west)
    try Program.git("update-ref", "HEAD", own, in: west)
    try regions.succeed(["apply", "-C", west])
    #expect(try regions.run(["audit", "verify", east, west]).status == 0)
    try Program.git("update-ref", "HEAD", image, in: west)
    outcome = try regions.run(["audit", "verify", east, west])
    #expect(outcome.status == 2)
    #expect(
      outcome.output == "west: commit \(own) was applied, and is no longer in the history\n",
      "\(outcome.output)")
  }
}
