import Git
import RegionRepository
import Support
import Testing

@testable import Replay

/// Originals of a third region, which a clone has no refs for.
@Suite struct OriginalsTests {
  @Test func `what the source lacks is noted, asked for first, and forgotten when it has caught up`() throws {
    let world = try World(seed: 1, regions: 3)
    try world.commit("north")
    try world.mirror("north", to: "east", prefer: .none)
    try world.commit("north")
    try world.mirror("north", to: "west", prefer: .none, allowing: Form.identified)
    try world.forget("west")
    let west = try world.region("west")
    let note = try west.stateFolder() + "/lacking-originals/north"
    let reference = RegionRepository.sourceReference(try RegionName(checking: "north"))
    func noted() -> String? { FilePaths.read(note).map { String(decoding: $0, as: UTF8.self) } }
    try world.mirror("east", to: "west", prefer: .none)
    #expect(try noted() == "\(world.head("north"))\n" && west.git.reference(reference) == nil)
    // The note is believed before any history is read, for as long as the source lacks what it names.
    let lacked = String(repeating: "ab", count: 20) + "\n"
    try FilePaths.writeDurably(Array(lacked.utf8), to: note)
    try world.mirror("east", to: "west", prefer: .none)
    #expect(noted() == lacked)
    try FilePaths.writeDurably(Array("\(world.head("north"))\n".utf8), to: note)
    try world.mirror("north", to: "east", prefer: .none, allowing: Form.identified)
    try world.mirror("east", to: "west", prefer: .none)
    #expect(try noted() == nil && west.git.reference(reference) == world.head("north"))
  }
}
