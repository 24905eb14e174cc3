#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the system tells of the processes that run, where it has `/proc`.
package enum RunningPrograms {
  /// Whether a process has not ended; one that only waits to be asked how it ended has.
  package static func isRunning(_ process: Int32) -> Bool {
    guard kill(process, 0) == 0 || errno != ESRCH else { return false }
    guard let state = state(of: process)?.first else { return true }
    return state != "Z" && state != "X"
  }

  /// The arguments of a process, its name first; empty where there is none, or where the system does not tell.
  package static func arguments(of process: Int32) -> [String] {
    (contents(of: "/proc/\(process)/cmdline") ?? []).split(separator: 0).map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  /// Whether some process works in one of some folders or beneath it, or holds one of some files open.
  ///
  /// Neither this process counts nor those that started it. A process whose folder this user may not see counts where its
  /// arguments do.
  /// - Parameter counts: whether a process that works in such a folder counts, by its arguments.
  /// - Returns: nil where the system does not tell.
  package static func areAtWork(
    in folders: [String], holding files: [String], where counts: ([String]) -> Bool
  ) -> Bool? {
    guard let all = processes() else { return nil }
    let own = withAncestors(getpid())
    for process in all where !own.contains(process) && isRunning(process) {
      if counts(arguments(of: process)) {
        guard let folder = link("/proc/\(process)/cwd") else {
          if isRunning(process) { return true }
          continue
        }
        if folders.contains(where: { folder == $0 || folder.hasPrefix($0 + "/") }) { return true }
      }
      if holds(process, files) { return true }
    }
    return false
  }

  private static func holds(_ process: Int32, _ files: [String]) -> Bool {
    FolderNames.list("/proc/\(process)/fd").contains { name in
      link("/proc/\(process)/fd/\(name)").map(files.contains) ?? false
    }
  }

  private static func processes() -> [Int32]? {
    let found = FolderNames.list("/proc").compactMap { Int32($0) }
    return found.contains(getpid()) ? found : nil
  }

  private static func withAncestors(_ process: Int32) -> Set<Int32> {
    var found: Set<Int32> = []
    var next: Int32? = process
    while let process = next, process > 0, found.insert(process).inserted {
      next = state(of: process)?.dropFirst().first.flatMap { Int32($0) }
    }
    return found
  }

  /// What stands behind the name in `/proc/PROCESS/stat`: the state, the parent, and more.
  private static func state(of process: Int32) -> [Substring]? {
    guard let bytes = contents(of: "/proc/\(process)/stat") else { return nil }
    let text = String(decoding: bytes, as: UTF8.self)
    // The name stands in parentheses, and may hold anything.
    guard let end = text.lastIndex(of: ")") else { return nil }
    return text[text.index(after: end)...].split(separator: " ")
  }

  private static func link(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: 4096)
    let count = readlink(path, &buffer, buffer.count)
    return count < 0 ? nil : String(decoding: buffer[..<count].map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// The bytes of a file of `/proc`, whose size nobody knows before.
  private static func contents(of path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count >= 0 else { return nil }
      if count == 0 { return bytes }
      bytes += buffer[..<count]
    }
  }
}
