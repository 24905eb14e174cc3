import Foundation
import Support
import Testing

/// `lockstep diff` of commits and of regions, for people and for programs.
@Suite struct DiffTests {
  private func changed() throws -> TwoRegions {
    let regions = try TwoRegions()
    for bitrate in [1, 2, 3] {
      try regions.folder.write(
        "{\n  \"name\": \"f\",\n  \"properties\": {\n    \"firstQuality\": {\n      \"bitrate\": \(bitrate)\n    }\n  }\n}\n",
        to: "east/mirrored/account-filters/f.json")
      try Program.git("add", "-A", in: regions["east"])
      try Program.git("commit", "--quiet", "-m", "\(bitrate)", in: regions["east"])
    }
    return regions
  }

  @Test func `two commits may be said in one argument`() throws {
    let regions = try changed()
    func diff(_ arguments: String...) throws -> String {
      try regions.succeed(["diff", "--text", "-C", regions["east"]] + arguments)
    }
    let expected = "changed account-filter/f\n  /properties/firstQuality/bitrate: 1 -> 3\n"
    #expect(try diff("HEAD~2", "HEAD") == expected)
    #expect(try diff("HEAD~2..HEAD") == expected)
    #expect(try diff("HEAD~2..") == expected)
    #expect(try diff("..HEAD~2").contains("3 -> 1"))
    #expect(try diff("HEAD..HEAD") == "")
    #expect(try regions.run(["diff", "--text", "-C", regions["east"], "HEAD~2...HEAD"]).status == 64)
    #expect(try regions.run(["diff", "--text", "-C", regions["east"], "nothing..HEAD"]).status == 1)
  }

  @Test func `a pipe gets one document, unless it asks for lines`() throws {
    let regions = try changed()
    let diff = ["diff", "HEAD~2..HEAD", "-C", regions["east"]]
    let piped = try regions.succeed(diff)
    let object = try JSONSerialization.jsonObject(with: Data(piped.utf8)) as? [String: Any]
    #expect(object?["version"] as? Int == 1 && (object?["differences"] as? [Any])?.count == 1)
    #expect(try regions.succeed(diff + ["--json"]) == piped)
    #expect(try regions.succeed(diff + ["--text"]).hasPrefix("changed account-filter/f\n"))
    #expect(try regions.run(diff + ["--text", "--json"]).status == 64)
  }

  @Test func `two regions are compared by their newest commits, from anywhere`() throws {
    let regions = try changed()
    let (east, west) = (regions["east"], regions["west"])
    #expect(try regions.succeed(["diff", "--text", west, east]).hasPrefix("added account-filter/f\n"))
    // One folder is compared with the region that one is in.
    #expect(
      try regions.succeed(["diff", "--text", west, "-C", east])
        == regions.succeed(["diff", "--text", west, east]))
    let inside = try Program.run(Program.lockstep, ["diff", "--text", "../west"], in: east)
    #expect(inside.status == 0 && inside.output.hasPrefix("added account-filter/f\n"), "\(inside.errors)")
    #expect(try regions.succeed(["diff", "--text", east, west]).hasPrefix("removed account-filter/f\n"))
    try regions.succeed(["mirror", east, west])
    #expect(try regions.succeed(["diff", "--text", east, west]) == "")
  }

  @Test(.enabled(if: Program.has("python3"))) func `colours are for terminals, and for those who want them`()
    throws
  {
    let regions = try changed()
    /// Runs the program with a terminal as its standard output.
    func shown(_ arguments: [String], _ environment: [String: String] = [:]) throws -> String {
      let script = "import pty,sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"
      let variables = ["TERM": "xterm"].merging(environment) { $1 }.map { "\($0.key)=\($0.value)" }
      // Who runs the tests may want no colours.
      return try Program.run(
        "env", ["-u", "NO_COLOR"] + variables + ["python3", "-c", script, Program.lockstep] + arguments,
        in: regions.folder.path
      ).output
    }
    for command in [["diff", "HEAD~1..HEAD"], ["log"], ["blame", "account-filter/f"]] {
      let command = command + ["-C", regions["east"]]
      let coloured = try shown(command)
      #expect(coloured.contains("\u{1B}["), "\(command): \(coloured)")
      #expect(try !shown(command + ["--no-color"]).contains("\u{1B}"))
      #expect(try !shown(command, ["NO_COLOR": "1"]).contains("\u{1B}"))
      let piped = try Program.run(
        "env", ["-u", "NO_COLOR", "TERM=xterm", Program.lockstep] + command, in: regions.folder.path)
      #expect(piped.status == 0 && !piped.output.contains("\u{1B}"), "a file is no terminal")
    }
  }
}
