import Foundation
import Support
import Testing

/// The hooks at the top of the project, run by git itself.
@Suite struct HookTests {
  @Test func `a commit with a document that is not canonical is refused, by name`() throws {
    let regions = try TwoRegions()
    let hook = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("hooks/pre-commit").path
    try FileManager.default.createDirectory(
      atPath: regions["east"] + "/.git/hooks", withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: hook, toPath: regions["east"] + "/.git/hooks/pre-commit")
    let folder = URL(fileURLWithPath: Program.lockstep).deletingLastPathComponent().path
    let path = ["PATH": "\(folder):\(ProcessInfo.processInfo.environment["PATH"] ?? "")"]
    func commit() throws -> Program.Outcome {
      try Program.run("git", ["commit", "--quiet", "-m", "By hand"], in: regions["east"], environment: path)
    }
    let file = "mirrored/account-filters/two words.json"
    try regions.folder.write("{\"name\": \"x\"}", to: "east/\(file)")
    try Program.git("add", "-A", in: regions["east"])
    let refused = try commit()
    #expect(refused.status == 1 && refused.errors.contains(file) && refused.errors.contains("lockstep fmt"))
    try regions.succeed(["fmt", regions["east"] + "/" + file])
    #expect(try commit().status == 1, "what is staged counts")
    try Program.git("add", "-A", in: regions["east"])
    #expect(try commit().status == 0)
  }
}
