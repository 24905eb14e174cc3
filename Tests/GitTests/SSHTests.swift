import Foundation
import Git
import Support
import Testing

/// Places that ssh reaches are read as git reads them, and nothing in them is taken for an option or a command.
@Suite struct SSHTests {
  @Test(
    arguments: [
      ("ssh://host/srv/east", "host", nil, "/srv/east"),
      ("ssh://u@host:2222/srv/east", "u@host", 2222, "/srv/east"),
      ("git+ssh://host/a", "host", nil, "/a"), ("ssh://host/~/east", "host", nil, "~/east"),
      ("ssh://host:/east", "host", nil, "/east"), ("ssh://u@[::1]:22/east", "u@::1", 22, "/east"),
      ("u@host:east", "u@host", nil, "east"), ("host:/srv/e ast", "host", nil, "/srv/e ast"),
      ("[::1]:east", "::1", nil, "east"), ("host:~u/east", "host", nil, "~u/east"),
    ] as [(String, String, Int?, String)])
  func `a place has a host, a port and a folder`(
    place: String, destination: String, port: Int?, path: String
  ) throws {
    let address = try #require(SSHAddress(place))
    #expect(address.destination == destination && address.port == port && address.path == path)
  }

  @Test(arguments: [
    "/srv/east", "./a:b", "https://host/a", "file:///srv/east", "ssh://host", "ssh:///east", "east",
    "ssh://-oProxyCommand=x/east", "-oProxyCommand=x:east", "ssh://u@-x/east", "host:",
  ])
  func `what git would not reach by ssh is no such place`(place: String) {
    #expect(SSHAddress(place) == nil)
  }

  @Test(arguments: [
    "/srv/east", "/srv/e'a; touch x $(id) \"`\\", "~/e ast", "-C", "~", "~x;id/east",
  ])
  func `a shell takes a folder for what it is`(path: String) throws {
    let address = try #require(SSHAddress("host:\(path)"))
    let outcome = try Program.run("sh", ["-c", "printf %s \(address.shellPath)"])
    let home = ProcessInfo.processInfo.environment["HOME"] ?? ""
    let wanted =
      path == "~"
      ? home : path.hasPrefix("~/") ? home + path.dropFirst() : path.hasPrefix("-") ? "./\(path)" : path
    #expect(outcome.output == wanted)
  }
}
