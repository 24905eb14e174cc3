import CanonicalJSON
import FolderAccount
import Foundation
import LiveAccount
import MediaResources
import RegionRepository
import Support
import Testing

@testable import MediaServicesEndpoint

/// However large a blob is, the endpoint holds a little of it.
@Suite struct LargeBlobTests {
  private static let program = Program.companion("lockstep-serve")

  @Test(.enabled(if: Program.has("curl"), "curl is not installed: ./bootstrap --test"))
  func `large blobs come and go with flat memory`() async throws {
    let folder = try TemporaryFolder()
    let made = try Program.run(
      Program.lockstep,
      [
        "init", folder["east"], "--region", "east", "--account", "folder:\(folder["account"])", "--user",
        "T <t@example.com>",
      ])
    try #require(made.status == 0, "\(made.errors)")
    let account = try FolderAccount.open(folder["account"], now: { Int64(time(nil)) })
    try await account.create(
      Resource(
        document: ["name": "film", "properties": ["container": "film", "storageAccountName": "main"]],
        kind: .asset))
    let server = try Program.start(Self.program, ["-C", folder["east"], "--listen", "127.0.0.1:0"])
    defer { server.stop() }
    var origin = ""
    #expect(
      waitUntil {
        let said = ((try? server.files.read("output")) ?? "") + ((try? server.files.read("errors")) ?? "")
        origin = said.firstMatch(of: #/127\.0\.0\.1:[0-9]+/#).map { "http://\($0.output)" } ?? ""
        return !origin.isEmpty || !server.isRunning
      })
    let region = ServedRegion(
      name: try RegionName(checking: "east"), account: account, lockPath: folder["lock"])
    let url = try ContainerAccess(region).sharedAccessURLs(
      storageAccount: "main", container: "film", permissions: .readWrite,
      expiry: ServerTime.iso(Int64(time(nil)) + 600), at: origin)[0]
    let blob = url.replacing("?", with: "/large.mp4?")
    for (name, size) in [("large.mp4", 192 << 20), ("sparse.mp4", 3 << 30)] {
      try folder.write("", to: name)
      #expect(truncate(folder[name], off_t(size)) == 0)
    }
    let put = try Program.run(
      "curl",
      [
        "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H", "x-ms-blob-type: BlockBlob", "-T",
        folder["large.mp4"], blob,
      ])
    #expect(put.output == "201", "\(put.errors)")
    let container = folder["account/storage/main/film"]
    #expect(rename(folder["sparse.mp4"], "\(container)/sparse.mp4") == 0)
    let got = try Program.run(
      "curl",
      [
        "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
        url.replacing("?", with: "/sparse.mp4?"),
      ])
    #expect(got.output == "200 \(3 << 30)", "\(got.errors)")
    let tail = try Program.run(
      "curl",
      [
        "-sS", "-r", "3221225470-", "-o", "/dev/null", "-w", "%{http_code} %{size_download}",
        url.replacing("?", with: "/sparse.mp4?"),
      ])
    #expect(tail.output == "206 2", "\(tail.errors)")
    let status = try String(contentsOfFile: "/proc/\(server.id)/status", encoding: .utf8)
    let peak = status.firstMatch(of: #/VmHWM:\s+([0-9]+) kB/#).flatMap { Int($0.output.1) } ?? .max
    #expect(peak < 150_000, "the endpoint held \(peak) kB at its peak")
  }
}
