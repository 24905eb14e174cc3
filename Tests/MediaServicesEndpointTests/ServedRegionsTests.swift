import Support
import Testing

/// Two regions that are served: what the official SDK writes in one it finds in the other.
@Suite struct ServedRegionsTests {
  @Test
  func `what the SDK publishes in east it reads in west, id by id and key by key, and a rollback there, too`()
    throws
  {
    let folder = try TemporaryFolder()
    let (id, value) = try Clip.encrypted(in: folder, name: "clip")
    let variables = [
      "LOCKSTEP_CLIP": folder["clip"], "LOCKSTEP_KEY_ID": id, "LOCKSTEP_KEY": value,
    ]
    let east = try ServedFolder(in: folder, variables: variables)
    let west = try ServedFolder(in: folder, name: "west", variables: variables)
    func phase(_ name: String, _ region: ServedFolder) throws {
      try region.run("regions.py", variables: ["LOCKSTEP_PHASE": name])
    }
    func follow() throws {
      for command in [
        ["capture", "-C", east.region], ["mirror", east.region, west.region], ["apply", "-C", west.region],
      ] {
        let outcome = try Program.run(Program.lockstep, command)
        try #require(outcome.status == 0, "\(command): \(outcome.output)\(outcome.errors)")
      }
      // Nothing that the endpoints rewrite is a difference.
      for region in [east, west] { #expect(try region.lockstep("drift").status == 0) }
    }
    // A locator for an asset without files is taken here and there.
    try phase("wait", east)
    try follow()
    try phase("waiting", west)
    try phase("publish", east)
    try follow()
    try phase("standby", west)
    try phase("change", east)
    try follow()
    try phase("changed", west)
    for command in [
      ["rollback", "HEAD", "-C", east.region], ["apply", "-C", east.region],
      ["mirror", east.region, west.region], ["apply", "-C", west.region],
    ] {
      let outcome = try Program.run(Program.lockstep, command)
      try #require(outcome.status == 0, "\(command): \(outcome.output)\(outcome.errors)")
    }
    try phase("standby", west)
    #expect(!east.log.contains(value) && !west.log.contains(value))
  }
}
