import Foundation
import Support
import Testing

/// A region with a folder account that `lockstep-serve` serves, for one test.
final class ServedFolder: Sendable {
  let folder: TemporaryFolder
  let url: String
  let server: ChildProcess
  private let variables: [String: String]
  private let name: String

  /// The program, which stands beside `lockstep`.
  static let program = Program.companion("lockstep-serve")
  /// The python with the official SDKs, as `./bootstrap --test` makes it.
  static let python = root.appendingPathComponent(".venv/bin/python").path

  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  private static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("SDK")

  var region: String { folder[name] }
  var account: String { Self.account(of: name, in: folder) }

  private static func account(of name: String, in folder: TemporaryFolder) -> String {
    folder[name == "east" ? "account" : "\(name)-account"]
  }

  /// - Parameters:
  ///   - name: the region's, and the account's.
  ///   - options: more arguments of the server.
  ///   - variables: what scripts see in their environment, such as `LOCKSTEP_TOKEN`.
  init(
    _ options: [String] = [], in folder: TemporaryFolder? = nil, name: String = "east",
    variables: [String: String] = [:]
  ) throws {
    self.folder = try folder ?? TemporaryFolder()
    self.variables = variables
    self.name = name
    let (region, account) = (self.folder[name], Self.account(of: name, in: self.folder))
    if !self.folder.has(name) {
      let made = try Program.run(
        Program.lockstep,
        ["init", region, "--region", name, "--account", "folder:\(account)", "--storage", "\(name)storage"])
      try #require(made.status == 0, "\(made.errors)")
    }
    server = try Program.start(Self.program, ["-C", region, "--listen", "127.0.0.1:0"] + options)
    let (child, answer) = (server, server)
    var line = ""
    _ = waitUntil(seconds: 20) {
      line = (try? child.files.read("output")) ?? ""
      return line.hasSuffix("\n") || !answer.isRunning
    }
    url = String(line.split(separator: " ").first ?? "")
    let errors = try server.files.read("errors")
    try #require(url.hasPrefix("http"), "\(errors)")
  }

  /// What the server wrote to standard error so far.
  var log: String { (try? server.files.read("errors")) ?? "" }

  /// Runs a script of `SDK/` against the server; its last line is `ok`.
  func run(_ script: String, variables more: [String: String] = [:]) throws {
    try #require(
      FileManager.default.isExecutableFile(atPath: Self.python),
      "the official SDKs are missing: ./bootstrap --test")
    var environment = variables.merging(more) { $1 }
    environment["LOCKSTEP_URL"] = url
    environment["LOCKSTEP_ACCOUNT"] = environment["LOCKSTEP_ACCOUNT"] ?? name
    environment["LOCKSTEP_ACCOUNT_FOLDER"] = account
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    let outcome = try Program.run(
      Self.python, [Self.scripts.appendingPathComponent(script).path], environment: environment)
    #expect(
      outcome.status == 0 && outcome.output.hasSuffix("ok\n"),
      "\(script): exit \(outcome.status)\n\(outcome.output)\n\(outcome.errors.suffix(4000))\n\(log.suffix(2000))"
    )
  }

  /// Runs `lockstep` on the region.
  func lockstep(_ arguments: String...) throws -> Program.Outcome {
    try Program.run(Program.lockstep, [arguments[0], "-C", region] + arguments.dropFirst())
  }

  /// A request by curl's stand-in: status and body, through python's standard library.
  func status(_ method: String, _ path: String, headers: [String: String] = [:]) throws -> String {
    let fields = headers.map { "'\($0.key)': '\($0.value)'" }.joined(separator: ", ")
    let code = """
      import urllib.request, urllib.error
      request = urllib.request.Request('\(url)\(path)', method='\(method)', headers={\(fields)}, data=b'{}' if '\(method)' in ('PUT', 'PATCH') else None)
      try: answer = urllib.request.urlopen(request)
      except urllib.error.HTTPError as error: answer = error
      print(answer.status, answer.headers.get('Retry-After', '-'), answer.read().decode())
      """
    let outcome = try Program.run("python3", ["-c", code])
    return outcome.status == 0 ? outcome.output : outcome.errors
  }

  static let base =
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/lockstep/providers/Microsoft.Media"
    + "/mediaServices/east"
  static let version = "api-version=2022-08-01"
}
