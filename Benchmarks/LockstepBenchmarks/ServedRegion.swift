import FolderAccount
import Foundation
import MediaResources
import Support

/// A folder region of any size that the built `lockstep-serve` serves as an account, and counts the requests of.
final class ServedRegion {
  /// The account's name, which is the region's.
  let name: String
  /// Where it answers.
  let url: String
  private let folder: TemporaryFolder
  private let child: ChildProcess
  private var counted = 0

  static let storage = "mainstorage"

  /// - Parameters:
  ///   - assets: how many assets it begins with.
  ///   - locators: how many locators it begins with, over all assets in turn.
  init(_ name: String, in folder: TemporaryFolder, assets: Int = 0, locators: Int = 0) throws {
    self.name = name
    self.folder = folder
    let account = folder["\(name)-account"]
    try lockstep(
      "init", folder["\(name)-origin"], "--region", name, "--account", "folder:\(account)", "--storage",
      Self.storage, "--user", "Benchmark <benchmark@example.com>", "--bare")
    for kind in [ResourceKind.asset, .streamingLocator] {
      try FileManager.default.createDirectory(
        atPath: "\(account)/account/\(kind.rawValue)", withIntermediateDirectories: true)
    }
    func write(_ resource: Resource) throws {
      try Data(resource.canonicalBytes()).write(
        to: URL(fileURLWithPath: account + "/" + FolderLayout.document(resource.id)))
    }
    for number in 0..<assets {
      let asset = try Fixture.resource(number * 2, round: 0, storage: Self.storage)
      try write(asset)
      guard let container = AssetView(asset).container else { continue }
      try FileManager.default.createDirectory(
        atPath: "\(account)/storage/\(Self.storage)/\(container)", withIntermediateDirectories: true)
    }
    for number in 0..<locators { try write(Fixture.locator(number, ofAsset: number % assets)) }
    child = try Program.start(
      Program.companion("lockstep-serve"), ["-C", folder["\(name)-origin"], "--listen", "127.0.0.1:0"])
    let child = child
    let isUp = waitUntil { (try? child.files.read("output"))?.contains("\n") == true || !child.isRunning }
    guard isUp, child.isRunning else {
      child.stop()
      throw Program.Failed(what: "lockstep-serve", outcome: try child.outcome())
    }
    url = try child.files.read("output").split(separator: " ").first.map(String.init) ?? ""
  }

  deinit { child.stop(SIGKILL) }

  /// How many requests it has answered since this was asked last.
  func requests() throws -> Int {
    let lines = try child.files.read("errors").utf8.count { $0 == UInt8(ascii: "\n") }
    defer { counted = lines }
    return lines - counted
  }

  /// Puts more locators into the account, behind the server's back.
  func add(locators numbers: Range<Int>, assets: Int) throws {
    for number in numbers {
      let locator = try Fixture.locator(number, ofAsset: number % assets)
      try Data(locator.canonicalBytes()).write(
        to: URL(fileURLWithPath: folder["\(name)-account/" + FolderLayout.document(locator.id)]))
    }
  }

  /// Makes a region repository whose account this is.
  func region(_ path: String) throws {
    try lockstep(
      "init", path, "--region", name, "--account", "media-services:\(url)", "--storage", Self.storage,
      "--profile", "azure", "--subscription", "00000000-0000-0000-0000-000000000000", "--resource-group",
      "lockstep", "--account-name", name, "--setting", "authentication=token", "--setting", "contents=false",
      "--setting", "readsPerHour=100000000", "--setting", "writesPerHour=100000000",
      "--user", "Benchmark <benchmark@example.com>", "--bare")
  }
}
