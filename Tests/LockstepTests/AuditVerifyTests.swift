import Foundation
import Support
import Testing

/// `lockstep audit verify`, over histories that git itself tampers with.
@Suite struct AuditVerifyTests {
  /// Some regions with a history of several films, mirrored from east.
  private struct Mirrored {
    let regions: TwoRegions

    init() throws {
      regions = try TwoRegions(bare: true)
      for film in ["one", "two", "three", "four"] { try regions.publish(film) }
      try regions.succeed(["mirror", regions["east"], regions["west"]])
    }

    func git(_ arguments: String..., in region: String = "west", input: String? = nil) throws -> String {
      let outcome = try Program.run("git", arguments, in: regions[region], input: input)
      guard outcome.status == 0 else { throw Program.Failed(what: "git \(arguments)", outcome: outcome) }
      return outcome.output
    }

    func id(_ name: String, in region: String = "west") throws -> String {
      try git("rev-parse", name, in: region).trimmingCharacters(in: .newlines)
    }

    /// Writes a commit object whatever it says.
    func write(_ commit: String, in region: String = "west") throws -> String {
      try git("hash-object", "-t", "commit", "--literally", "-w", "--stdin", in: region, input: commit)
        .trimmingCharacters(in: .newlines)
    }

    /// Replaces one commit of west's branch by what `edit` makes of it, and makes those after it again on top; nil takes it
    /// out.
    @discardableResult
    func rewrite(_ commit: String, in region: String = "west", _ edit: (String) -> String?) throws -> String?
    {
      var replaced: [String: String] = [:]
      var result: String?
      for id in try git("rev-list", "--topo-order", "--reverse", "HEAD", in: region).split(separator: "\n")
        .map(String.init)
      {
        let old = try git("cat-file", "commit", id, in: region)
        var new = old
        for (from, to) in replaced {
          new = new.replacingOccurrences(of: "parent \(from)\n", with: "parent \(to)\n")
        }
        if id == commit {
          guard let edited = edit(new) else {
            replaced[id] = try self.id("\(id)~1", in: region)
            continue
          }
          new = edited
        }
        guard new != old else { continue }
        replaced[id] = try write(new, in: region)
        if id == commit { result = replaced[id] }
      }
      let head = try id("HEAD", in: region)
      _ = try git("update-ref", "HEAD", replaced[head] ?? head, in: region)
      return result
    }

    func verify(_ a: String = "east", _ b: String = "west") throws -> Program.Outcome {
      try regions.run(["audit", "verify", regions[a], regions[b]])
    }
  }

  @Test func `regions that were mirrored both ways and through a third one verify in every pair`() throws {
    let mirrored = try Mirrored()
    let regions = mirrored.regions
    try regions.succeed([
      "init", regions["north"], "--bare", "--region", "north", "--account",
      "folder:\(regions["north"])-account", "--user", "Nora <n@example.com>",
    ])
    try regions.succeed(["mirror", regions["west"], regions["north"]])
    try regions.publish("five", region: "west")
    try regions.succeed(["mirror", regions["west"], regions["east"]])
    try regions.publish("six")
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    try regions.succeed(["mirror", regions["west"], regions["north"]])
    for (a, b) in [("east", "west"), ("west", "east"), ("east", "north"), ("north", "west")] {
      let outcome = try mirrored.verify(a, b)
      #expect(outcome.status == 0, "\(a) \(b): \(outcome.output)")
      #expect(outcome.output.isEmpty)
    }
    let json = try regions.succeed(["audit", "verify", regions["east"], regions["north"], "--json"])
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    #expect(document["version"] as? Int == 1)
    #expect((document["imagesChecked"] as? Int ?? 0) >= 7)
    // In north a commit that came from east through west is tampered with.
    let victim = try mirrored.id("HEAD~2", in: "north")
    let forged = try mirrored.rewrite(victim, in: "north") {
      $0.replacingOccurrences(of: "\nauthor Tess", with: "\nauthor Eve")
    }
    let outcome = try mirrored.verify("east", "north")
    #expect(outcome.status == 2)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 1)
    #expect(lines.first?.contains(forged ?? "?") == true, "\(outcome.output)")
  }

  /// What is done to one commit in the middle of west's history, and what is said of it.
  private static let tamperings: [(name: String, says: String, edit: @Sendable (String) -> String)] = [
    ("author", "author", { $0.replacingOccurrences(of: "\nauthor Tess", with: "\nauthor Eve") }),
    (
      "author's date", "author",
      { $0.replacing(#/\nauthor (.+) \d+ \+/#) { "\nauthor \($0.output.1) 1700000000 +" } }
    ),
    (
      "committer's zone", "committer",
      { $0.replacing(#/\ncommitter (.+) \+0000\n/#) { "\ncommitter \($0.output.1) +0001\n" } }
    ),
    ("a byte of the message", "message", { $0.replacingOccurrences(of: "\n\nPublish", with: "\n\npublish") }),
    (
      "a header", "header",
      { $0.replacingOccurrences(of: "\n\nPublish", with: "\nencoding UTF-8\n\nPublish") }
    ),
  ]

  @Test(arguments: 0..<5)
  func `one other author, date, byte or header is found, and only that`(number: Int) throws {
    let (name, says, edit) = Self.tamperings[number]
    let mirrored = try Mirrored()
    let forged = try #require(try mirrored.rewrite(mirrored.id("HEAD~1"), edit), "\(name)")
    let outcome = try mirrored.verify()
    #expect(outcome.status == 2, "\(name)")
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 1, "\(name): \(outcome.output)")
    #expect(lines.first?.contains(forged) == true)
    #expect(lines.first?.contains(try mirrored.id("HEAD~1", in: "east")) == true, "names the original")
    #expect(lines.first?.contains("\(says)") == true, "\(name): \(outcome.output)")
    #expect(outcome.errors.contains("1 finding"))
  }

  @Test func `of an original that was changed the cause is told first`() throws {
    let mirrored = try Mirrored()
    let victim = try mirrored.id("HEAD~2", in: "east")
    let forged = try #require(
      try mirrored.rewrite(victim, in: "east") {
        $0.replacingOccurrences(of: "\nauthor Tess", with: "\nauthor Eve")
      })
    let outcome = try mirrored.verify()
    let lines = outcome.output.split(separator: "\n")
    #expect(outcome.status == 2 && lines.count > 1, "\(outcome.output)")
    #expect(
      lines.first?.contains("the first that is not is \(victim)") == true
        && lines.first?.hasSuffix(
          "in its place stands \(forged), where the author or the author's date differs") == true,
      "\(outcome.output)")
    #expect(outcome.errors.contains("hint: look at the first one"))
  }

  @Test func `one other tree is found, of either half`() throws {
    for (half, says) in [("mirrored", "mirrored/"), ("local", "local/")] {
      let mirrored = try Mirrored()
      let victim = try mirrored.id("HEAD~1")
      let other = try mirrored.id(half == "mirrored" ? "HEAD~2:mirrored" : "HEAD:mirrored/assets")
      let lines = try mirrored.git("ls-tree", victim).split(separator: "\n").map {
        $0.hasSuffix("\t\(half)") ? "040000 tree \(other)\t\(half)" : String($0)
      }
      let tree = try mirrored.git("mktree", input: lines.joined(separator: "\n") + "\n")
        .trimmingCharacters(in: .newlines)
      let forged = try #require(
        try mirrored.rewrite(victim) { text in
          text.replacing(#/tree [0-9a-f]{40}/#, with: "tree \(tree)", maxReplacements: 1)
        })
      let outcome = try mirrored.verify()
      #expect(outcome.status == 2)
      #expect(outcome.output.contains(forged))
      #expect(outcome.output.contains("\(says) differs"), "\(outcome.output)")
    }
  }

  @Test func `a missing replay is named by its original`() throws {
    let mirrored = try Mirrored()
    let original = try mirrored.id("HEAD~1", in: "east")
    try mirrored.rewrite(mirrored.id("HEAD~1")) { _ in nil }
    let outcome = try mirrored.verify()
    #expect(outcome.status == 2)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.count == 1, "\(outcome.output)")
    #expect(
      lines.first?.contains("\(original) \"Publish locator/three in east\" of east was mirrored") == true)
  }

  @Test func `a replay of nothing, a second replay, and a commit in between are found`() throws {
    let mirrored = try Mirrored()
    let head = try mirrored.id("HEAD")
    let text = try mirrored.git("cat-file", "commit", "HEAD")
    let parent = try mirrored.id("HEAD~1")
    // A replay of a commit that east does not have.
    let lost = String(repeating: "ab", count: 20)
    let trailer = "east@" + (try mirrored.id("HEAD", in: "east"))
    let ghost = try mirrored.write(text.replacingOccurrences(of: trailer, with: "east@\(lost)"))
    _ = try mirrored.git("update-ref", "HEAD", ghost)
    var outcome = try mirrored.verify()
    #expect(outcome.status == 2)
    #expect(outcome.output.contains("commit \(ghost)"))
    #expect(outcome.output.contains("east@\(lost), which is not in that region's history"))
    // The same change once more.
    let again = try mirrored.write(text.replacingOccurrences(of: "parent \(parent)", with: "parent \(head)"))
    _ = try mirrored.git("update-ref", "HEAD", again)
    outcome = try mirrored.verify()
    #expect(outcome.status == 2)
    #expect(
      outcome.output.contains(
        "commit \(again) \"Publish locator/four in east\" replays \(trailer), as \(head)"))
    // A change that somebody slipped in between two replays.
    let tree = try mirrored.id("\(parent)~1^{tree}")
    let slipped = try mirrored.git("commit-tree", tree, "-p", parent, "-m", "Slipped in")
      .trimmingCharacters(in: .newlines)
    let moved = try mirrored.write(
      text.replacingOccurrences(of: "parent \(parent)", with: "parent \(slipped)"))
    _ = try mirrored.git("update-ref", "HEAD", moved)
    outcome = try mirrored.verify()
    #expect(outcome.status == 2)
    #expect(outcome.output.contains("commit \(moved)"), "\(outcome.output)")
    #expect(outcome.output.contains("its parents are not the replays"))
  }

  @Test func `a source that was rewritten since is found`() throws {
    let mirrored = try Mirrored()
    let victim = try mirrored.id("HEAD~1", in: "east")
    try mirrored.rewrite(victim, in: "east") {
      $0.replacingOccurrences(of: "\nauthor Tess", with: "\nauthor Eve")
    }
    let outcome = try mirrored.verify()
    #expect(outcome.status == 2)
    #expect(outcome.output.contains("is no longer in the history"))
    #expect(outcome.output.contains("east@\(victim), which is not in that region's history"))
  }

  @Test func `commits of local alone, merges and empty commits are what they say; own commits are listed`()
    throws
  {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    try regions.folder.write("{}\n", to: "west/local/note.json")
    try Program.git("add", "-A", in: regions["west"])
    try Program.git("commit", "--quiet", "-m", "Local", in: regions["west"])
    let own = try Program.git("rev-parse", "HEAD", in: regions["west"])
    for branch in ["a", "b"] {
      try Program.git("switch", "--quiet", "-c", branch, "main", in: regions["east"])
      try regions.folder.write(
        "{\n  \"name\": \"\(branch)\",\n  \"properties\": {}\n}\n",
        to: "east/mirrored/account-filters/\(branch).json")
      try Program.git("add", "-A", in: regions["east"])
      try Program.git("commit", "--quiet", "-m", "Branch \(branch)", in: regions["east"])
    }
    try Program.git("switch", "--quiet", "main", in: regions["east"])
    try Program.git("commit", "--quiet", "--allow-empty", "-m", "Empty", in: regions["east"])
    try Program.git("merge", "--quiet", "--no-ff", "-m", "Octopus", "a", "b", in: regions["east"])
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let json = try regions.succeed(["audit", "verify", regions["east"], regions["west"], "--json"])
    let document = try #require(try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: Any])
    #expect((document["findings"] as? [Any])?.isEmpty == true)
    #expect((document["own"] as? [String: [String]])?["west"]?.contains(own) == true)
  }

  @Test func `what cannot be compared is said`() throws {
    let regions = try TwoRegions()
    let same = try regions.run(["audit", "verify", regions["east"], regions["east"]])
    #expect(same.status == 1)
    #expect(same.errors.contains("are both region east"))
    let none = try regions.run(["audit", "verify", regions["east"], regions.folder["nothing"]])
    #expect(none.status == 1)
    #expect(none.errors.contains("hint:"))
  }
}
