#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What stands in folders, as the system lists it.
package enum FolderNames {
  /// The names in a folder, in any order; none where it cannot be read.
  package static func list(_ folder: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }
}
