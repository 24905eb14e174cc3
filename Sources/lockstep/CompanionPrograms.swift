import HTTP
import MediaResources
import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The programs that come with this one and link what it does not, as git has its `git-remote-https`.
enum CompanionPrograms {
  /// Where a program is: beside this one, else in the first folder of PATH that has it.
  /// - Throws: `RegionError` (`.badConfiguration`) with the command that builds it.
  static func find(_ program: String) throws -> String {
    let own = try ThisProgram.path().pathComponents.dropLast().joined(separator: "/")
    let folders: [String] = [own] + (Environment.value("PATH") ?? "").split(separator: ":").map(String.init)
    let places: [String] = folders.map { "\($0)/\(program)" }
    guard let path = places.first(where: { place in access(place, X_OK) == 0 }) else {
      throw RegionError(
        .badConfiguration, "the program \(program) is neither beside lockstep, in \(own), nor in PATH",
        hint: "build it with: swift build -c release --product \(program), and put it beside lockstep")
    }
    return path
  }

  /// What carries requests to servers, begun with the first one.
  static func http(connections: Int, stallSeconds: Double) -> HTTPProgram {
    HTTPProgram(connections: connections, stallSeconds: stallSeconds) {
      do { return try find("lockstep-http") } catch let error as RegionError {
        throw HTTPFailure(.noProgram, error.message, hint: error.hint)
      }
    }
  }
}
