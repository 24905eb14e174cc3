import ArgumentParser
import MediaResources
import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `lockstep serve`: becomes `lockstep-serve`, a program of its own, so that this one links no web server.
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Serve a region's folder account as a media service's REST API.",
    discussion: """
      Runs the program lockstep-serve, which stands beside this one or in PATH, with the same arguments; \
      lockstep serve --help shows what it takes.
      """,
    helpNames: [])

  @Argument(parsing: .captureForPassthrough, help: "What lockstep-serve takes.")
  var arguments: [String] = []

  private static let program = "lockstep-serve"

  func run() throws {
    let path = try Self.find()
    let strings = ([path] + arguments).map { strdup($0) } + [nil]
    execv(path, strings)
    let reason = String(cString: strerror(errno))
    for string in strings { free(string) }
    throw RegionError(
      .badConfiguration, "cannot run \(path): \(reason)", hint: "install \(Self.program) anew beside lockstep"
    )
  }

  /// Where the program is: beside this one, else in the first folder of PATH that has it.
  private static func find() throws -> String {
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
}
