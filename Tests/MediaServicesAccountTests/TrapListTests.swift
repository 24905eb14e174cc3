import Foundation
import Testing

/// The list of what is known to go wrong with the real services, 33 traps, against the tests.
@Suite struct TrapListTests {
  @Test func `each trap has a test whose name begins with its number`() throws {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let name = try Regex("`([0-9]+(?:, [0-9]+)*): ", as: (Substring, Substring).self)
    var numbers: Set<Int> = []
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.path)
    where file.hasSuffix(".swift") {
      let text = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
      for match in text.matches(of: name) {
        numbers.formUnion(match.output.1.split(separator: ", ").compactMap { Int($0) })
      }
    }
    #expect(numbers == Set(1...33), "missing: \(Set(1...33).subtracting(numbers).sorted())")
  }
}
