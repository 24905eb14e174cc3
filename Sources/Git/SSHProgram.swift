import Programs

/// The `ssh` program, chosen and told as git chooses and tells it: `GIT_SSH_COMMAND`, `core.sshCommand`, `GIT_SSH`, else `ssh`.
///
/// Runs a command on another machine. Users' keys, jumps and hosts stand where git's do.
package struct SSHProgram: Sendable {
  /// How it takes options.
  enum Variant: String, Sendable { case ssh, plink, putty, tortoiseplink, simple }

  /// How a command ended there, and what it said.
  package struct Outcome: Sendable {
    /// The command's exit code; 255 where ssh itself failed.
    package let status: Int32
    /// Standard output.
    package let output: [UInt8]
    /// Whether the command began: else what was said is ssh's.
    package let hasBegun: Bool
    /// Standard error, but for what `hearing` was told.
    package let errors: String
  }

  let command: String
  let isShellText: Bool
  let variant: Variant

  /// - Parameter environment: a variable that is set and not empty.
  package init(for repository: Repository, environment: (String) -> String?) throws(GitError) {
    let configured = try repository.configValue("core.sshCommand")
    if let text = environment("GIT_SSH_COMMAND") ?? configured {
      (command, isShellText) = (text, true)
    } else {
      (command, isShellText) = (environment("GIT_SSH") ?? "ssh", false)
    }
    let configuredVariant = try repository.configValue("ssh.variant")
    let named = environment("GIT_SSH_VARIANT") ?? configuredVariant
    let program =
      isShellText ? command.split(separator: " ").first.map(String.init) ?? "" : command
    let name = program.split(separator: "/").last.map { $0.lowercased() } ?? ""
    let plain = name.hasSuffix(".exe") ? String(name.dropLast(4)) : name
    // A wrapper of another name is told what ssh is told, and nothing that only some know.
    variant = named.flatMap { Variant(rawValue: $0) } ?? Variant(rawValue: plain) ?? .simple
  }

  /// The arguments that run a command in the shell of another machine.
  func arguments(_ text: String, at address: SSHAddress) -> [String] {
    // A line that breaks while nothing is said is found out within a minute.
    let patience = variant == .ssh ? ["-o", "ServerAliveInterval=15", "-o", "ServerAliveCountMax=4"] : []
    let all = patience + options(for: address) + [address.destination, text]
    return isShellText ? ["sh", "-c", "\(command) \"$@\"", command] + all : [command] + all
  }

  private func options(for address: SSHAddress) -> [String] {
    let port = address.port.map { ["\($0)"] } ?? []
    return switch variant {
    case .ssh, .simple: port.isEmpty ? [] : ["-p"] + port
    case .plink, .putty: port.isEmpty ? [] : ["-P"] + port
    case .tortoiseplink: ["-batch"] + (port.isEmpty ? [] : ["-P"] + port)
    }
  }

  /// The command line that a person may paste to run the same.
  package func line(_ text: String, at address: SSHAddress) -> String {
    let program = isShellText ? command : ShellWord.quoted(command)
    let words = options(for: address) + [address.destination, text]
    return program + words.map { " " + ShellWord.quoted($0) }.joined()
  }

  /// What tells on standard error that the other machine has begun with the command.
  private static let mark = "lockstep: begun"

  /// How long a command that was told to stop may take to say how far it came.
  private static let farewell = Duration.seconds(10)

  /// Runs a command on another machine.
  ///
  /// The connection may take as long as `patience`; the command itself, which says that it begins, as long as it needs. Its
  /// standard input is open as long as this process runs and nobody wishes to stop: it may end with it.
  /// - Parameters:
  ///   - words: the command, each word as the shell there takes it.
  ///   - stopping: asked now and then; when it says so, the command's standard input ends, and some seconds later ssh.
  ///   - hearing: told each line that the command says on standard error.
  /// - Throws: `GitError` (`.transport`) where ssh cannot be started, or does not get there in time.
  package func run(
    _ words: [String], at address: SSHAddress, patience: Duration, stopping: @escaping () -> Bool,
    hearing: @escaping (String) -> Void
  ) throws(GitError) -> Outcome {
    // A shell in between, for what the login's own understands differs.
    let text = "sh -c 'echo \"\(Self.mark)\" >&2; exec \"$@\"' sh \(words.joined(separator: " "))"
    let deadline = ContinuousClock.now.advanced(by: patience)
    var hasBegun = false
    var said: [String] = []
    var rest: [UInt8] = []
    var stopped: ContinuousClock.Instant?
    func take(_ bytes: [UInt8]) {
      var line = String(decoding: bytes, as: UTF8.self)
      if line.last == "\r\n" || line.last == "\r" { line.removeLast() }
      if line == Self.mark {
        hasBegun = true
      } else if hasBegun {
        hearing(line)
      } else {
        said.append(line)
      }
    }
    func isReleased() -> Bool { hasBegun && stopping() }
    func isEnded() -> Bool {
      guard hasBegun else { return stopping() || ContinuousClock.now >= deadline }
      if stopped == nil, stopping() { stopped = ContinuousClock.now }
      return stopped.map { ContinuousClock.now - $0 >= Self.farewell } ?? false
    }
    func hear(_ bytes: ArraySlice<UInt8>) {
      rest += bytes
      while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
        take(Array(rest[..<end]))
        rest.removeSubrange(...end)
      }
    }
    let outcome: ChildProgram.Outcome
    do {
      outcome = try ChildProgram.run(
        arguments(text, at: address), environment: EnvironmentChanges(removing: GitProgram.localVariables),
        isApart: !GitProgram.hasTerminal, stopping: isEnded, hearing: hear, releasing: isReleased)
    } catch {
      throw GitError(.transport, error.message, hint: error.hint)
    }
    if !rest.isEmpty { take(rest) }
    if !hasBegun, !stopping(), ContinuousClock.now >= deadline {
      throw GitError(.transport, "no connection within \(patience.components.seconds) s")
    }
    return Outcome(
      status: outcome.status, output: outcome.output, hasBegun: hasBegun,
      errors: said.joined(separator: "\n"))
  }
}
