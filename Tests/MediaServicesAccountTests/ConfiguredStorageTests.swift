import CanonicalJSON
import Foundation
import LiveAccount
import MediaResources
import Support
import Testing

@testable import MediaServicesAccount

/// Files in storage that a remote of the person's own reaches, driven through the built program.
@Suite(.enabled(if: Program.has("rclone"), "rclone is not installed: ./bootstrap --test"))
struct ConfiguredStorageTests {
  private let folder: TemporaryFolder
  private let services: [String: ServiceStandIn]

  init() throws {
    folder = try TemporaryFolder()
    services = try ["east": ServiceStandIn(), "west": ServiceStandIn()]
    var configuration = ""
    for (region, service) in services {
      try FileManager.default.createDirectory(
        atPath: folder["\(region)-storage"], withIntermediateDirectories: true)
      configuration += "[\(region)]\ntype = alias\nremote = \(folder["\(region)-storage"])\n"
      try run(
        "init", folder[region], "--region", region, "--account",
        "media-services:http://127.0.0.1:\(service.servicePort)", "--user", "Tess <t@e.com>", "--profile",
        "azure", "--subscription", "s", "--resource-group", "g", "--account-name", "a", "--setting",
        "authentication=token", "--storage", "mainstorage")
      try Program.git("config", "lockstep.storage-mainstorage.remote", "\(region):", in: folder[region])
    }
    try folder.write(configuration, to: "rclone.conf")
  }

  @discardableResult
  private func run(_ arguments: String..., expecting status: Int32 = 0) throws -> Program.Outcome {
    let outcome = try Program.run(
      Program.lockstep, arguments, in: folder.path,
      environment: ["LOCKSTEP_TOKEN": "good", "RCLONE_CONFIG": folder["rclone.conf"]])
    guard outcome.status == status else {
      throw Program.Failed(what: "lockstep \(arguments.joined(separator: " "))", outcome: outcome)
    }
    return outcome
  }

  private func asked(_ action: String, of region: String) async throws -> Int {
    let seen = try await services[region]?.state()["seen"]?.arrayValue ?? []
    return seen.filter { $0.stringValue?.contains("/\(action)") == true }.count
  }

  private func head(_ region: String) throws -> String {
    try Program.git("rev-parse", "HEAD", in: folder[region])
  }

  @Test func `16, 17: a container is asked for after its asset is made, and paths until they are there`()
    async throws
  {
    let account = try #require(services["east"]).account()
    // The service names the container, and says so only when it is asked again.
    try await account.create(Samples.resource(.asset, "film", ["storageAccountName": "mainstorage"]))
    try await account.create(Samples.locator("one", of: "film", number: 1))
    let asset = try #require(try await account.read(Samples.asset("film").id))
    let container = try #require(asset["properties"]?["container"]?.stringValue)
    for file in ["film.ism", "film.ismc", "film.mp4"] {
      try folder.write("old \(file)", to: "east-storage/\(container)/\(file)")
    }
    try run("capture", "-C", folder["east"])
    try run("mirror", folder["east"], folder["west"])
    try await services["west"]?.control(["pathsAfter": 2])
    let planned = try run("plan", "-C", folder["west"], expecting: 2)
    #expect(planned.output.contains("create content/film"))
    try run("apply", "-C", folder["west"])
    #expect(try await asked("listPaths", of: "west") == 3)
    #expect(try await asked("listContainerSas", of: "west") == 0)
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder["west-storage"]).sorted()
    #expect(files.filter { $0.hasSuffix("film.mp4") }.count == 1, "\(files)")
    try run("drift", "-C", folder["west"])
    // One listing of the storage tells every capture of a file that changed.
    let before = try head("east")
    try run("capture", "-C", folder["east"])
    #expect(try head("east") == before)
    try folder.write("a newer film", to: "east-storage/\(container)/film.mp4")
    try run("capture", "-C", folder["east"])
    #expect(try head("east") != before)
    try run("mirror", folder["east"], folder["west"])
    try run("apply", "-C", folder["west"])
    // Under the locator that is there: asked until the service finds what it streams.
    #expect(try await asked("listPaths", of: "west") == 4)
    let film = try #require(
      try FileManager.default.subpathsOfDirectory(atPath: folder["west-storage"]).first {
        $0.hasSuffix("film.mp4")
      })
    #expect(try folder.read("west-storage/\(film)") == "a newer film")
    // Storage that is not there is no deletion.
    try FileManager.default.moveItem(
      atPath: folder["east-storage/\(container)"], toPath: folder["away"])
    #expect(try run("capture", "-C", folder["east"], expecting: 1).errors.contains("is not there"))
  }
}
