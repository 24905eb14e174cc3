import Foundation
import Support
import Testing

/// Two regions that cannot see each other are both changed for an hour, and come together again.
@Suite struct SplitBrainTests {
  private let fleet: PushedFleet
  private static let places = ["east", "west"]

  init() throws {
    fleet = try PushedFleet()
    for name in ["old", "shared"] {
      try fleet.regions.film(name, ["a.mp4": name])
      try fleet.regions.publish(name)
    }
    try fleet.commit("both", in: "east")
    try fleet.commit("gone", in: "east")
    try fleet.regions.succeed(["apply", "-C", fleet.east])
    try fleet.regions.mirrorAndApply()
  }

  private func other(_ region: String) -> String { region == "east" ? "west" : "east" }

  /// Cuts the line, or mends it.
  private func setLine(isCut: Bool) throws {
    for region in Self.places {
      let place = fleet.regions[other(region)]
      try fleet.set(
        "lockstep.peer-\(other(region)).repository", isCut ? place + "-unseen" : place, in: region)
    }
  }

  /// Commits what stands in a region's working tree, at a minute of the hour.
  private func commit(_ message: String, minute: Int, in region: String) throws {
    let at = "2026-11-27T12:\(minute < 10 ? "0" : "")\(minute):00Z"
    for arguments in [["add", "-A"], ["commit", "--quiet", "-m", message]] {
      let outcome = try Program.run(
        "git", arguments, in: fleet.regions[region],
        environment: ["GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at])
      try #require(outcome.status == 0, "\(outcome.errors)")
    }
  }

  private func write(_ path: String, _ text: String, in region: String) throws {
    try fleet.folder.write(text, to: "\(region)/\(path)")
    try fleet.regions.succeed(["fmt", fleet.folder["\(region)/\(path)"]])
  }

  private func fanned(_ kind: String, _ name: String, _ child: String? = nil) throws -> String {
    let digest = try Program.run("sha256sum", [], input: name).output
    let folder = "mirrored/\(kind)/\(digest.prefix(2))/\(digest.dropFirst(2).prefix(2))"
    return folder + "/\(name)" + (child.map { "/\($0)" } ?? "") + ".json"
  }

  private func filter(_ name: String, bitrate: Int, in region: String) throws {
    try write(
      "mirrored/account-filters/\(name).json",
      #"{"name": "\#(name)", "properties": {"firstQuality": {"bitrate": \#(bitrate)}}}"#, in: region)
  }

  private func locator(_ name: String, id: String, asset: String, in region: String) throws {
    try write(
      fanned("streaming-locators", name),
      #"{"name": "\#(name)", "properties": {"assetName": "\#(asset)", "streamingLocatorId": "\#(id)","#
        + #""streamingPolicyName": "Predefined_ClearStreamingOnly"}}"#, in: region)
  }

  /// An hour of one region: a commit a minute, of every kind, and some by its account.
  /// - Returns: the subjects of the commits.
  private func hour(of region: String) throws -> [String] {
    var subjects: [String] = []
    for minute in 0..<50 {
      let name = "\(region)-\(minute)"
      switch minute % 5 {
      case 0: try filter(name, bitrate: 1000 + minute, in: region)
      case 1:
        try write(
          "mirrored/streaming-policies/\(name).json",
          #"{"name": "\#(name)", "properties": {"noEncryption": {"enabledProtocols": {"hls": true}}}}"#,
          in: region)
      case 2:
        try write(
          fanned("asset-filters", "shared", name),
          #"{"assetName": "shared", "name": "\#(name)", "properties": {}}"#, in: region)
      case 3:
        let id = String(format: "%08d-0000-4000-8000-%012d", region == "east" ? 1 : 2, minute)
        try locator(name, id: id, asset: "shared", in: region)
      default:
        try write(
          "mirrored/content-key-policies/\(name).json",
          #"{"name": "\#(name)", "properties": {"options": [{"configuration": {"@odata.type":"#
            + ##""#Microsoft.Media.ContentKeyPolicyClearKeyConfiguration"}, "name": "open", "restriction":"##
            + ##" {"@odata.type": "#Microsoft.Media.ContentKeyPolicyOpenRestriction"}}]}}"##, in: region)
      }
      subjects.append("\(region): minute \(minute)")
      try commit(subjects[minute], minute: minute, in: region)
    }
    return subjects
  }

  private func log(_ region: String) throws -> Set<String> {
    Set(
      try Program.git("log", "--format=%s", in: fleet.regions[region]).split(separator: "\n").map(String.init)
    )
  }

  @Test func `of an hour on both sides nothing is lost, every conflict is listed, and all ends in step`()
    throws
  {
    try setLine(isCut: true)
    try fleet.regions.succeed([
      "failover", "west", "--yes", "--accept-loss", "0", "--reason", "east is out of sight", "-C", fleet.west,
    ])
    var subjects = try Self.places.flatMap { try hour(of: $0) }
    // What does not go together: one resource, one id in two locators, and a locator of an asset that is gone.
    let id = "33333333-3333-4333-8333-333333333333"
    for (region, bitrate) in [("east", 3), ("west", 2)] {
      try filter("both", bitrate: bitrate, in: region)
      try locator("claim-\(region)", id: id, asset: "shared", in: region)
      subjects.append("\(region): what does not go together")
      try commit(subjects.last ?? "", minute: 51, in: region)
    }
    for kind in ["assets", "contents", "streaming-locators"] {
      try Program.git("rm", "--quiet", fanned(kind, "old"), in: fleet.east)
    }
    try Program.git("rm", "--quiet", "mirrored/account-filters/gone.json", in: fleet.east)
    subjects.append("east: old and gone are gone")
    try commit(subjects.last ?? "", minute: 52, in: "east")
    try locator("late", id: "44444444-4444-4444-8444-444444444444", asset: "old", in: "west")
    subjects.append("west: a locator of old")
    try commit(subjects.last ?? "", minute: 53, in: "west")
    // Both accounts go on by themselves, too.
    for region in Self.places {
      try fleet.folder.write(
        #"{"name":"live-\#(region)","properties":{}}"#,
        to: "\(region)-account/account/account-filters/live-\(region).json")
    }
    try fleet.regions.succeed(["capture", "-C", fleet.west])
    try fleet.regions.succeed(["apply", "-C", fleet.west, "--force-deletions"])
    let heads = try Self.places.map { try Program.git("rev-parse", "HEAD", in: fleet.regions[$0]) }

    try setLine(isCut: false)
    let conflict = try fleet.regions.run(["rejoin", "east", "-C", fleet.west])
    #expect(conflict.status == 4, "\(conflict.errors)")
    for resource in ["account-filter/both", "locator/claim-east", "locator/claim-west", "locator/late"] {
      #expect(conflict.output.contains("conflict in \(resource)"), "\(resource): \(conflict.output)")
    }
    #expect(conflict.errors.contains("lockstep rejoin east"), "\(conflict.errors)")
    #expect(try heads == Self.places.map { try Program.git("rev-parse", "HEAD", in: fleet.regions[$0]) })

    // One is settled by a commit that a person makes in the primary, the others by a word.
    try Program.git("rm", "--quiet", fanned("streaming-locators", "late"), in: fleet.west)
    subjects.append("west: no locator of old after all")
    try commit(subjects.last ?? "", minute: 54, in: "west")
    let rest = try fleet.regions.run([
      "rejoin", "east", "--prefer", "account-filter/both=target", "-C", fleet.west,
    ])
    #expect(rest.status == 4 && !rest.output.contains("account-filter/both"), "\(rest.output)\(rest.errors)")
    #expect(!rest.output.contains("locator/late"), "\(rest.output)")
    let settled = [
      "rejoin", "east", "--prefer", "account-filter/both=target", "--prefer", "locator/claim-east=source",
      "--prefer", "locator/claim-west=source", "-C", fleet.west,
    ]
    let guarded = try fleet.regions.run(settled)
    // Both repositories have come together; what east took out is taken out of an account by a person's word alone.
    #expect(guarded.status == 4 && guarded.errors.contains("--force-content"), "\(guarded.errors)")
    #expect(try fleet.isInStep())
    for region in Self.places {
      try fleet.regions.succeed(["apply", "--force-content", "-C", fleet.regions[region]])
    }
    let joined = try fleet.regions.run(["rejoin", "east", "-C", fleet.west])
    try #require(joined.status == 0, "\(joined.output)\(joined.errors)")

    #expect(try fleet.isInStep())
    try fleet.regions.succeed(["verify", fleet.east, fleet.west, "--deep"])
    for region in Self.places {
      let known = try log(region)
      let lost = subjects.filter { !known.contains($0) }
      #expect(lost.isEmpty, "\(region) lacks \(lost)")
      let documents = try Program.git(
        "ls-tree", "-r", "--name-only", "HEAD", "mirrored", in: fleet.regions[region])
      for side in Self.places {
        for minute in 0..<50 { #expect(documents.contains("/\(side)-\(minute).json"), "\(side) \(minute)") }
        #expect(fleet.folder.has("\(region)-account/account/account-filters/live-\(side).json"))
        #expect(fleet.folder.has("\(region)-account/account/account-filters/\(side)-45.json"))
      }
      let both = try Program.git("show", "HEAD:mirrored/account-filters/both.json", in: fleet.regions[region])
      #expect(both.contains("2"), "\(both)")
      #expect(documents.contains("/claim-east.json") && !documents.contains("/claim-west.json"))
      #expect(!documents.contains("/gone.json") && !documents.contains("/late.json"))
      #expect(try fleet.regions.run(["drift", "-C", fleet.regions[region]]).status == 0)
    }
    #expect(try fleet.check() == (0, ""))
  }
}
