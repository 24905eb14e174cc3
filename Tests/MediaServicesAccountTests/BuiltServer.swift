import CanonicalJSON
import Foundation
import LiveAccount
import Support
import Testing

@testable import MediaServicesAccount

/// A new folder region that the built `lockstep-serve` serves as an account.
final class BuiltServer: Sendable {
  /// The account's name.
  let name: String
  let url: String
  private let child: ChildProcess
  /// Kept, since it goes with its last owner.
  private let folder: TemporaryFolder

  init(account name: String, in folder: TemporaryFolder) throws {
    self.name = name
    self.folder = folder
    let region = "\(name)-origin"
    let made = try Program.run(
      Program.lockstep,
      [
        "init", folder[region], "--region", region, "--account", "folder:\(folder["\(name)-account"])",
        "--user",
        "Tess <t@e.com>", "--storage", "mainstorage",
      ])
    guard made.status == 0 else { throw Program.Failed(what: "lockstep init \(region)", outcome: made) }
    let program = Program.companion("lockstep-serve")
    let child = try Program.start(
      program, ["-C", folder[region], "--listen", "127.0.0.1:0", "--page-size", "2", "--account", name])
    self.child = child
    let isUp = waitUntil { (try? child.files.read("output"))?.contains("\n") == true || !child.isRunning }
    let errors = (try? child.files.read("errors")) ?? ""
    try #require(isUp && child.isRunning, "\(errors)")
    url = try #require(child.files.read("output").split(separator: " ").first.map(String.init))
  }

  deinit { child.stop(SIGKILL) }

  /// The path of a file in an asset's container.
  private func path(_ file: String) throws -> String {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder["\(name)-account"])
    let found = names.filter { $0.hasSuffix("/\(file)") && !$0.hasPrefix("published/") }
    return "\(name)-account/" + (try #require(found.first, "\(names)"))
  }

  /// What a file holds.
  func file(_ file: String) throws -> String { try folder.read(path(file)) }

  /// Changes a file in its container.
  func write(_ text: String, to file: String) throws {
    try folder.write(text, to: path(file))
  }

  /// How many requests the server was sent whose path holds a text.
  func requests(_ text: String) -> Int {
    ((try? child.files.read("errors")) ?? "").split(separator: "\n").count { $0.contains(text) }
  }

  /// Writes a file into the container of an asset, as the account's folder has it.
  func write(_ text: String, to file: String, inContainerOf asset: String) throws {
    let root = folder["\(name)-account"]
    for path in try FileManager.default.subpathsOfDirectory(atPath: root + "/account/assets") {
      let bytes = FileManager.default.contents(atPath: "\(root)/account/assets/\(path)") ?? Data()
      guard let document = try? JSONValue.parse([UInt8](bytes)), document["name"]?.stringValue == asset,
        let container = document["properties"]?["container"]?.stringValue,
        let account = document["properties"]?["storageAccountName"]?.stringValue
      else { continue }
      return try folder.write(text, to: "\(name)-account/storage/\(account)/\(container)/\(file)")
    }
    try #require(Bool(false), "no asset \(asset) in \(root)")
  }

  /// Puts a new file into the container of another one.
  func write(_ text: String, to file: String, beside other: String) throws {
    try folder.write(text, to: String(path(other).dropLast(other.count)) + file)
  }

  /// Takes a file out of its container.
  func remove(_ file: String) throws { try FileManager.default.removeItem(atPath: folder[path(file)]) }

  func account() throws -> MediaServicesAccount {
    let settings = try MediaServicesSettings(
      url: url,
      entries: ServiceStandIn.entries(
        "azure",
        [
          .subscription: "00000000-0000-0000-0000-000000000000", .resourceGroup: "lockstep", .account: name,
        ]))
    return MediaServicesAccount(
      settings: settings, transport: Program.http(connections: 4, stallSeconds: 60), budgetPath: nil,
      environment: { _ in "good" }, cancellation: Cancellation(), notices: { _ in })
  }
}
