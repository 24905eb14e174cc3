import ArgumentParser
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
    let path = try ThisProgram.companion(Self.program)
    let strings = ([path] + arguments).map { strdup($0) } + [nil]
    execv(path, strings)
    let reason = String(cString: strerror(errno))
    for string in strings { free(string) }
    throw RegionError(
      .badConfiguration, "cannot run \(path): \(reason)", hint: "install \(Self.program) anew beside lockstep"
    )
  }
}
