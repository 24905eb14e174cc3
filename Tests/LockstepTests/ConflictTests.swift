import Foundation
import Support
import Testing

/// What is said of changes that are sound by themselves and not together.
@Suite struct ConflictTests {
  @Test(arguments: ["source", "target"])
  func `of two that claim one id both sides are shown, and the command that is advised settles it`(
    side: String
  ) throws {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.mirrorAndApply()
    let film = try Program.git("ls-files", "mirrored/streaming-locators", in: regions["east"])
    for (region, name, folder) in [("east", "e", "3f/79"), ("west", "w", "50/e7")] {
      let file = "\(region)/mirrored/streaming-locators/\(folder)/\(name).json"
      let text = try regions.folder.read("\(region)/\(film)")
        .replacingOccurrences(
          of: try regions.locatorID("film", in: region), with: "11111111-1111-4111-8111-111111111111"
        )
        .replacingOccurrences(of: "\"film\",\n  \"prop", with: "\"\(name)\",\n  \"prop")
      try regions.folder.write(text, to: file)
      try Program.git("add", "-A", in: regions[region])
      try Program.git("commit", "--quiet", "-m", "Locator \(name)", in: regions[region])
    }
    let mirror = ["mirror", regions["west"], regions["east"]]
    let conflict = try regions.run(mirror)
    #expect(conflict.status == 4, "\(conflict.errors)")
    for shown in [
      "conflict in locator/e", "conflict in locator/w", "source west: not there", "target east: not there",
      "source west: added", "/properties/streamingLocatorId: (nothing) -> ",
    ] {
      #expect(conflict.output.contains(shown), "\(shown): \(conflict.output)")
    }
    #expect(
      conflict.errors.contains(", which takes out locator/e (or =target, which takes out locator/w;"),
      "\(conflict.errors)")
    let json = try regions.run(mirror + ["--json"])
    #expect(!json.output.contains(#""resource":"""#), "\(json.output)")
    let document = try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any]
    let shown = try #require(document?["conflicts"] as? [[String: Any]])
    #expect(shown.count == 2 && shown.count { $0["source"] is NSNull } == 1, "\(json.output)")
    // A word for one of the two is enough.
    for word in ["locator/e", "locator/w"] {
      try regions.succeed(mirror + ["--prefer", "\(word)=\(side)", "--dry-run"])
    }
    let hint = try #require(conflict.errors.split(separator: "counts: lockstep ").last)
    let words = hint.split(separator: ",")[0].split(separator: " ").map(String.init)
    try regions.succeed(words.map { $0.replacingOccurrences(of: "=source", with: "=\(side)") })
    if side == "target" {
      // What the join left out does not go with what it kept, whenever it is brought in.
      let back = try regions.run(["rollback", "HEAD", "-C", regions["east"]])
      #expect(back.status == 4 && back.errors.contains("claim the same locator id"), "\(back.errors)")
    }
    let left = try Program.git("ls-files", "mirrored/streaming-locators", in: regions["east"])
    #expect(left.contains("/w.json") == (side == "source") && left.contains("/e.json") == (side == "target"))
    try regions.succeed(["mirror", "-C", regions["east"]])
    #expect(try regions.mirroredTree("east") == regions.mirroredTree("west"))
  }
}
