import Foundation
import Rclone
import Support
import Testing

@testable import LiveAccount

/// Copies of an asset's files that rclone makes, in all directions, and what goes wrong on the way.
@Suite(.enabled(if: Program.has("rclone"), "rclone is not installed: ./bootstrap --test"))
struct RemoteTransferTests {
  /// Three places: the source, the target, and what was served before.
  private struct World {
    let folder: TemporaryFolder

    init(in parent: String = NSTemporaryDirectory()) throws {
      folder = try TemporaryFolder(in: parent)
      for name in ["source", "target", "current"] {
        try FileManager.default.createDirectory(atPath: folder[name], withIntermediateDirectories: true)
      }
    }

    func rooted(_ name: String) throws -> RootedFolder { try RootedFolder.open(folder[name]) }

    func remote(_ name: String) -> RcloneRemote {
      RcloneRemote(options: ["type": "local"], path: folder[name], label: "remote-\(name)")
    }

    func source(isRemote: Bool) throws -> ContentPlace {
      isRemote ? .remote(remote("source")) : .folder(try rooted("source"))
    }

    func stage(isRemote: Bool) throws -> ContentStage {
      isRemote ? .remote(remote("target")) : .folder(try rooted("target"), current: try rooted("current"))
    }

    func inventory(_ name: String = "source") throws -> ContentInventory {
      try ContentScan.inventory(of: rooted(name))
    }

    @discardableResult
    func copy(
      _ inventory: ContentInventory, fromRemote: Bool, toRemote: Bool
    ) throws -> TransferReport {
      try ContentTransfer(source: source(isRemote: fromRemote), stage: stage(isRemote: toRemote)).copy(
        inventory)
    }

    func film() throws {
      for (path, text) in [
        "index.m3u8": "v1.m3u8", "low/v1.m3u8": "a.ts", "low/a.ts": "AAAA", "low/b ü#.ts": "BB",
      ] {
        try folder.write(text, to: "source/\(path)")
      }
    }

    /// When a file, or what a folder holds, was last changed.
    func changed(_ name: String) throws -> Double {
      var info = stat()
      try #require(stat(folder[name], &info) == 0)
      return Double(info.st_mtim.tv_sec) + Double(info.st_mtim.tv_nsec) / 1e9
    }
  }

  private static let directions = [(false, false), (false, true), (true, false), (true, true)]

  @Test(arguments: directions)
  func `in every direction the second copy copies nothing, and only what is described is copied`(
    fromRemote: Bool, toRemote: Bool
  ) throws {
    let world = try World()
    try world.film()
    let inventory = try world.inventory()
    try world.folder.write("not described", to: "source/low/extra.ts")
    try world.folder.write("old", to: "target/old/gone.ts")
    try world.folder.write("BBBB", to: "target/low/a.ts")
    let first = try world.copy(inventory, fromRemote: fromRemote, toRemote: toRemote)
    #expect(first == TransferReport(filesCopied: 4, filesKept: 0, filesBySize: 0))
    #expect(try world.inventory("target") == inventory)
    let second = try world.copy(inventory, fromRemote: fromRemote, toRemote: toRemote)
    #expect(second == TransferReport(filesCopied: 0, filesKept: 4, filesBySize: 0))
    #expect(try ContentPlace.remote(world.remote("target")).isComplete(inventory))
    #expect(try ContentScan.inventory(of: .remote(world.remote("target"))).agrees(with: inventory))
  }

  @Test(arguments: directions)
  func `a source that is not what is described is refused before anything changes`(
    fromRemote: Bool, toRemote: Bool
  ) throws {
    let world = try World()
    try world.film()
    let inventory = try world.inventory()
    try world.copy(inventory, fromRemote: false, toRemote: toRemote)
    // The new state is described; then a segment of it is cut off, or changed, or goes.
    try world.folder.write("CCCCCCCC", to: "source/low/a.ts")
    try world.folder.write("v2", to: "source/index.m3u8")
    let next = try world.inventory()
    for text in ["CCCC", "CCCCCCCD", nil] {
      if let text {
        try world.folder.write(text, to: "source/low/a.ts")
      } else {
        try FileManager.default.removeItem(atPath: world.folder["source/low/a.ts"])
      }
      let error = #expect(throws: ContentError.self) {
        try world.copy(next, fromRemote: fromRemote, toRemote: toRemote)
      }
      #expect(error.map { [.corrupt, .notFound].contains($0.code) } == true, "\(error?.message ?? "")")
      #expect(error?.message.contains("low/a.ts") == true)
      if toRemote { #expect(try world.inventory("target") == inventory) }
    }
  }

  @Test func `what is served elsewhere changes in the order that players survive`() throws {
    let world = try World()
    try world.film()
    for name in ["keep.ts", "gone.ts"] { try world.folder.write("1", to: "target/old/\(name)") }
    try world.folder.write("1", to: "source/old/keep.ts")
    try world.copy(try world.inventory(), fromRemote: true, toRemote: true)
    let times = try ["low/a.ts", "low/v1.m3u8", "index.m3u8", "old"].map { try world.changed("target/\($0)") }
    #expect(times == times.sorted() && Set(times).count == 4, "\(times)")
    #expect(!world.folder.has("target/old/gone.ts") && world.folder.has("target/old/keep.ts"))
  }

  @Test func `an MD5 that a service knows proves a file whose SHA-256 was never read`() throws {
    let world = try World()
    try world.film()
    let listed = try ContentScan.inventory(of: .remote(world.remote("source")))
    #expect(listed.files.allSatisfy { $0.md5?.utf8.count == 24 && $0.sha256 == nil })
    #expect(try world.copy(listed, fromRemote: true, toRemote: false).filesCopied == 4)
    #expect(try world.inventory("target").agrees(with: listed))
    for fromRemote in [true, false] {
      try world.folder.write("AAAB", to: "source/low/a.ts")
      try world.folder.write("AAAC", to: "target/low/a.ts")
      let error = #expect(throws: ContentError.self) {
        try world.copy(listed, fromRemote: fromRemote, toRemote: false)
      }
      #expect(error?.code == .corrupt)
    }
  }

  @Test func `a copy never writes into the files that are in place`() throws {
    let world = try World()
    try world.film()
    try world.folder.write("AAAA", to: "current/low/a.ts")
    try world.copy(try world.inventory(), fromRemote: true, toRemote: false)
    #expect(try world.rooted("target").isSameFile("low/a.ts", as: world.rooted("current")))
    try world.folder.write("CCCCC", to: "source/low/a.ts")
    try world.copy(try world.inventory(), fromRemote: true, toRemote: false)
    #expect(try world.folder.read("current/low/a.ts") == "AAAA")
    #expect(try world.folder.read("target/low/a.ts") == "CCCCC")
  }

  @Test func `invariant 9: names that storage elsewhere gives lead nowhere else`() throws {
    let world = try World()
    try world.film()
    try world.folder.write("secret", to: "outside/secret")
    try FileManager.default.createSymbolicLink(
      atPath: world.folder["target/low"], withDestinationPath: world.folder["outside"])
    #expect(throws: ContentError.self) {
      try world.copy(try world.inventory(), fromRemote: true, toRemote: false)
    }
    #expect(!world.folder.has("outside/a.ts"))
  }

  // MARK: Storage without digests

  @Test func `storage that knows no digest is compared by size, and by its bytes when asked`() throws {
    let world = try World()
    try world.film()
    let storage = try WebDAVStorage(world.folder["dav"])
    let remote = RcloneRemote(options: ["type": "webdav", "url": storage.url], path: "film", label: "dav")
    func copy(_ inventory: ContentInventory, _ proof: ContentProof) throws -> TransferReport {
      try ContentTransfer(source: .folder(world.rooted("source")), stage: .remote(remote), proof: proof)
        .copy(inventory)
    }
    let inventory = try world.inventory()
    #expect(try copy(inventory, .known) == TransferReport(filesCopied: 4, filesKept: 0, filesBySize: 4))
    #expect(try copy(inventory, .readBack) == TransferReport(filesCopied: 0, filesKept: 4, filesBySize: 0))
    let listed = try ContentScan.inventory(of: .remote(remote))
    #expect(listed.files.allSatisfy { $0.md5 == nil })
    func lacking(_ files: [ContentFile], _ proof: ContentProof) throws -> LackingFiles {
      try ContentPlace.remote(remote).lacking(files, proof: proof) { false }
    }
    let bySize = try lacking(inventory.files, .known)
    #expect(bySize.files == [] && bySize.comparedBySize == 4)
    let byBytes = try lacking(inventory.files, .readBack)
    #expect(byBytes.files == [] && byBytes.comparedBySize == 0)
    // Of the same size, and another: sizes alone must not pass for equal.
    try world.folder.write("ZZZZ", to: "source/low/a.ts")
    let next = try world.inventory()
    #expect(try !ContentPlace.remote(remote).isComplete(next))
    #expect(try lacking(next.files, .readBack).files.map(\.path) == ["low/a.ts"])
    let byMD5 = next.files.map { ContentFile(path: $0.path, size: $0.size, md5: $0.md5, sha256: nil) }
    #expect(try lacking(byMD5, .readBack).files.map(\.path) == ["low/a.ts"])
    let bare = next.files.map { ContentFile(path: $0.path, size: $0.size, md5: nil, sha256: nil) }
    #expect(try lacking(bare, .readBack).comparedBySize == 4)
    #expect(try copy(next, .readBack) == TransferReport(filesCopied: 1, filesKept: 3, filesBySize: 0))
    #expect(try world.folder.read("dav/film/low/a.ts") == "ZZZZ")
    try world.folder.write("YYYY", to: "source/low/a.ts")
    #expect(try copy(try world.inventory(), .known).filesCopied == 4)
    #expect(try world.folder.read("dav/film/low/a.ts") == "YYYY")
    // And back, proved by what the inventory knows.
    let back = try ContentTransfer(source: .remote(remote), stage: world.stage(isRemote: false)).copy(
      world.inventory())
    #expect(back == TransferReport(filesCopied: 4, filesKept: 0, filesBySize: 0))
  }

  // MARK: Faults

  /// A source that gives a megabyte a second.
  private func slow(_ world: World, count: Int) throws -> (WebDAVStorage, RcloneRemote, ContentInventory) {
    for number in 0..<count {
      try world.folder.write(String(repeating: "\(number)", count: 700_000), to: "source/\(number).ts")
    }
    let storage = try WebDAVStorage(world.folder["source"], rate: "1M")
    let remote = RcloneRemote(options: ["type": "webdav", "url": storage.url], path: "", label: "slow")
    return (storage, remote, try world.inventory())
  }

  /// The rclone that was started by us and works in a folder.
  private func rclone(in folder: String) throws -> pid_t? {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.first { process in
      let words = (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)) ?? ""
      return words.hasPrefix("rclone\0copy") && words.contains(folder)
    }
  }

  @Test func `a copy that was killed goes on with the files that it lacks, and progress is told`() throws {
    let world = try World()
    let (storage, remote, inventory) = try slow(world, count: 8)
    defer { withExtendedLifetime(storage) {} }
    let transfer = try ContentTransfer(source: .remote(remote), stage: world.stage(isRemote: false))
    let error = #expect(throws: ContentError.self) {
      try transfer.copy(
        inventory,
        progress: { told in
          // Rclone copies four files at once, of 2.8 MB together: past 3.5 MB one has certainly been finished.
          guard told.bytesDone > 3_500_000, let process = try? rclone(in: world.folder["target"]) else {
            return
          }
          kill(process, SIGKILL)
        })
    }
    #expect(error?.code == .unreachable, "\(error?.message ?? "")")
    var told: [Int64] = []
    let report = try transfer.copy(inventory) { told.append($0.bytesDone) }
    #expect(report.filesKept > 0 && report.filesCopied < 8, "\(report)")
    #expect(told.first.map { $0 > 0 } == true, "what was there already counts")
    #expect(told == told.sorted() && told.last == inventory.totalBytes)
    #expect(try world.inventory("target") == inventory)
  }

  @Test func `a file that changes while it is copied is refused`() throws {
    let world = try World()
    try world.folder.write(String(repeating: "x", count: 3_000_000), to: "source/f.mp4")
    let storage = try WebDAVStorage(world.folder["dav"], rate: "1M")
    let remote = RcloneRemote(options: ["type": "webdav", "url": storage.url], path: "", label: "dav")
    let path = world.folder["source/f.mp4"]
    let error = #expect(throws: ContentError.self) {
      try ContentTransfer(source: .folder(world.rooted("source")), stage: .remote(remote)).copy(
        try world.inventory(),
        progress: { told in
          guard told.bytesDone > 0 else { return }
          let file = FileHandle(forWritingAtPath: path)
          file?.seekToEndOfFile()
          file?.write(Data("more".utf8))
        })
    }
    #expect(error?.code == .changed, "\(error?.message ?? "")")
    #expect(error?.message.contains("f.mp4") == true)
  }

  @Test func `a full disk is told, and the next run goes on`() throws {
    guard let disk = try SmallDisk(size: "4m") else { return print("not allowed to mount here: skipped") }
    let world = try World()
    for number in 0..<3 {
      try world.folder.write(String(repeating: "\(number)", count: 1_000_000), to: "source/\(number).ts")
    }
    let inventory = try world.inventory()
    try disk.folder.write(String(repeating: "f", count: 2_000_000), to: "fill")
    try disk.folder.write("", to: "stage/.keep")
    let stage = ContentStage.folder(try RootedFolder.open(disk.folder["stage"]), current: nil)
    let transfer = ContentTransfer(source: .remote(world.remote("source")), stage: stage)
    let error = #expect(throws: ContentError.self) { try transfer.copy(inventory) }
    #expect(error?.code == .noSpace, "\(error?.message ?? "")")
    #expect(error?.hint?.contains("space") == true)
    try FileManager.default.removeItem(atPath: disk.folder["fill"])
    #expect(try transfer.copy(inventory).filesKept > 0)
    #expect(try ContentScan.inventory(of: RootedFolder.open(disk.folder["stage"])) == inventory)
  }

  @Test func `a copy is interrupted at once`() throws {
    let world = try World()
    let (storage, remote, inventory) = try slow(world, count: 6)
    defer { withExtendedLifetime(storage) {} }
    let begun = Date()
    let error = #expect(throws: ContentError.self) {
      try ContentTransfer(source: .remote(remote), stage: world.stage(isRemote: false)).copy(
        inventory, isCancelled: { Date().timeIntervalSince(begun) > 1 })
    }
    #expect(error?.code == .interrupted)
    #expect(try rclone(in: world.folder["target"]) == nil, "rclone has ended, too")
  }
}
