import Foundation
import Testing

@testable import Programs

@Suite struct ChildProgramTests {
  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  @Test func `output, errors and the exit code come back apart`() throws {
    let outcome = try ChildProgram.run(["sh", "-c", "echo out; echo errors >&2; exit 3"])
    #expect(Self.text(outcome.output) == "out\n")
    #expect(outcome.errors == "errors")
    #expect(outcome.status == 3)
  }

  @Test func `a signal is 128 and its number`() throws {
    #expect(try ChildProgram.run(["sh", "-c", "kill -TERM $$"]).status == 128 + 15)
  }

  @Test func `without input there is nothing to read`() throws {
    let outcome = try ChildProgram.run(["cat"])
    #expect(outcome.status == 0 && outcome.output.isEmpty)
  }

  @Test func `large input, descriptors and output pass each other without waiting`() throws {
    let big = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let outcome = try ChildProgram.run(
      ["sh", "-c", "cat; cat /dev/fd/4; cat /dev/fd/3; head -c 300000 /dev/zero >&2"], input: big,
      descriptors: [big, Array("four".utf8)])
    #expect(outcome.output == big + Array("four".utf8) + big)
    #expect(outcome.errors.utf8.count < 200_000, "not all of it is kept")
  }

  @Test func `a program that does not read its input does not end us`() throws {
    let big = [UInt8](repeating: 1, count: 1_000_000)
    for _ in 0..<20 {
      #expect(
        try ChildProgram.run(["sh", "-c", "exec 0<&- 3<&-; echo done"], input: big, descriptors: [big]).status
          == 0)
    }
  }

  @Test func `programs that start at the same time do not hold each other's pipes`() async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for number in 0..<40 {
        group.addTask {
          let bytes = Array("\(number)".utf8)
          return try ChildProgram.run(["cat", "-", "/dev/fd/3"], input: bytes, descriptors: [bytes]).output
            == bytes + bytes
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }

  @Test func `the environment loses and gains what was asked`() throws {
    let outcome = try ChildProgram.run(
      ["env"],
      environment: EnvironmentChanges(removing: ["HOME"], adding: ["PATH": "/nowhere", "NEW": "a=b"]))
    let lines = Self.text(outcome.output).split(separator: "\n")
    #expect(!lines.contains { $0.hasPrefix("HOME=") })
    #expect(lines.filter { $0.hasPrefix("PATH=") } == ["PATH=/nowhere"])
    #expect(lines.contains("NEW=a=b"))
  }

  @Test func `a program that is not installed is told from one that cannot be started`() {
    #expect { try ChildProgram.run(["no-such-program-anywhere"]) } throws: {
      ($0 as? ProgramError)?.code == .notFound
    }
    #expect { try ChildProgram.run(["/"]) } throws: { ($0 as? ProgramError)?.code == .system }
    #expect { try ChildProgram.startDetached(["no-such-program-anywhere"]) } throws: {
      ($0 as? ProgramError)?.code == .notFound
    }
  }

  @Test func `no descriptor is left open`() throws {
    for _ in 0..<100 { _ = try ChildProgram.run(["true"], input: [1], descriptors: [[2]]) }
    // Other tests have a few open at the same time, and many files; 100 runs that each left a pipe would show.
    let pipes = (0..<4096).count { number in
      var info = stat()
      return fstat(Int32(number), &info) == 0 && info.st_mode & S_IFMT == S_IFIFO
    }
    #expect(pipes < 96)
  }
}
