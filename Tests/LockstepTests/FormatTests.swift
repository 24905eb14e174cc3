import Foundation
import Support
import Testing

/// `lockstep fmt`: exit codes, files in place, standard input, and errors that tell the place.
@Suite struct FormatTests {
  private func run(_ arguments: [String], in folder: TemporaryFolder, input: String? = nil) throws
    -> Program.Outcome
  {
    try Program.run(Program.lockstep, ["fmt"] + arguments, in: folder.path, input: input)
  }

  @Test func `standard input goes to standard output`() throws {
    let folder = try TemporaryFolder()
    let text = "{\"b\":1.0,\"a\":[]}"
    let pretty = try run(["-"], in: folder, input: text)
    #expect(pretty.output == "{\n  \"a\": [],\n  \"b\": 1\n}\n")
    #expect(pretty.status == 0)
    #expect(try run(["--compact", "-"], in: folder, input: text).output == "{\"a\":[],\"b\":1}")
  }

  @Test func `files are formatted in place, once`() throws {
    let folder = try TemporaryFolder()
    try folder.write("{\"b\":1,\n\"a\":2}", to: "x.json")
    #expect(try run(["--check", "x.json"], in: folder).status == 2)
    #expect(try run(["--check", "x.json"], in: folder).output == "x.json\n")
    #expect(try folder.read("x.json") == "{\"b\":1,\n\"a\":2}", "a check changes nothing")
    #expect(try run(["x.json"], in: folder).status == 0)
    #expect(try folder.read("x.json") == "{\n  \"a\": 2,\n  \"b\": 1\n}\n")
    #expect(try run(["--check", "x.json"], in: folder).status == 0)
  }

  @Test func `an error names file, line and column, and the file stays`() throws {
    let folder = try TemporaryFolder()
    try folder.write("{\n  \"a\": 1,\n  \"a\": 2\n}\n", to: "x.json")
    let outcome = try run(["x.json"], in: folder)
    #expect(outcome.status == 1)
    #expect(outcome.errors.contains("x.json:3:3: "))
    #expect(try folder.read("x.json") == "{\n  \"a\": 1,\n  \"a\": 2\n}\n")
    #expect(try run(["missing.json"], in: folder).status == 1)
    #expect(try run(["--nonsense"], in: folder).status == 64)
  }
}
