import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Small files beside a repository.
enum StateFile {
  /// Removes one; where there is none, it is gone already.
  static func remove(_ path: String) throws(RegionError) {
    guard unlink(path) != 0, errno != ENOENT else { return }
    throw RegionError(.badConfiguration, "cannot remove \(path): \(String(cString: strerror(errno)))")
  }
}
