import ArgumentParser
import Git
import LiveAccount
import MediaResources
import RegionRepository

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// `lockstep demo`: two regions, one film, the same URL and key in both.
struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Make two regions, publish a film in east, and bring west into step.")

  @Argument(help: "A new or empty folder for everything that the demo makes.")
  var directory = "lockstep-demo"

  func run() async throws {
    let root = FilePaths.absolute(directory)
    try checkEmpty(root)
    try FilePaths.makeFolders(root)
    let started = ContinuousClock.now
    let film = try DemoFilm.make(in: root)
    Terminal.say("")
    Terminal.say("# Two regions, each a git repository with a live account beside it.")
    for region in ["east", "west"] {
      try await run(
        InitCommand.self,
        [
          "\(root)/\(region)", "--region", region, "--account", "folder:\(root)/\(region)-account", "--user",
          "Lockstep Demo <demo@example.com>",
        ])
    }
    Terminal.say("# A fleet: east is primary, west stands by.")
    try await run(FleetCommand.Add.self, ["west", "\(root)/west", "-C", "\(root)/east"], name: "fleet add")
    Terminal.say("# Publish the film in east, encrypted under a content key of its own.")
    let keyFile = "\(root)/film.key.txt"
    try await run(
      PublishCommand.self,
      [
        "\(root)/film", "-C", "\(root)/east", "--asset", "film", "--locator-id", film.locatorID,
        "--content-key",
        "id=\(film.keyID),value=@\(keyFile)",
      ])
    unlink(keyFile)
    Terminal.say("# Replay east's commits onto west, then make west's live account match.")
    try await run(MirrorCommand.self, ["\(root)/east", "\(root)/west"])
    try await run(ApplyCommand.self, ["-C", "\(root)/west"])
    Terminal.say("# Prove it: one tree id, and every byte of both accounts.")
    try await run(VerifyCommand.self, ["\(root)/east", "\(root)/west", "--deep"])
    Terminal.say("")
    Terminal.say(
      "Done in \(started.duration(to: .now).seconds) s. Two origins with the same URL and the same key:")
    try printNext(root, film)
  }

  private func checkEmpty(_ root: String) throws {
    guard let folder = opendir(root) else { return }
    defer { closedir(folder) }
    while let entry = readdir(folder) {
      let first = entry.pointee.d_name.0
      let second = entry.pointee.d_name.1
      if first == CChar(UInt8(ascii: ".")), second == 0 || second == CChar(UInt8(ascii: ".")) { continue }
      throw RegionError(
        .refused, "\(root) is not empty", hint: "lockstep demo ANOTHER-FOLDER, or remove it: rm -r \(root)")
    }
  }

  /// Runs a command as a person would type it, and shows it first.
  private func run<Command: AsyncParsableCommand>(
    _ type: Command.Type, _ arguments: [String], name: String? = nil
  ) async throws {
    let shown = arguments.map(ShellWord.quoted).joined(separator: " ")
    Terminal.say("$ lockstep \(name ?? type._commandName) \(shown)")
    guard var command = try type.parseAsRoot(arguments) as? Command else { return }
    try await command.run()
    Terminal.say("")
  }

  private func printNext(_ root: String, _ film: DemoFilm) throws {
    let url = "\(film.locatorID)/\(film.playlist)"
    let asset = "mirrored/" + ResourcePath.path(of: ResourceID(kind: .asset, assetName: nil, name: "film"))
    Terminal.print(
      """

      Serve both with any web server; published/ is the root, keys are beneath /keys/:
        python3 -m http.server --bind 127.0.0.1 --directory \(root)/east-account/published 8081 &
        python3 -m http.server --bind 127.0.0.1 --directory \(root)/west-account/published 8082 &

      Play the film from either (any HLS player, Safari too):
        ffplay http://127.0.0.1:8081/\(url)
        ffplay http://127.0.0.1:8082/\(url)
      Stop the first server: the second one goes on, same path, same key.

      Look around:
        cd \(root)\(Self.alias)
        lockstep log -C west
        lockstep status -C east
        lockstep show west locator/film

      Edit in east, and bring both regions along:
        sed -i 's/"storageAccountName"/"description": "A film",\\n    "storageAccountName"/' east/\(asset)
        git -C east commit --all -m 'Describe the film'
        lockstep apply -C east && lockstep mirror -C east && lockstep apply -C west

      Take it back everywhere:
        lockstep rollback HEAD -C east
        lockstep apply -C east && lockstep mirror -C east && lockstep apply -C west
      """)
  }

  /// The line that lets the commands below find this very program, where the shell would not.
  private static var alias: String {
    guard let program = realpath("/proc/self/exe", nil) else { return "" }
    defer { free(program) }
    let path = String(cString: program)
    let isOnPath = (getenv("PATH").map { String(cString: $0) } ?? "").utf8.split(separator: UInt8(ascii: ":"))
      .contains {
        String(decoding: $0, as: UTF8.self) + "/lockstep" == path
      }
    return isOnPath ? "" : "\n  alias lockstep=\(path)"
  }
}

extension Duration {
  /// Seconds with one digit after the point.
  fileprivate var seconds: String {
    let tenths = components.seconds * 10 + components.attoseconds / 100_000_000_000_000_000
    return "\(tenths / 10).\(tenths % 10)"
  }
}
