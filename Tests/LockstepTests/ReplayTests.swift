import Foundation
import Support
import Testing

/// Histories of every shape, made by git itself, replayed onto another region.
@Suite struct ReplayTests {
  /// A history of east in git's fast-import language.
  private struct History {
    var random: SeededGenerator
    private(set) var stream = ""
    private(set) var tips: [Int] = []
    private var next = 1

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Adds a commit on some parents: numbers of commits before, 0 for the region's first one.
    mutating func commit(_ parents: [Int], _ changes: [String], message: String = "m") -> Int {
      let number = next
      next += 1
      let time = 1_700_000_000 + Int.random(in: -50_000...50_000, using: &random)
      stream +=
        "commit refs/heads/work\nmark :\(number)\nauthor A <a@b> \(time) +0130\ncommitter C <c@d> \(time) -0800\n"
      stream += "data \(message.utf8.count)\n\(message)\n"
      for (index, parent) in parents.enumerated() {
        stream += "\(index == 0 ? "from" : "merge") \(parent == 0 ? "refs/heads/main^0" : ":\(parent)")\n"
      }
      for change in changes { stream += change }
      stream += "\n"
      return number
    }

    static func file(_ path: String, _ text: String) -> String {
      "M 100644 inline \(path)\ndata \(text.utf8.count)\n\(text)\n"
    }

    /// A random graph: changes of both halves, empty commits, merges of two and three.
    mutating func grow(_ count: Int) {
      var all = [0]
      for number in 0..<count {
        let width = [1, 1, 1, 2, 3].randomElement(using: &random) ?? 1
        let parents = Array(Set((0..<width).map { _ in all.suffix(6).randomElement(using: &random) ?? 0 }))
          .sorted(by: >)
        var changes: [String] = []
        let filter = Int.random(in: 0...4, using: &random)
        switch Int.random(in: 0...5, using: &random) {
        case 0: changes = [Self.file("local/note-\(filter).json", "\(number)")]
        case 1: break
        default:
          changes = [
            Self.file(
              "mirrored/account-filters/f\(filter).json",
              "{\n  \"name\": \"f\(filter)\",\n  \"properties\": {\n    \"n\": \(number)\n  }\n}\n")
          ]
        }
        all.append(commit(parents, changes, message: "Change \(number)\n\nWith a body: yes\n"))
      }
      // One tip: what is not reachable from the last commit does not travel.
      _ = commit([all.last ?? 0] + Array(all.dropFirst().dropLast().suffix(2)), [], message: "tip")
    }
  }

  private func load(_ history: History, into regions: TwoRegions) throws {
    try Program.git("config", "core.logAllRefUpdates", "false", in: regions["east"])
    let outcome = try Program.run(
      "git", ["fast-import", "--quiet", "--force"], in: regions["east"], input: history.stream)
    try #require(outcome.status == 0, "\(outcome.errors)")
    try Program.git("update-ref", "refs/heads/main", "refs/heads/work", in: regions["east"])
  }

  /// Every image and what it replays, oldest first.
  private func images(in repository: String) throws -> [(image: String, source: String)] {
    let format = "%H %(trailers:key=Lockstep-Source,valueonly,separator=%x2C)"
    return try Program.git("log", "--reverse", "--topo-order", "--format=\(format)", in: repository).split(
      separator: "\n"
    )
    .compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 2, let source = words[1].split(separator: "@").last else { return nil }
      return (String(words[0]), String(source))
    }
  }

  private func mirroredTree(_ commit: String, in repository: String) throws -> String {
    let outcome = try Program.run(
      "git", ["rev-parse", "--verify", "--quiet", "\(commit):mirrored"], in: repository)
    return outcome.output.trimmingCharacters(in: .newlines)
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func `invariants 2 and 3: a random history arrives whole, and by steps as at once`(seed: UInt64) throws {
    let regions = try TwoRegions(bare: true)
    try Program.git(
      "clone", "--quiet", "--bare", regions["west"], regions.folder["twin"], in: regions.folder.path)
    for (key, value) in [("lockstep.region", "west"), ("lockstep.account", "folder:/nowhere")] {
      try Program.git("config", key, value, in: regions.folder["twin"])
    }
    var history = History(seed: seed)
    history.grow(40)
    try load(history, into: regions)
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let found = try images(in: regions["west"])
    for (image, source) in found {
      #expect(
        try mirroredTree(image, in: regions["west"]) == mirroredTree(source, in: regions["east"]),
        "seed \(seed): \(image)")
    }
    #expect(Set(found.map(\.source)).count == found.count, "seed \(seed): something was replayed twice")
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    #expect(
      try Program.git("rev-parse", "HEAD:local", in: regions["west"])
        == Program.git("rev-parse", "main~0:local", in: regions.folder["twin"]), "west keeps its own local/")
    try Program.git("fsck", "--strict", in: regions["west"])
    // By steps: a source that was at each first parent in turn.
    let steps = try Program.git("rev-list", "--first-parent", "--reverse", "main", in: regions["east"]).split(
      separator: "\n")
    for step in steps.filter({ _ in history.random.next() % 3 == 0 }) + [steps[steps.count - 1]] {
      try Program.git("update-ref", "refs/heads/main", String(step), in: regions["east"])
      try regions.succeed(["mirror", regions["east"], regions.folder["twin"]])
    }
    #expect(
      try Program.git("rev-parse", "main", in: regions.folder["twin"])
        == Program.git("rev-parse", "main", in: regions["west"]),
      "seed \(seed): the way changed the end")
  }

  @Test func `a history with several roots arrives whole, at once and later`() throws {
    let regions = try TwoRegions(bare: true)
    let east = regions["east"]
    func root(_ name: String) throws -> String {
      let text = "{\n  \"name\": \"\(name)\",\n  \"properties\": {}\n}\n"
      let blob = try Program.git(
        "hash-object", "-w", "--stdin", in: east, input: text)
      try Program.git("read-tree", "HEAD", in: east)
      try Program.git(
        "update-index", "--add", "--cacheinfo", "100644,\(blob),mirrored/account-filters/\(name).json",
        in: east)
      let tree = try Program.git("write-tree", in: east)
      let root = try Program.git("commit-tree", tree, "-m", "Root \(name)", in: east)
      let merge = try Program.git(
        "commit-tree", tree, "-p", "HEAD", "-p", root, "-m", "Take in \(name)", in: east)
      try Program.git("update-ref", "refs/heads/main", merge, in: east)
      return root
    }
    for name in ["one", "two"] {
      let root = try root(name)
      try regions.succeed(["mirror", east, regions["west"]])
      #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
      let image = try #require(images(in: regions["west"]).first { $0.source == root }?.image)
      #expect(try mirroredTree(image, in: regions["west"]) == mirroredTree(root, in: east))
      #expect(
        try Program.git("rev-parse", "\(image):local", in: regions["west"])
          == Program.git("rev-parse", "main:local", in: regions["west"]), "west's local/, not east's")
    }
    try regions.succeed(["audit", "verify", east, regions["west"]])
    try Program.git("fsck", "--strict", in: regions["west"])
  }

  @Test func `commits that a region makes of local alone interleave`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    let document = try regions.folder.read("west/local/region.json")
    try regions.folder.write(
      document.replacingOccurrences(
        of: "\"storage.main\"", with: "\"storage.archive\": \"x\",\n      \"storage.main\""),
      to: "west/local/region.json")
    try Program.git("commit", "--quiet", "--all", "-m", "Bind the archive", in: regions["west"])
    try regions.publish("two")
    try regions.mirrorAndApply()
    #expect(try regions.folder.read("west/local/region.json").contains("storage.archive"))
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
  }

  @Test func `a standby that took over goes back, and nothing is replayed twice`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    try regions.publish("two", region: "west")
    try regions.succeed(["mirror", regions["west"], regions["east"]])
    try regions.succeed(["apply", "-C", regions["east"]])
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
    let counts = try ["east", "west"].map { try Program.git("rev-list", "--count", "HEAD", in: regions[$0]) }
    for (from, to) in [("east", "west"), ("west", "east"), ("east", "west")] {
      try regions.succeed(["mirror", regions[from], regions[to]])
    }
    #expect(
      try ["east", "west"].map { try Program.git("rev-list", "--count", "HEAD", in: regions[$0]) } == counts)
    try regions.publish("three")
    try regions.mirrorAndApply()
    try regions.succeed(["verify", regions["east"], regions["west"], "--deep"])
  }

  @Test func `a chain of three regions carries the first one's originals on`() throws {
    let regions = try TwoRegions()
    try regions.succeed([
      "init", regions.folder["north"], "--region", "north", "--account",
      "folder:\(regions.folder["north-account"])",
      "--user", "Tess Ter <tess@example.com>", "--bare",
    ])
    for film in ["one", "two", "three"] {
      try regions.publish(film)
      try regions.mirrorAndApply()
      let source = film == "three" ? "file://localhost\(regions["west"])" : regions["west"]
      try regions.succeed(["mirror", source, regions.folder["north"]])
    }
    #expect(
      try Program.git("rev-parse", "main:mirrored", in: regions.folder["north"])
        == regions.mirroredTree("east"))
    let sources = try images(in: regions.folder["north"]).map(\.source)
    for source in sources { try Program.git("cat-file", "-e", source, in: regions["east"]) }
    #expect(sources.count == 3)
    try Program.git("fsck", "--strict", in: regions.folder["north"])
  }

  @Test func `a trailer that was copied by a cherry-pick is refused`() throws {
    let regions = try TwoRegions()
    try regions.publish("one")
    try regions.mirrorAndApply()
    let image = try Program.git("rev-parse", "HEAD", in: regions["west"])
    try regions.folder.write("x", to: "west/mirrored/account-filters/x.json")
    try Program.git("add", "-A", in: regions["west"])
    try Program.git("commit", "--quiet", "-m", "Mine\n\nLockstep-Source: east@\(image)", in: regions["west"])
    let outcome = try regions.run(["mirror", regions["west"], regions["east"]])
    #expect(outcome.status != 0, "\(outcome.output)")
    #expect(
      outcome.errors.contains("Lockstep-Source") || outcome.errors.contains("original"), "\(outcome.errors)")
  }

  @Test
  func `authors, encodings, zones and long messages arrive byte for byte; signatures stay with the source`()
    throws
  {
    let regions = try TwoRegions(bare: true)
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    let blob = try Program.git(
      "hash-object", "-w", "--stdin", in: regions["east"],
      input: #"{"name":"x","properties":{}}"#)
    try Program.git("read-tree", head, in: regions["east"])
    try Program.git(
      "update-index", "--add", "--cacheinfo", "100644,\(blob),mirrored/account-filters/x.json",
      in: regions["east"])
    let tree = try Program.git("write-tree", in: regions["east"])
    let headers = "author J\u{fc}rgen <j@x> -1 -1234\ncommitter  <> 4102444800 +1400\nencoding ISO-8859-1\n"
    let message = "\n  Odd \n\n" + String(repeating: "long ", count: 200_000)
    let text =
      "tree \(tree)\nparent \(head)\n\(headers)gpgsig -----BEGIN-----\n \n abc\n -----END-----\n\(message)"
    let commit = try Program.git(
      "hash-object", "-t", "commit", "-w", "--literally", "--stdin", in: regions["east"], input: text)
    try Program.git("update-ref", "refs/heads/main", commit, in: regions["east"])
    try regions.succeed(["mirror", regions["east"], regions["west"]])
    let image = try Program.run("git", ["cat-file", "commit", "main"], in: regions["west"]).output
    #expect(image.contains("\n" + headers + message))
    #expect(!image.contains("gpgsig"))
    #expect(image.hasSuffix("\n\nLockstep-Source: east@\(commit)\n"))
    #expect(
      try Program.git("cat-file", "-p", commit, in: regions["west"]).contains("gpgsig"),
      "the original came along")
  }

  @Test func `what an account lost and has again with another secret goes on, with its capture's word`()
    throws
  {
    let regions = try TwoRegions()
    let policy = "east-account/account/content-key-policies/tokens.json"
    try regions.tokens(secret: "b25l")
    try regions.succeed(["capture", "-C", regions["east"]])
    try FileManager.default.removeItem(atPath: regions.folder[policy])
    try regions.succeed(["capture", "-C", regions["east"]])
    for (secret, word) in [("dHdv", "content-key-policy/tokens"), ("dHdv", "")] {
      try regions.tokens(secret: secret)
      let captured = try regions.run(["capture", "-C", regions["east"]])
      #expect(
        captured.status == 0 && captured.errors.contains("tokens") != word.isEmpty, "\(captured.errors)")
      let trailers = try Program.git(
        "log", "-1", "--format=%(trailers:key=Lockstep-Allow-Identity-Change,valueonly)", in: regions["east"])
      #expect(trailers == word)
      // As it was last, it may come back without a word.
      try FileManager.default.removeItem(atPath: regions.folder[policy])
      try regions.succeed(["capture", "-C", regions["east"]])
    }
    try regions.succeed(["mirror", regions["east"], regions["west"]])
  }
}
