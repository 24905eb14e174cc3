import LiveAccount
import RegionRepository

/// A folder that only this user sees, for as long as something is tried out in it.
enum ScratchFolder {
  /// Makes one, and removes it afterwards with all that is in it.
  static func with<Result>(_ body: (_ path: String) async throws -> Result) async throws -> Result {
    let name = "lockstep-rehearsal-\(Random.guid())"
    let parent = Environment.value("TMPDIR") ?? "/tmp"
    let folder = "\(parent)/\(name)"
    try FilePaths.makeFolders(folder, mode: 0o700)
    defer { try? RootedFolder.open(parent).removeTree(name) }
    return try await body(folder)
  }
}
