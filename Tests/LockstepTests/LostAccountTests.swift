import Foundation
import Support
import Testing

/// An account whose folders go and come back, as a disk that is mounted and unmounted.
@Suite struct LostAccountTests {
  @Test func `an account that comes and goes loses nothing`() throws {
    let regions = try TwoRegions()
    try regions.publish()
    for number in 1...300 {
      try regions.folder.write(
        #"{"name": "f\#(number)", "properties": {"firstQuality": {"bitrate": \#(number)}}}"#,
        to: "east-account/account/account-filters/f\(number).json")
    }
    try regions.succeed(["capture", "-C", regions["east"]])
    let head = try Program.git("rev-parse", "HEAD", in: regions["east"])
    for name in ["account", "storage"] {
      let folder = regions.folder["east-account/\(name)"]
      let mover = try Program.start(
        "sh",
        [
          "-c",
          """
          trap 'exit 0' TERM
          while mv -T '\(folder)' '\(folder).away'; do
            mv -T '\(folder).away' '\(folder)' || exit 1
          done
          """,
        ])
      var refusals = 0
      for round in 1...12 {
        // Each time another way: what is known of the account, or everything anew; a change, or none.
        if round % 3 == 0 {
          try? FileManager.default.removeItem(atPath: regions["east"] + "/.git/lockstep/observed")
        }
        for command in round % 2 == 0 ? ["capture"] : ["apply", "drift"] {
          let outcome = try regions.run([command, "-C", regions["east"]])
          #expect([0, 1].contains(outcome.status), "\(command): \(outcome.output)\(outcome.errors)")
          if outcome.status == 1 { refusals += 1 }
        }
      }
      let said = try mover.files.read("errors")
      #expect(mover.isRunning, "\(name) was made anew while it was away: \(said)")
      mover.stop()
      if FileManager.default.fileExists(atPath: folder + ".away") {
        try FileManager.default.moveItem(atPath: folder + ".away", toPath: folder)
      }
      #expect(refusals > 0, "\(name) was there at every moment that counted")
      let captured = try Program.git("log", "--stat", "\(head)..HEAD", in: regions["east"])
      #expect(captured == "", "\(name)")
    }
    for command in ["capture", "apply", "drift"] { try regions.succeed([command, "-C", regions["east"]]) }
    #expect(try Program.git("rev-parse", "HEAD", in: regions["east"]) == head)
    #expect(try regions.run(["verify", regions["east"], regions["east"], "--deep"]).status == 0)
  }

  @Test(arguments: ["account", "storage", "published", "keys"])
  func `a folder of the account that is gone is an error of every command, and comes back`(name: String)
    throws
  {
    let regions = try TwoRegions()
    try regions.publish()
    try regions.succeed(["fleet", "add", "west", regions["west"], "-C", regions["east"]])
    try regions.mirrorAndApply()
    let west = regions["west"]
    let folder = regions.folder["west-account/\(name)"]
    try FileManager.default.moveItem(atPath: folder, toPath: folder + "-away")
    let commands = [
      ["capture", "-C", west], ["plan", "-C", west], ["apply", "-C", west],
      ["apply", "-C", west, "--dry-run"],
      ["drift", "-C", west], ["verify", "--deep", regions["east"], west],
      ["publish", regions.folder["film"], "-C", west, "--asset", "film"],
    ]
    for command in commands {
      let outcome = try regions.run(command)
      #expect(outcome.status == 1, "\(command): \(outcome.output)\(outcome.errors)")
      #expect(
        outcome.errors.contains("west-account") && outcome.errors.contains("hint: "), "\(outcome.errors)")
      #expect(!FileManager.default.fileExists(atPath: folder), "\(command) made \(name) anew")
    }
    let ready = try regions.run(["ready", "-C", west])
    // An account that cannot be opened at all is an error of this command, too.
    #expect(ready.status == (name == "account" ? 1 : 2), "\(ready.output)\(ready.errors)")
    #expect((ready.output + ready.errors).contains("west-account"))
    try FileManager.default.moveItem(atPath: folder + "-away", toPath: folder)
    for command in commands.dropLast() { try regions.succeed(command) }
  }
}
