import Foundation

/// Runs programs: the built `lockstep`, and those that tests use as judges (git, ffmpeg, nginx, strace, …).
package enum Program {
  /// What a program said and how it ended.
  package struct Outcome: Sendable {
    /// The exit code, or 128 and the signal's number.
    package let status: Int32
    /// Standard output.
    package let output: String
    /// Standard error.
    package let errors: String
  }

  /// The path of the built `lockstep`, which stands beside the tests.
  package static let lockstep: String = {
    if let path = ProcessInfo.processInfo.environment["LOCKSTEP_PROGRAM"] { return path }
    var folder = URL(fileURLWithPath: ProcessInfo.processInfo.arguments.first ?? "").resolvingSymlinksInPath()
    while folder.path != "/" {
      folder.deleteLastPathComponent()
      let candidate = folder.appendingPathComponent("lockstep")
      var isFolder: ObjCBool = false
      if FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder), !isFolder.boolValue {
        return candidate.path
      }
    }
    return "lockstep"
  }()

  /// The path of a built program that comes with lockstep, such as `lockstep-serve`.
  package static func companion(_ name: String) -> String {
    URL(fileURLWithPath: lockstep).deletingLastPathComponent().appendingPathComponent(name).path
  }

  /// Where a program is installed, or nil.
  package static func find(_ name: String) -> String? {
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/sbin"
    return path.split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Whether programs are installed.
  package static func has(_ names: String...) -> Bool { names.allSatisfy { find($0) != nil } }

  /// Runs a program to its end.
  @discardableResult
  package static func run(
    _ name: String, _ arguments: [String], in folder: String? = nil, input: String? = nil,
    environment: [String: String] = [:]
  ) throws -> Outcome {
    try start(name, arguments, in: folder, input: input, environment: environment).outcome()
  }

  /// Starts a program.
  package static func start(
    _ name: String, _ arguments: [String], in folder: String? = nil, input: String? = nil,
    environment: [String: String] = [:]
  ) throws -> ChildProcess {
    let files = try TemporaryFolder()
    try files.write(input ?? "", to: "input")
    return try ChildProcess(
      path: name.contains("/") ? name : find(name) ?? "/nonexistent/\(name)", arguments: arguments,
      folder: folder,
      environment: Self.environment.merging(environment) { $1 }, files: files)
  }

  /// The environment of every program: a person with a name, and no settings but those of the test.
  package static let environment: [String: String] = {
    var variables = ProcessInfo.processInfo.environment
    for name in variables.keys where name.hasPrefix("GIT_") { variables[name] = nil }
    variables["GIT_CONFIG_GLOBAL"] = "/dev/null"
    variables["GIT_CONFIG_SYSTEM"] = "/dev/null"
    for role in ["AUTHOR", "COMMITTER"] {
      variables["GIT_\(role)_NAME"] = "Tess Ter"
      variables["GIT_\(role)_EMAIL"] = "tess@example.com"
    }
    variables["LC_ALL"] = "C.UTF-8"
    for name in variables.keys where name.hasPrefix("LOCKSTEP_IDENTITY") { variables[name] = nil }
    variables["XDG_CONFIG_HOME"] = configuration?.path ?? "/nonexistent"
    return variables
  }()

  /// Where the person's identity lies, and who they are for libgit2, which no variable tells: one for all tests of a run.
  private static let configuration: TemporaryFolder? = {
    guard let folder = try? TemporaryFolder() else { return nil }
    try? folder.write("[user]\n\tname = Tess Ter\n\temail = tess@example.com\n", to: "git/config")
    return folder
  }()

  /// Runs git.
  @discardableResult
  package static func git(_ arguments: String..., in folder: String, input: String? = nil) throws -> String {
    let outcome = try run("git", arguments, in: folder, input: input)
    guard outcome.status == 0 else {
      throw Failed(what: "git \(arguments.joined(separator: " "))", outcome: outcome)
    }
    return outcome.output.trimmingCharacters(in: .newlines)
  }

  /// A program that had to succeed and did not.
  package struct Failed: Error, CustomStringConvertible {
    let what: String
    let outcome: Outcome

    package init(what: String, outcome: Outcome) {
      self.what = what
      self.outcome = outcome
    }

    package var description: String {
      "\(what): exit \(outcome.status)\n\(outcome.output)\n\(outcome.errors)"
    }
  }
}
