import Git
import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// When the branches of repositories last moved, as their files say.
///
/// Three `stat` calls a repository, about ten microseconds in all, once a second: no program of the system is needed for it,
/// it works on every file system, network ones included, and it misses nothing that is there when it looks.
struct RefStamps: Equatable {
  private struct Stamp: Equatable {
    var seconds = 0
    var nanoseconds = 0
    var inode: UInt64 = 0
    var size: Int64 = 0
  }

  private var stamps: [Stamp] = []

  /// The files that change when the branch of a region moves.
  static func files(of region: RegionRepository) -> [String] {
    let folder = region.git.gitDirectory
    return ["HEAD", "packed-refs"].map { "\(folder)/\($0)" }
      + (((try? region.branchReference()) ?? nil).map { ["\(folder)/\($0)"] } ?? [])
  }

  /// Looks at the files.
  init(of files: [String]) {
    stamps = files.map { path in
      var info = stat()
      guard stat(path, &info) == 0 else { return Stamp() }
      #if canImport(Glibc)
        let time = info.st_mtim
      #else
        let time = info.st_mtimespec
      #endif
      return Stamp(
        seconds: time.tv_sec, nanoseconds: time.tv_nsec, inode: UInt64(info.st_ino), size: Int64(info.st_size)
      )
    }
  }
}
