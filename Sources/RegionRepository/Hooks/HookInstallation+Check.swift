import Git

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Something that keeps a hook from doing its work, or a push from being taken.
package struct HookProblem: Sendable, Equatable {
  /// The hook, the setting, or the working tree.
  package let subject: String
  /// What is wrong with it.
  package let message: String
  /// The command that mends it.
  package let mend: String
}

extension HookInstallation {
  /// What is wrong with the hooks and their settings; empty where all is well.
  ///
  /// - Throws: `GitError` where the configuration cannot be read.
  package func problems() throws -> [HookProblem] {
    let asHub = try isHub()
    let install = "lockstep hooks install \(asHub ? "--bare-hub " : "")-C \(ShellWord.quoted(place))"
    var problems: [HookProblem] = []
    func note(_ subject: String, _ message: String, _ mend: String = "") {
      problems.append(HookProblem(subject: subject, message: message, mend: mend.isEmpty ? install : mend))
    }
    do throws(RegionError) { try check(in: folderOrError(), install, note) } catch {
      note("core.hooksPath", error.message, error.hint ?? install)
    }
    let program = try git.ownConfigValue(Self.programKey)
    if let program {
      if FileKind.of(program) != .program { note(Self.programKey, "\(program) is no program any more") }
    } else {
      note(Self.programKey, "it is not set, and the hooks run whatever lockstep the PATH leads to")
    }
    for setting in settings(asHub: asHub) {
      let value = try git.ownConfigValue(setting.key)
      if !setting.isMet(by: value) {
        note(setting.key, "it is \(value ?? "not set"), and must be \(setting.value)")
      }
    }
    guard isRegion else { return problems }
    let region = try RegionRepository.open(at: place)
    do { _ = try region.branchReference() } catch let error as RegionError {
      note("HEAD", error.message, error.hint ?? "")
      return problems
    }
    do { _ = try Administrators(of: region) } catch let error as RegionError {
      note(RegionConfiguration.administrator, error.message, error.hint ?? "")
    }
    if let push = try region.cutOffPush() { note("working tree", push.message, push.mend(in: place)) }
    return problems
  }

  private func folderOrError() throws(RegionError) -> String {
    do { return try folder() } catch {
      throw error as? RegionError ?? RegionError(.badConfiguration, "\(error)")
    }
  }

  private func check(in folder: String, _ install: String, _ note: (String, String, String) -> Void) {
    for hook in wanted {
      let path = path(of: hook, in: folder)
      let bytes = FilePaths.read(path)
      switch FileKind.of(path) {
      case .nothing: note(hook.rawValue, "it is not in \(folder)", install)
      default:
        if bytes.map({ hook.isOurs($0) }) != true {
          let before = path + RegionHook.before
          let isOneKept = FileKind.of(before) != .nothing && FilePaths.read(before) != bytes
          note(
            hook.rawValue, "\(path) is somebody else's hook",
            isOneKept
              ? "bring it and \(before) into one, the latter; rm \(ShellWord.quoted(path)); \(install)"
              : install)
        } else if bytes != Array(hook.text.utf8) {
          note(hook.rawValue, "\(path) is of another version of lockstep", install)
        } else if FileKind.of(path) != .program {
          note(hook.rawValue, "\(path) is not executable, and git passes over it", install)
        }
      }
      let before = path + RegionHook.before
      if FileKind.of(before) == .other {
        note(hook.rawValue, "\(before) is not executable, and does not run", "chmod +x '\(before)'")
      }
    }
  }
}
