import MediaResources
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

  /// Where a program that belongs to this one is: beside it, else in the first folder of PATH that has it.
  /// - Throws: `RegionError` where it is nowhere.
  static func companion(_ program: String) throws(RegionError) -> String {
    let own = try path().pathComponents.dropLast().joined(separator: "/")
    let folders = [own] + (Environment.value("PATH") ?? "").split(separator: ":").map(String.init)
    let places = folders.map { "\($0)/\(program)" }
    guard let path = places.first(where: { access($0, X_OK) == 0 }) else {
      throw RegionError(
        .badConfiguration, "the program \(program) is neither beside lockstep, in \(own), nor in PATH",
        hint: "build it with: swift build -c release --product \(program), and put it beside lockstep")
    }
    return path
  }
}
