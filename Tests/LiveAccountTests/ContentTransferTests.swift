import Foundation
import Support
import Testing

@testable import LiveAccount

/// Copies of an asset's files: resumed, checked, and never outside their folder.
@Suite struct ContentTransferTests {
  private struct Folders {
    let folder: TemporaryFolder
    let source: RootedFolder
    let target: RootedFolder

    init() throws {
      folder = try TemporaryFolder()
      try FileManager.default.createDirectory(atPath: folder["source"], withIntermediateDirectories: true)
      try FileManager.default.createDirectory(atPath: folder["target"], withIntermediateDirectories: true)
      source = try RootedFolder.open(folder["source"])
      target = try RootedFolder.open(folder["target"])
    }

    func inventory() throws -> ContentInventory {
      try ContentScan.inventory(of: source, isCancelled: { false })
    }

    func copy(
      _ inventory: ContentInventory, progress: (TransferProgress) -> Void = { _ in },
      isCancelled: () -> Bool = { false }
    )
      throws -> TransferReport
    {
      try ContentTransfer(source: source, target: target).copy(
        inventory, removingExtras: true, progress: progress, isCancelled: isCancelled)
    }
  }

  @Test func `the second copy copies nothing, and what is too much goes`() throws {
    let folders = try Folders()
    try folders.folder.write("one", to: "source/a.ts")
    try folders.folder.write("two", to: "source/deep/er/b.ts")
    try folders.folder.write("old", to: "target/deep/er/gone.ts")
    let inventory = try folders.inventory()
    #expect(try folders.copy(inventory) == TransferReport(filesCopied: 2, filesKept: 0, filesRemoved: 1))
    #expect(try folders.copy(inventory) == TransferReport(filesCopied: 0, filesKept: 2, filesRemoved: 0))
    #expect(try ContentTransfer.isComplete(inventory, in: folders.target))
    #expect(!folders.folder.has("target/deep/er/gone.ts"))
    #expect(try folders.target.list(recursively: true).count == folders.target.list(recursively: true).count)
  }

  @Test func `a copy that was cut off goes on where it stopped`() throws {
    let folders = try Folders()
    try folders.folder.write(String(repeating: "0123456789abcdef", count: 400_000), to: "source/big.mp4")
    let inventory = try folders.inventory()
    var calls = 0
    let error = #expect(throws: ContentError.self) {
      try folders.copy(
        inventory,
        isCancelled: {
          calls += 1; return calls > 3
        })
    }
    #expect(error?.code == .interrupted)
    #expect(!folders.folder.has("target/big.mp4"), "nothing incomplete is in place")
    var first: Int64?
    _ = try folders.copy(inventory, progress: { if first == nil { first = $0.bytesDone } })
    #expect((first ?? 0) > 1 << 20, "it began anew")
    #expect(try ContentTransfer.isComplete(inventory, in: folders.target))
  }

  @Test func `a file that changes while it is copied is refused, and the old one stays`() throws {
    let folders = try Folders()
    try folders.folder.write(String(repeating: "x", count: 3 << 20), to: "source/f.mp4")
    try folders.folder.write("the old one", to: "target/f.mp4")
    let inventory = try folders.inventory()
    let path = folders.folder["source/f.mp4"]
    let error = #expect(throws: ContentError.self) {
      try folders.copy(
        inventory,
        progress: { _ in
          let file = FileHandle(forWritingAtPath: path)
          file?.seekToEndOfFile()
          file?.write(Data("more".utf8))
        })
    }
    #expect(error?.code == .changed)
    #expect(error?.message.contains("f.mp4") == true)
    #expect(try folders.folder.read("target/f.mp4") == "the old one")
  }

  @Test func `invariant 9: no link is followed, and no path leaves the folder`() throws {
    let folders = try Folders()
    try folders.folder.write("secret", to: "outside/secret")
    try FileManager.default.createSymbolicLink(
      atPath: folders.folder["source/link"], withDestinationPath: folders.folder["outside"])
    #expect(throws: ContentError.self) { try folders.inventory() }
    #expect(throws: ContentError.self) { try folders.source.read("link/secret") }
    try FileManager.default.removeItem(atPath: folders.folder["source/link"])
    try folders.folder.write("x", to: "source/secret")
    try FileManager.default.createSymbolicLink(
      atPath: folders.folder["target/deep"], withDestinationPath: folders.folder["outside"])
    for path in ["../outside/secret", "/etc/passwd", "deep/secret", "a/../../outside/secret"] {
      #expect(throws: ContentError.self, "\(path)") { try folders.target.write(path, [1], mode: 0o644) }
    }
    #expect(try folders.folder.read("outside/secret") == "secret")
  }

  @Test func `segments come before manifests`() {
    let order = ContentOrder.playersSurvive(["a.m3u8", "z.ts", "b.ts", "c.ismc", "m.mpd"])
    #expect(order.prefix(2).allSatisfy { $0.hasSuffix(".ts") })
  }
}
