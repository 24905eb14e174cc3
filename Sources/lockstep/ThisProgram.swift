import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// This program itself.
enum ThisProgram {
  /// Its absolute path, links followed.
  /// - Throws: `RegionError` where the system does not say.
  static func path() throws(RegionError) -> String {
    if let path = FilePaths.resolved("/proc/self/exe") { return path }
    let name = CommandLine.arguments.first ?? "lockstep"
    let places =
      name.contains("/")
      ? [name] : (Environment.value("PATH") ?? "").split(separator: ":").map { "\($0)/\(name)" }
    if let path = places.lazy.compactMap({ FilePaths.resolved($0) }).first { return path }
    throw RegionError(
      .badConfiguration, "the system does not say where the program lockstep is",
      hint: "run it by its absolute path")
  }
}
