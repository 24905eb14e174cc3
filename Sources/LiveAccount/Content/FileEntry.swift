#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An ordinary file as a listing shows it, or what else stands at a path.
package struct FileEntry: Sendable, Equatable {
  /// The path within the folder that was listed.
  package let path: String
  /// The size in bytes.
  package let size: Int64
  /// Last change of the content, nanoseconds since 1970.
  package let modified: Int64
  /// Last change of content or attributes, nanoseconds since 1970.
  package let changed: Int64
  /// The file's number on its device.
  package let inode: UInt64
  /// How many names the file has.
  package let links: UInt64
  /// Whether it is a folder.
  package let isFolder: Bool

  init(path: String, _ info: stat) {
    self.path = path
    size = Int64(info.st_size)
    inode = UInt64(info.st_ino)
    links = UInt64(info.st_nlink)
    isFolder = info.st_mode & S_IFMT == S_IFDIR
    #if canImport(Glibc)
      modified = Int64(info.st_mtim.tv_sec) * 1_000_000_000 + Int64(info.st_mtim.tv_nsec)
      changed = Int64(info.st_ctim.tv_sec) * 1_000_000_000 + Int64(info.st_ctim.tv_nsec)
    #else
      modified = Int64(info.st_mtimespec.tv_sec) * 1_000_000_000 + Int64(info.st_mtimespec.tv_nsec)
      changed = Int64(info.st_ctimespec.tv_sec) * 1_000_000_000 + Int64(info.st_ctimespec.tv_nsec)
    #endif
  }

  /// Whether this is the same file with the same content as when another entry was made, as far as the system tells.
  func isUnchanged(since other: FileEntry) -> Bool {
    size == other.size && modified == other.modified && changed == other.changed && inode == other.inode
  }

  /// A mark that changes whenever the file does.
  package var stamp: ObservationStamp {
    guard isSettled else { return .unknown }
    return ObservationStamp(
      SIMD4(UInt64(bitPattern: size), UInt64(bitPattern: modified), UInt64(bitPattern: changed), inode))
  }

  /// Whether the file was last changed long enough ago that another change would show in its times: clocks of file
  /// systems tick every few milliseconds, those of some only every second or two.
  private var isSettled: Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    let tick: Int64 = changed % 1_000_000_000 == 0 ? 3_000_000_000 : 50_000_000
    return changed < (Int64(now.tv_sec) * 1_000_000_000 + Int64(now.tv_nsec)) - tick
  }

  /// A mark that changes whenever one of some files does, comes, or goes.
  package static func stamp(of files: [FileEntry]) -> ObservationStamp {
    // FNV-1a over paths and marks, in four lanes: a mark within one account, nothing that anybody must not forge.
    var words = SIMD4<UInt64>(
      0xcbf2_9ce4_8422_2325, 0x9ae1_6a3b_2f90_404f, 0xc3a5_c85c_97cb_3127, UInt64(files.count) | 1)
    let prime = SIMD4<UInt64>(repeating: 0x100_0000_01b3)
    for file in files {
      guard file.stamp != .unknown else { return .unknown }
      for byte in file.path.utf8 { words = (words ^ SIMD4(repeating: UInt64(byte))) &* prime }
      words = (words ^ file.stamp.words) &* prime
      words = (words ^ SIMD4(words[3], words[0], words[1], words[2])) &* prime
    }
    return ObservationStamp(words)
  }
}
