import Foundation

/// An SSH server of one test's own: the present user, a free port on loopback, its own keys and settings.
///
///     let server = try SSHServer()
///     try Program.run("git", ["clone", server.url(path), …], environment: server.environment)
package final class SSHServer: Sendable {
  private let folder: TemporaryFolder
  private let process: ChildProcess
  private let port: Int

  /// Whether one can be started here.
  package static var isThere: Bool { Program.has("sshd", "ssh", "ssh-keygen") }

  /// Starts the server; it answers when this returns.
  package init() throws {
    folder = try TemporaryFolder()
    for name in ["host", "user"] {
      let made = try Program.run("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", folder[name]])
      guard made.status == 0 else { throw Program.Failed(what: "ssh-keygen", outcome: made) }
    }
    // sshd separates its privileges there when it runs as root; a service manager would have made it.
    if getuid() == 0 { mkdir("/run/sshd", 0o755) }
    var started: (ChildProcess, Int)?
    // Another process may take the free port first.
    for _ in 0..<10 where started == nil {
      let port = try Loopback.freePort()
      try folder.write(Self.settings(folder, port: port), to: "sshd_config")
      let process = try Program.start(
        Program.find("sshd") ?? "sshd", ["-D", "-e", "-f", folder["sshd_config"]])
      if waitUntil(seconds: 20, { !process.isRunning || Loopback.answers(port) }), process.isRunning {
        started = (process, port)
      }
    }
    guard let started else { throw POSIXError(.EADDRINUSE) }
    (process, port) = started
    try folder.write("[127.0.0.1]:\(port) \(try folder.read("host.pub"))", to: "known_hosts")
  }

  deinit { process.stop() }

  /// The URL of a folder on this machine.
  package func url(_ path: String) -> String { "ssh://\(NSUserName())@127.0.0.1:\(port)\(path)" }

  /// What git needs in its environment to reach the server.
  package var environment: [String: String] {
    [
      "GIT_SSH_COMMAND": "ssh -F none -i '\(folder["user"])' -o IdentitiesOnly=yes -o BatchMode=yes"
        + " -o UserKnownHostsFile='\(folder["known_hosts"])' -o StrictHostKeyChecking=yes"
    ]
  }

  /// Logins see what every program of a test sees: a person with a name, and no settings of the machine.
  private static func settings(_ folder: TemporaryFolder, port: Int) -> String {
    let names = ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "XDG_CONFIG_HOME", "LC_ALL"]
    let variables = names.compactMap { name in Program.environment[name].map { "\"\(name)=\($0)\"" } }
    let person = ["AUTHOR", "COMMITTER"].flatMap {
      ["\"GIT_\($0)_NAME=Tess Ter\"", "\"GIT_\($0)_EMAIL=tess@example.com\""]
    }
    return """
      ListenAddress 127.0.0.1
      Port \(port)
      HostKey \(folder["host"])
      AuthorizedKeysFile \(folder["user.pub"])
      PidFile none
      UsePAM no
      StrictModes no
      PermitRootLogin yes
      PasswordAuthentication no
      KbdInteractiveAuthentication no
      MaxStartups 100
      SetEnv \((variables + person).joined(separator: " "))

      """
  }
}
