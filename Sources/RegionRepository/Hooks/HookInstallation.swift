package import Git

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The hooks of a repository, and the settings that they need.
///
///     let installation = try HookInstallation(at: path, program: "/usr/local/bin/lockstep")
///     try installation.install(asHub: false)     // what was changed; nothing the second time
///     try installation.problems()                // what is wrong, with the command that mends it
///
/// A region's repository gets all of them; a clone that people commit in gets the one for commits. A hook of somebody else
/// is kept beside ours and runs first.
package struct HookInstallation {
  /// The repository.
  package let git: Repository
  /// Whether the repository is a region's, and no mere clone of one.
  package let isRegion: Bool
  private let program: String

  /// The key that holds the program which the hooks run.
  static let programKey = "lockstep.program"
  private static let hubKey = "lockstep.hub"

  /// - Parameters:
  ///   - path: the repository, or any folder in it.
  ///   - program: the absolute path of the program that the hooks shall run.
  /// - Throws: `RegionError` where there is no region's repository and no clone of one.
  package init(at path: String, program: String) throws {
    self.program = program
    do { git = try Repository.discover(from: path) } catch {
      guard error.code == .notFound else { throw error }
      throw Self.noRegion(path)
    }
    isRegion = try git.configValue(RegionConfiguration.region) != nil
    guard !isRegion else { return }
    let root = try git.headCommit().map { try RawCommit(bytes: git.read($0).bytes).tree }
    guard try git.entry(RegionDocument.path, in: root) != nil else { throw Self.noRegion(path) }
    guard !git.isBare else {
      throw RegionError(
        .notARegion, "\(path) is a bare repository whose configuration does not say which region it is",
        hint: "git -C \(ShellWord.quoted(place)) config \(RegionConfiguration.region) NAME")
    }
  }

  private static func noRegion(_ path: String) -> RegionError {
    RegionError(
      .notARegion, "\(path) is inside no region's repository, and inside no clone of one",
      hint: "lockstep init \(path) --region NAME --account folder:PATH")
  }

  /// The folder that a person would name the repository by.
  package var place: String { git.workingDirectory ?? git.gitDirectory }

  /// The hooks that belong into the repository.
  package var wanted: [RegionHook] {
    guard isRegion else { return [.preCommit] }
    return git.isBare ? [.preReceive, .postReceive] : [.preReceive, .postReceive, .preCommit]
  }

  /// Whether others push to it and nobody works in it.
  package func isHub() throws -> Bool { Self.isTrue(try git.ownConfigValue(Self.hubKey)) }

  // MARK: Where

  /// The folder in which git looks for hooks.
  /// - Throws: `RegionError` where that is shared with other repositories.
  package func folder() throws -> String {
    guard let path = try git.configValue(Self.pathKey) else { return "\(git.gitDirectory)/hooks" }
    guard let own = try git.ownConfigValue(Self.pathKey), !own.hasPrefix("~"), !own.hasPrefix("%(") else {
      throw RegionError(
        .badConfiguration,
        "git looks for hooks in \(path) (\(Self.pathKey)), which other repositories may share: hooks that are put there"
          + " would run in all of them",
        hint:
          "give this repository hooks of its own: git -C \(ShellWord.quoted(place)) config \(Self.pathKey)"
          + " '\(git.gitDirectory)/hooks'")
    }
    return FilePaths.absolute(own, relativeTo: place)
  }

  private static let pathKey = "core.hooksPath"

  func path(of hook: RegionHook, in folder: String) -> String { "\(folder)/\(hook.rawValue)" }

  // MARK: Settings

  /// What git must be told, beside the program: the key, the value, and why.
  func settings(asHub: Bool) -> [Setting] {
    guard isRegion else { return [] }
    var settings = [Setting(key: "receive.fsckObjects", value: "true")]
    if !git.isBare { settings.append(Setting(key: "receive.denyCurrentBranch", value: "updateInstead")) }
    if asHub {
      settings.append(Setting(key: "receive.denyDeletes", value: "true"))
      settings.append(Setting(key: "receive.denyNonFastForwards", value: "true"))
    }
    return settings
  }

  /// A setting of git's that the hooks need.
  struct Setting {
    let key: String
    let value: String

    /// Whether a value means the same.
    func isMet(by other: String?) -> Bool {
      value == "true" ? HookInstallation.isTrue(other) : other?.lowercased() == value.lowercased()
    }
  }

  static func isTrue(_ value: String?) -> Bool {
    value.map { ["true", "yes", "on", "1"].contains($0.lowercased()) } ?? false
  }

  // MARK: Installing

  /// Puts the hooks in place and sets what they need.
  /// - Parameter asHub: whether others push here and nobody works here; once said, it stays so.
  /// - Returns: what was done, a line each; nothing where all was there.
  /// - Throws: `RegionError`; what was done by then stays, and doing it again goes on.
  package func install(asHub: Bool) throws -> [String] {
    if asHub, !isRegion || !git.isBare {
      throw RegionError(
        .badConfiguration, "\(place) has a working tree, and a hub has none",
        hint: "leave --bare-hub out: lockstep hooks install -C \(ShellWord.quoted(place))")
    }
    let folder = try folder()
    var done: [String] = []
    if try git.ownConfigValue(Self.programKey) != program {
      try git.setConfigValue(Self.programKey, program)
      done.append("\(Self.programKey) is \(program)")
    }
    if asHub, try !isHub() { try git.setConfigValue(Self.hubKey, "true") }
    for setting in settings(asHub: try isHub()) {
      let old = try git.ownConfigValue(setting.key)
      guard !setting.isMet(by: old) else { continue }
      try git.setConfigValue(setting.key, setting.value)
      done.append("\(setting.key) is \(setting.value)\(old.map { ", and was \($0)" } ?? "")")
    }
    try FilePaths.makeFolders(folder)
    for hook in wanted {
      if let line = try install(hook, in: folder) { done.append(line) }
    }
    return done
  }

  private func install(_ hook: RegionHook, in folder: String) throws -> String? {
    let path = path(of: hook, in: folder)
    let text = Array(hook.text.utf8)
    let isThere = FileKind.of(path) != .nothing
    let old = isThere ? FilePaths.read(path) : nil
    let isOurs = old.map { hook.isOurs($0) } ?? false
    if old == text, FileKind.of(path) == .program { return nil }
    var kept = ""
    if isThere, !isOurs {
      try keep(path)
      kept = "; the hook that was there runs first, as \(hook.rawValue)\(RegionHook.before)"
    } else if let old, old != text {
      // Another version wrote it, or somebody added to it.
      let former = try keepFormer(hook, in: folder, old)
      kept =
        "; what stood there is kept as \(former), and what somebody added to it runs from \(hook.rawValue)\(RegionHook.before)"
    }
    try FilePaths.writeDurably(text, to: path, mode: 0o755, isModeExact: true)
    return "\(hook.rawValue) is \(isOurs ? "brought up to date" : "in place")\(kept)"
  }

  /// Keeps what stands in the place of a hook of ours; nothing of it runs.
  /// - Returns: the name of the file.
  private func keepFormer(_ hook: RegionHook, in folder: String, _ bytes: [UInt8]) throws -> String {
    var name = "\(hook.rawValue).former"
    var number = 2
    while FileKind.of("\(folder)/\(name)") != .nothing, FilePaths.read("\(folder)/\(name)") != bytes {
      name = "\(hook.rawValue).former-\(number)"
      number += 1
    }
    try FilePaths.writeDurably(bytes, to: "\(folder)/\(name)", mode: 0o644, isModeExact: true)
    return name
  }

  /// Keeps a hook of somebody else beside ours; at no moment there is none.
  private func keep(_ path: String) throws {
    let before = path + RegionHook.before
    if FileKind.of(before) != .nothing {
      guard FilePaths.read(before) == FilePaths.read(path) else {
        throw RegionError(
          .refused, "\(path) is no hook of lockstep's, and \(before) is there, too: only one can be kept",
          hint:
            "bring both into one, the file that ends in \(RegionHook.before), and take the other one away:"
            + " rm \(ShellWord.quoted(path)); then lockstep hooks install -C \(ShellWord.quoted(place))")
      }
      return
    }
    guard link(path, before) == 0 else {
      throw RegionError(
        .badConfiguration, "cannot keep the hook \(path) as \(before): \(String(cString: strerror(errno)))",
        hint: "see who owns the folder")
    }
  }
}

/// What stands at a path.
enum FileKind {
  case nothing, program, other

  /// Links count by themselves where they lead nowhere.
  static func of(_ path: String) -> FileKind {
    var info = stat()
    guard lstat(path, &info) == 0 else { return .nothing }
    guard stat(path, &info) == 0 else { return .other }
    return info.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0 ? .program : .other
  }
}

extension RegionHook {
  /// Whether a file is this hook, perhaps of another version.
  func isOurs(_ bytes: [UInt8]) -> Bool {
    let text = String(decoding: bytes, as: UTF8.self)
    let marks = ["lockstep hooks install", "exec lockstep hook \(rawValue)", "exec lockstep fmt --index"]
    return marks.contains { text.contains($0) }
  }
}
