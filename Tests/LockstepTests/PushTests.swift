import Foundation
import Support
import Testing

/// What may be pushed at all, by whom, and how a refusal reads.
@Suite struct PushTests {
  @Test func `only the region's branch is pushed, and other regions' own commits`() throws {
    let region = try PushedRegion()
    try region.filter("plain")
    try region.commit()
    for (ref, words) in [
      ("refs/heads/other", "only refs/heads/main"), ("refs/tags/one", "only refs/heads/main"),
      ("refs/notes/commits", "only refs/heads/main"),
      ("refs/replace/\(String(repeating: "a", count: 40))", "only"),
      ("refs/lockstep/live", "what the live account is"),
      ("refs/lockstep/sources/east", "keeps its own commits"), ("refs/lockstep/sources/We/st", "only"),
    ] {
      try region.refuse("ref", words, pushing: ["HEAD:\(ref)"], keeping: true)
    }
    try Program.git("config", "receive.denyDeleteCurrent", "ignore", in: region.east)
    try region.refuse("ref", "never deleted", pushing: [":refs/heads/main"], keeping: true)
    let blob = try region.git("rev-parse", "HEAD:local/region.json")
    try region.git("update-ref", "refs/x/blob", blob)
    try region.refuse("ref", "refs/tags/x", pushing: ["refs/x/blob:refs/tags/x"], keeping: true)
    // One that is refused refuses the push.
    try region.refuse("ref", "refs/tags/one", pushing: ["HEAD:main", "HEAD:refs/tags/one"], keeping: true)
    try region.accept()
    // A peer's own commits, fast-forward only.
    let west = region.regions["west"]
    let first = try Program.git("rev-parse", "HEAD", in: west)
    try region.git("fetch", "--quiet", west, "main:refs/x/west")
    try region.accept("refs/x/west:refs/lockstep/sources/west")
    try region.refuse(
      "region", "claims to be region west", pushing: ["refs/x/west:refs/lockstep/sources/north"])
    let tree = try region.git("rev-parse", "\(first)^{tree}")
    let other = try region.git("commit-tree", tree, "-m", "Another beginning")
    try region.refuse("history", pushing: ["+\(other):refs/lockstep/sources/west"])
    let next = try region.git("commit-tree", tree, "-p", first, "-m", "The next one")
    // Where the peer is at hand, it says which commits are its own.
    try Program.git("config", "lockstep.peer-west.repository", west, in: region.east)
    try region.refuse(
      "ref", "region west does not have that commit", pushing: ["\(next):refs/lockstep/sources/west"],
      keeping: true)
    try Program.git("config", "--unset", "lockstep.peer-west.repository", in: region.east)
    try region.accept("\(next):refs/lockstep/sources/west")
    // What was let in nevertheless is found by the next mirror, which says how it goes.
    let refused = try region.regions.run(["mirror", west, region.east])
    #expect(refused.status == 4 && refused.errors.contains("does not have \(next)"), "\(refused)")
    let hint = try #require(refused.errors.firstRange(of: "git update-ref"))
    let words = refused.errors[hint.lowerBound...].split(whereSeparator: \.isWhitespace).map(String.init)
    try Program.git(Array(words.dropFirst()), in: region.east)
    try region.regions.succeed(["mirror", west, region.east])
  }

  @Test func `history is not rewritten`() throws {
    let region = try PushedRegion()
    try region.filter("plain")
    try region.commit()
    try region.accept()
    try region.git("commit", "--quiet", "--amend", "-m", "In other words")
    try region.refuse("history", "git pull --rebase", pushing: ["+HEAD:main"])
    try region.filter("plain", #"{"x":1}"#)
    try region.commit()
    try region.accept()
  }

  @Test func `who says where a change comes from says the truth`() throws {
    let region = try PushedRegion()
    let unknown = String(repeating: "1", count: 40)
    let known = try region.git("rev-parse", "HEAD")
    for (text, words) in [
      ("west@\(unknown)", "push the original along: git push REMOTE HEAD refs/lockstep/sources/west"),
      ("east@\(known)", "names this region itself"),
      ("nonsense", "none of the form"),
    ] {
      try region.filter("plain")
      try region.commit("By hand\n\nLockstep-Source: \(text)")
      try region.refuse("trailer", words)
    }
    // In west, the image of east's commit passes, and its amended copy does not.
    let west = region.regions["west"]
    let before = try Program.git("rev-parse", "HEAD", in: west)
    try region.regions.succeed(["mirror", region.east, west])
    try region.regions.succeed(["hooks", "install", "-C", west])
    try region.git("fetch", "--quiet", west, "main:refs/x/west")
    let image = try region.git("rev-parse", "refs/x/west")
    try Program.git("reset", "--quiet", "--hard", before, in: west)
    let amended = try region.git(
      "commit-tree", "\(image)^{tree}", "-p", "\(image)^", "-m",
      "In other words\n\nLockstep-Source: east@\(known)")
    let refused = try Program.run("git", ["push", west, "\(amended):refs/heads/main"], in: region.clone)
    #expect(
      refused.status != 0 && refused.errors.contains("(trailer, commit \(amended.prefix(10)))"),
      "\(refused.errors)")
    let accepted = try Program.run("git", ["push", west, "\(image):refs/heads/main"], in: region.clone)
    #expect(accepted.status == 0, "\(accepted.errors)")
  }

  @Test func `an administrator signs what only administrators change`() throws {
    let region = try PushedRegion()
    for name in ["anna", "ben"] {
      try Program.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", region.folder[name], "-C", name])
    }
    func sign(_ name: String) throws {
      try region.git("config", "gpg.format", "ssh")
      try region.git("config", "user.signingKey", region.folder["\(name).pub"])
    }
    func fleet(_ number: Int) throws {
      try region.write(
        "mirrored/fleet.json",
        #"{"epoch":{"id":"x\#(number)","number":\#(number)},"primary":"east","regions":{"east":{"repository":"/srv/east"}}}"#
      )
    }
    // Where nobody is an administrator, anybody may.
    try fleet(1)
    try region.commit()
    try region.accept()
    let line = try region.folder.read("anna.pub").trimmingCharacters(in: .newlines)
    try Program.git("config", "--add", "lockstep.administrator", line, in: region.east)
    try fleet(2)
    try region.commit()
    try region.refuse("administrator", "mirrored/fleet.json", "no good signature", "git commit --amend -S")
    try sign("ben")
    try fleet(2)
    try region.commit("By hand", "-S")
    try region.refuse("administrator", "signed by somebody else")
    try sign("anna")
    try region.folder.write(
      region.read("local/region.json").replacingOccurrences(of: "eaststorage", with: "x"),
      to: "clone/local/region.json")
    try region.commit()
    try region.refuse("administrator", "local/region.json")
    try fleet(2)
    try region.commit("By hand", "-S")
    try region.accept()
    // Nobody needs to be one for the rest; and a merge does not bring back what an administrator changed.
    try region.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    try region.filter("side")
    try region.commit()
    try region.git("checkout", "--quiet", "main")
    try region.git("merge", "--quiet", "--no-commit", "side")
    try fleet(3)
    try region.commit("An evil merge")
    try region.refuse("administrator", "mirrored/fleet.json")
    try region.git("merge", "--quiet", "--no-edit", "side")
    try region.accept()
    // A fingerprint will do; what is no key stops every push.
    let print = try Program.run("ssh-keygen", ["-lf", region.folder["ben.pub"]]).output.split(separator: " ")[
      1]
    try Program.git("config", "--add", "lockstep.administrator", String(print), in: region.east)
    try sign("ben")
    try fleet(3)
    try region.commit("By hand", "-S")
    try region.accept()
    try Program.git("config", "--add", "lockstep.administrator", "anybody", in: region.east)
    try region.filter("plain")
    try region.commit()
    let stopped = try region.push()
    #expect(
      stopped.status != 0 && stopped.errors.contains("'anybody' of region east is no key"),
      "\(stopped.errors)")
    for look in [["hooks", "check"], ["status", "--check"]] {
      let seen = try Program.run(Program.lockstep, look + ["-C", region.east])
      #expect(seen.status == 2 && seen.output.contains("is no key"), "\(look): \(seen)")
    }
    let hint = try #require(stopped.errors.firstRange(of: "git -C \(region.east) config --fixed-value"))
      .lowerBound
    let pasted = try Program.run("sh", ["-c", String(stopped.errors[hint...].prefix { $0 != ";" })])
    #expect(pasted.status == 0, "\(stopped.errors): \(pasted.errors)")
    try region.accept()
  }

  @Test func `an OpenPGP key signs as well`() throws {
    guard Program.has("gpg") else { return }
    let region = try PushedRegion()
    let home = try TemporaryFolder(in: "/tmp")
    try Program.run("chmod", ["700", home.path])
    let environment = ["GNUPGHOME": home.path]
    let made = try Program.run(
      "gpg",
      ["--batch", "--passphrase", "", "--quick-gen-key", "Tess Ter <tess@example.com>", "ed25519", "sign"],
      environment: environment)
    #expect(made.status == 0, "\(made.errors)")
    let listed = try Program.run("gpg", ["--with-colons", "--list-keys"], environment: environment).output
    let fingerprint =
      listed.split(separator: "\n").first { $0.hasPrefix("fpr:") }?.split(separator: ":").last ?? ""
    try Program.git("config", "lockstep.administrator", String(fingerprint), in: region.east)
    try region.write(
      "mirrored/fleet.json",
      #"{"epoch":{"id":"x","number":1},"primary":"east","regions":{"east":{"repository":"/srv/east"}}}"#)
    try region.git("add", "-A")
    let signed = try Program.run(
      "git", ["commit", "--quiet", "-S\(fingerprint)", "-m", "Signed"], in: region.clone,
      environment: environment)
    #expect(signed.status == 0, "\(signed.errors)")
    let unknown = try region.push()
    #expect(unknown.status != 0 && unknown.errors.contains("no good signature"), "\(unknown.errors)")
    let pushed = try Program.run(
      "git", ["push", "origin", "HEAD"], in: region.clone, environment: environment)
    #expect(pushed.status == 0, "\(pushed.errors)")
    try Program.run("gpgconf", ["--kill", "all"], environment: environment)
  }

  @Test func `refusals are one line each, fifty at most, then a count, and nothing of the push stays`() throws
  {
    let region = try PushedRegion()
    for number in 0..<60 { try region.folder.write("{}\n", to: "clone/mirrored/notes/\(number).json") }
    try region.commit()
    let head = try region.git("rev-parse", "HEAD")
    let outcome = try region.push()
    let lines = outcome.errors.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    #expect(outcome.status != 0 && lines.filter { $0.hasPrefix("remote: refused: ") }.count == 50)
    #expect(lines.contains("remote: and 10 more"), "\(outcome.errors)")
    // What was judged was in quarantine, and went with it.
    let there = try Program.run("git", ["cat-file", "-e", head], in: region.east)
    #expect(there.status != 0)
  }

  @Test func `an index that is gone, damaged or behind changes no answer`() throws {
    let region = try PushedRegion()
    let index = "east/.git/lockstep/index.sqlite"
    #expect(region.folder.has(index))
    let asset = try region.path("assets", "film")
    func check(_ location: SourceLocation = #_sourceLocation) throws {
      try region.remove(asset)
      try region.commit()
      try region.refuse("reference", "locator/film refers to asset/film", location: location)
      try region.filter("plain", #"{"x":\#(Int.random(in: 0...1_000_000_000))}"#)
      try region.commit()
      try region.accept(location: location)
    }
    try check()
    for suffix in ["", "-wal", "-shm"] {
      try? FileManager.default.removeItem(atPath: region.folder[index + suffix])
    }
    try check()
    try region.folder.write("This is no database, and never was one.", to: index)
    try check()
    // A file whose pages are overwritten beyond the first.
    let shell =
      "dd if=/dev/urandom of=index.sqlite bs=4096 seek=1 count=4 conv=notrunc 2>/dev/null; rm -f index.sqlite-*"
    try Program.run("sh", ["-c", shell], in: region.folder["east/.git/lockstep"])
    try check()
    // Commits that no push brought.
    try region.regions.publish("second")
    try region.restore()
    try region.remove(region.path("assets", "second"))
    try region.commit()
    try region.refuse("reference", "locator/second refers to asset/second")
  }

  @Test func `of two who push at once, one is first, and both are judged`() throws {
    let region = try PushedRegion()
    let other = region.folder["other"]
    try Program.git("clone", "--quiet", region.east, other, in: "/")
    for folder in ["clone", "other"] {
      for number in 0..<5 {
        let name = "\(folder)-\(number)"
        try region.folder.write(
          "{\n  \"name\": \"\(name)\",\n  \"properties\": {}\n}\n",
          to: "\(folder)/mirrored/account-filters/\(name).json")
        try Program.git("add", "-A", in: region.folder[folder])
        try Program.git("commit", "--quiet", "-m", name, in: region.folder[folder])
      }
    }
    let pushes = try [region.clone, other].map {
      try Program.start("git", ["push", "origin", "HEAD"], in: $0)
    }
    let ends = pushes.map { $0.wait() }
    #expect(ends.filter { $0 == 0 }.count >= 1)
    for folder in [region.clone, other] {
      try Program.git("pull", "--quiet", "--rebase", in: folder)
      let again = try Program.run("git", ["push", "origin", "HEAD"], in: folder)
      #expect(again.status == 0, "\(again.errors)")
    }
    #expect(try Program.git("rev-list", "--count", "origin/main..main", in: region.clone) == "0")
    let files = try Program.git("ls-tree", "--name-only", "HEAD:mirrored/account-filters", in: region.east)
    #expect(files.split(separator: "\n").count == 10)
    try Program.git("fsck", "--strict", in: region.east)
  }

  @Test func `the hook understands what git says, and nothing else`() throws {
    let region = try PushedRegion()
    func hook(_ input: String, in folder: String) throws -> Program.Outcome {
      try Program.run(Program.lockstep, ["hook", "pre-receive"], in: folder, input: input)
    }
    #expect(try hook("", in: region.east).status == 0)
    for input in ["x\n", "a b c\n", "\n", "\(String(repeating: "0", count: 40)) x refs/heads/main\n"] {
      let outcome = try hook(input, in: region.east)
      #expect(outcome.status == 1 && outcome.errors.contains("'OLD NEW REF'"), "\(outcome.errors)")
    }
    let zero = String(repeating: "0", count: 40)
    let nothing = try hook("\(zero) \(zero) refs/heads/main\n", in: region.east)
    #expect(nothing.status == 4 && nothing.errors.contains("never deleted"), "\(nothing.errors)")
    let head = try Program.git("rev-parse", "HEAD", in: region.east)
    #expect(try hook("\(head) \(head) refs/heads/main\n", in: region.east).status == 0)
    let stranger = try hook("\(zero) \(head) refs/heads/main\n", in: region.clone)
    #expect(stranger.status == 1 && stranger.errors.contains("not the region itself"), "\(stranger.errors)")
    let missing = try hook("\(head) \(String(repeating: "1", count: 40)) refs/heads/main\n", in: region.east)
    #expect(missing.status == 1 && missing.errors.contains("error: "), "\(missing.errors)")
  }
}
