import Foundation
import Git
import RegionRepository
import Support
import Testing

@testable import LiveAccount

/// What is kept of an account between two observations.
@Suite struct ObservedIndexTests {
  private func region(_ folder: TemporaryFolder) throws -> RegionRepository {
    try RegionRepository.create(
      at: folder["east"], name: RegionName(checking: "east"), account: .folder(path: folder["account"]),
      bare: true, bindings: Bindings([:]), user: ("Tess Ter", "tess@example.com"))
  }

  private func entry(_ number: Int, _ random: inout SeededGenerator) -> ObservedIndex.Entry {
    let length = Int.random(in: 0...300, using: &random)
    return ObservedIndex.Entry(
      stamp: ObservationStamp(SIMD4(random.next(), random.next(), random.next(), random.next())),
      path: String(repeating: "é", count: length) + "\(number)",
      blob: Repository.hash(.blob, Array("\(number)".utf8)))
  }

  @Test(arguments: [1, 2]) func `what was noted is found again, in memory and in the file`(seed: UInt64)
    throws
  {
    let folder = try TemporaryFolder()
    let region = try region(folder)
    var random = SeededGenerator(seed: seed)
    var index = ObservedIndex(tree: .emptyTree)
    var wanted: [String: ObservedIndex.Entry] = [:]
    // More than one part of its memory takes.
    for number in 0..<3_000 {
      let key = "kind/\(number)"
      wanted[key] = entry(number, &random)
      index.note(try #require(wanted[key]), for: key)
    }
    index.save(for: region, context: "here")
    for index in [index, try ObservedIndex(of: region, context: "here")] {
      #expect(index.count == wanted.count)
      #expect(index.tree == .emptyTree)
      for (key, entry) in wanted { #expect(index[key] == entry) }
      #expect(index["kind/3000"] == nil)
      var all: [String: ObservedIndex.Entry] = [:]
      index.forEach { all[$0] = $1 }
      #expect(all == wanted)
    }
    #expect(try ObservedIndex(of: region, context: "elsewhere").count == 0)
  }

  @Test func `a damaged file knows nothing, wherever it is cut`() throws {
    let folder = try TemporaryFolder()
    let region = try region(folder)
    var random = SeededGenerator(seed: 3)
    var index = ObservedIndex(tree: nil)
    for number in 0..<5 { index.note(entry(number, &random), for: "kind/\(number)") }
    index.save(for: region, context: "here")
    let path = try region.stateFolder() + "/observed"
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for count in 0..<whole.count {
      try whole.prefix(count).write(to: URL(fileURLWithPath: path))
      #expect(try ObservedIndex(of: region, context: "here").count == 0)
    }
    for byte in 0..<whole.count {
      var damaged = whole
      damaged[byte] ^= 0xFF
      try damaged.write(to: URL(fileURLWithPath: path))
      _ = try ObservedIndex(of: region, context: "here")
    }
  }
}
