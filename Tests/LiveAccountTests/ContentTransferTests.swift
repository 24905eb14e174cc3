import Foundation
import Support
import Synchronization
import Testing

@testable import LiveAccount

/// Copies of an asset's files: resumed, checked, and never outside their folder.
@Suite struct ContentTransferTests {
  private struct Folders {
    let folder: TemporaryFolder
    let source: RootedFolder
    let target: RootedFolder
    let current: RootedFolder

    init() throws {
      folder = try TemporaryFolder()
      for name in ["source", "target", "current"] {
        try FileManager.default.createDirectory(atPath: folder[name], withIntermediateDirectories: true)
      }
      source = try RootedFolder.open(folder["source"])
      target = try RootedFolder.open(folder["target"])
      current = try RootedFolder.open(folder["current"])
    }

    func inventory() throws -> ContentInventory {
      try ContentScan.inventory(of: source, isCancelled: { false })
    }

    func copy(
      _ inventory: ContentInventory, progress: (TransferProgress) -> Void = { _ in },
      isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws -> TransferReport {
      try ContentTransfer(source: .folder(source), stage: .folder(target, current: current)).copy(
        inventory, progress: progress, isCancelled: isCancelled)
    }
  }

  @Test func `the second copy copies nothing, and what is too much goes`() throws {
    let folders = try Folders()
    try folders.folder.write("one", to: "source/a.ts")
    try folders.folder.write("two", to: "source/deep/er/b.ts")
    try folders.folder.write("old", to: "target/deep/er/gone.ts")
    let inventory = try folders.inventory()
    #expect(try folders.copy(inventory) == TransferReport(filesCopied: 2, filesKept: 0, filesBySize: 0))
    #expect(try folders.copy(inventory) == TransferReport(filesCopied: 0, filesKept: 2, filesBySize: 0))
    #expect(try ContentPlace.folder(folders.target).isComplete(inventory))
    #expect(!folders.folder.has("target/deep/er/gone.ts"))
    #expect(try folders.target.list(recursively: true).count == folders.target.list(recursively: true).count)
  }

  @Test func `what is in place already is linked, and never written to`() throws {
    let folders = try Folders()
    try folders.folder.write("one", to: "source/a.ts")
    try folders.folder.write("two", to: "source/b.ts")
    try folders.folder.write("one", to: "current/a.ts")
    #expect(
      try folders.copy(folders.inventory()) == TransferReport(filesCopied: 1, filesKept: 1, filesBySize: 0))
    #expect(try folders.target.stat("a.ts")?.inode == folders.current.stat("a.ts")?.inode)
    try folders.folder.write("one and more", to: "source/a.ts")
    _ = try folders.copy(folders.inventory())
    #expect(try folders.folder.read("current/a.ts") == "one")
    #expect(try folders.folder.read("target/a.ts") == "one and more")
  }

  @Test func `a copy that was cut off goes on where it stopped`() throws {
    let folders = try Folders()
    try folders.folder.write(String(repeating: "0123456789abcdef", count: 400_000), to: "source/big.mp4")
    let inventory = try folders.inventory()
    let calls = Atomic(0)
    let error = #expect(throws: ContentError.self) {
      try folders.copy(
        inventory,
        isCancelled: {
          calls.wrappingAdd(1, ordering: .relaxed).newValue > 3
        })
    }
    #expect(error?.code == .interrupted)
    var first: Int64?
    _ = try folders.copy(inventory, progress: { if first == nil { first = $0.bytesDone } })
    #expect((first ?? 0) > 1 << 20, "it began anew")
    #expect(try ContentPlace.folder(folders.target).isComplete(inventory))
  }

  @Test func `what an earlier run left of another file is not blamed on the source`() throws {
    let folders = try Folders()
    try folders.folder.write(String(repeating: "right", count: 1_000), to: "source/f.mp4")
    try folders.folder.write("wrong", to: "target/f.mp4")
    #expect(
      try folders.copy(folders.inventory()) == TransferReport(filesCopied: 1, filesKept: 0, filesBySize: 0))
    #expect(try ContentPlace.folder(folders.target).isComplete(folders.inventory()))
  }

  @Test func `a file that changes while it is copied is refused`() throws {
    let folders = try Folders()
    try folders.folder.write(String(repeating: "x", count: 3 << 20), to: "source/f.mp4")
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
  }

  @Test func `names that Unicode calls equivalent are two files, and one that is no UTF-8 is named`() throws {
    let folders = try Folders()
    try folders.folder.write("composed", to: "source/\u{e9}.ts")
    try folders.folder.write("decomposed", to: "source/e\u{301}.ts")
    #expect(try folders.copy(folders.inventory()).filesCopied == 2)
    #expect(try folders.target.list().count == 2)
    let bytes: [CChar] =
      Array(folders.folder["source/caf"].utf8CString.dropLast()) + [CChar(bitPattern: 0xE9), 0]
    close(open(bytes, O_CREAT | O_WRONLY, 0o644))
    let error = #expect(throws: ContentError.self) { try folders.inventory() }
    #expect(error?.message.contains("no UTF-8") == true)
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
    let paths = [
      "../outside/secret", "/etc/passwd", "deep/secret", "a/../../outside/secret", "../\u{301}outside",
      "/\u{301}x",
    ]
    for path in paths {
      #expect(throws: ContentError.self, "\(path)") { try folders.target.create(path, [1], mode: 0o644) }
    }
    #expect(try folders.folder.read("outside/secret") == "secret")
  }

  @Test func `segments come before manifests`() {
    let order = ContentOrder.playersSurvive(["a.m3u8", "z.ts", "b.ts", "c.ismc", "m.mpd"])
    #expect(order.prefix(2).allSatisfy { $0.hasSuffix(".ts") })
  }
}
