import Foundation
import HTTP
import Support
import Testing

/// Requests through the built lockstep-http, to a server of Python's.
@Suite struct HTTPProgramTests {
  private let folder: TemporaryFolder
  /// The program by a name that only this test has: others run beside it.
  private let program: String

  init() throws {
    folder = try TemporaryFolder()
    program = folder["lockstep-http"]
    try FileManager.default.createSymbolicLink(
      atPath: program, withDestinationPath: Program.companion("lockstep-http"))
  }

  private func transport(connections: Int = 4, stallSeconds: Double = 20) -> HTTPProgram {
    HTTPProgram(connections: connections, stallSeconds: stallSeconds) { [program] in program }
  }

  private func told(_ response: HTTPResponse) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(response.body)) as? [String: Any])
  }

  /// The processes that this test has started with lockstep-http.
  private func programs() throws -> [pid_t] {
    try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { process in
      let words = (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)) ?? ""
      let parent = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
      return words.hasPrefix(program + "\0") && parent.contains("PPid:\t\(getpid())\n")
    }
  }

  @Test func `what is sent arrives as it is, and the answer comes back whole`() async throws {
    let server = try PlainServer()
    let transport = transport()
    for (method, body) in [
      ("GET", nil), ("PUT", [UInt8](0...255)), ("POST", []), ("DELETE", nil), ("PATCH", Array("{}".utf8)),
    ] as [(String, [UInt8]?)] {
      var request = HTTPRequest(method, server.url + "/echo?a=b%2Fc%23&d='e'")
      request.headers = [HTTPHeader("X-Name", "v\u{e4}lue"), HTTPHeader("Authorization", "Bearer secret")]
      request.body = body
      let response = try await transport.send(request)
      #expect(response.status == 200)
      #expect(response.header("x-told") == "one")
      let told = try told(response)
      #expect(told["method"] as? String == method)
      #expect(told["path"] as? String == "/echo?a=b%2Fc%23&d='e'")
      #expect(told["body"] as? String == (body ?? []).map { String(format: "%02x", $0) }.joined())
      #expect((told["headers"] as? [String: String])?["authorization"] == "Bearer secret")
    }
    let bytes = try await transport.send(HTTPRequest("GET", server.url + "/bytes"))
    #expect(bytes.body == Array(repeating: Array(0...255), count: 4096).flatMap(\.self))
    #expect(try await transport.send(HTTPRequest("GET", server.url + "/nothing")).status == 404)
  }

  @Test func `connections are kept and used again, and no more are open than allowed`() async throws {
    let server = try PlainServer()
    let transport = transport(connections: 3)
    for _ in 0..<20 { _ = try await transport.send(HTTPRequest("GET", server.url + "/echo")) }
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<60 {
        group.addTask { try await transport.send(HTTPRequest("GET", server.url + "/bytes")).status }
      }
      for try await status in group { #expect(status == 200) }
    }
    let seen = try told(try await transport.send(HTTPRequest("GET", server.url + "/seen")))
    #expect((seen["requests"] as? [Any])?.count == 81)
    #expect(try #require(seen["connections"] as? Int) <= 4)
  }

  @Test func `a redirect is an answer, and nobody follows it`() async throws {
    let server = try PlainServer()
    let transport = transport()
    let response = try await transport.send(HTTPRequest("GET", server.url + "/redirect"))
    #expect(response.status == 302)
    #expect(response.header("location") == "/echo")
    let seen = try told(try await transport.send(HTTPRequest("GET", server.url + "/seen")))
    #expect(seen["requests"] as? [String] == ["/redirect", "/seen"])
  }

  @Test(arguments: ["/half", "/drop"])
  func `an answer that does not arrive whole is lost`(path: String) async throws {
    let server = try PlainServer()
    let transport = transport()
    let failure = await #expect(throws: HTTPFailure.self) {
      try await transport.send(HTTPRequest("PUT", server.url + path))
    }
    #expect(failure?.code == .lost, "\(failure?.reason ?? "")")
    #expect(try await transport.send(HTTPRequest("GET", server.url + "/echo")).status == 200)
  }

  @Test func `a server that is not there was sent nothing`() async throws {
    let transport = transport()
    for url in ["http://127.0.0.1:1/", "http://no-such-host.invalid/", "ftp://127.0.0.1/", "nonsense", ""] {
      let failure = await #expect(throws: HTTPFailure.self) {
        try await transport.send(HTTPRequest("GET", url))
      }
      #expect(failure?.code == .notSent, "\(url): \(failure?.reason ?? "")")
    }
  }

  @Test func `a server that says nothing is given up, and one that is slow is not`() async throws {
    let server = try PlainServer()
    let transport = transport(stallSeconds: 1)
    let failure = await #expect(throws: HTTPFailure.self) {
      try await transport.send(HTTPRequest("GET", server.url + "/stall"))
    }
    #expect(failure?.code == .lost)
    #expect(try await transport.send(HTTPRequest("GET", server.url + "/drip")).body.count == 12)
  }

  @Test func `a server whose certificate nobody vouches for is sent nothing, and is not asked again`()
    async throws
  {
    let made = try Program.run(
      "openssl",
      [
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder["key"], "-out", folder["cert"],
        "-days",
        "1", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
      ])
    try #require(made.status == 0, "\(made.errors)")
    let port = try Loopback.freePort()
    let server = try Program.start(
      "openssl",
      ["s_server", "-accept", "127.0.0.1:\(port)", "-cert", folder["cert"], "-key", folder["key"], "-www"])
    defer { server.stop(SIGKILL) }
    try #require(waitUntil { Loopback.answers(port) })
    let failure = await #expect(throws: HTTPFailure.self) {
      try await transport().send(HTTPRequest("GET", "https://127.0.0.1:\(port)/"))
    }
    #expect(
      failure?.code == .noProgram && failure?.reason.contains("certificate") == true,
      "\(failure?.reason ?? "")")
    #expect(failure?.hint?.contains("trust") == true)
  }

  @Test func `an answer that is longer than allowed is refused`() async throws {
    let server = try PlainServer()
    let transport = transport()
    let limited = {
      var request = HTTPRequest("GET", server.url + "/bytes")
      request.answerLimit = 1000
      return request
    }()
    let failure = await #expect(throws: HTTPFailure.self) { try await transport.send(limited) }
    #expect(failure?.reason.contains("1000 bytes") == true, "\(failure?.reason ?? "")")
    #expect(try await transport.send(HTTPRequest("GET", server.url + "/echo")).status == 200)
  }

  @Test func `a server that speaks no TLS is told at once, without a place of the library's source`()
    async throws
  {
    let server = try PlainServer()
    let url = server.url.replacing("http://", with: "https://") + "/echo"
    let failure = await #expect(throws: HTTPFailure.self) {
      try await transport().send(HTTPRequest("GET", url))
    }
    #expect(failure?.code == .noProgram, "\(failure?.reason ?? "")")
    #expect(
      failure?.reason.contains("does not speak TLS") == true && failure?.reason.contains("BoringSSL") != true)
    #expect(failure?.hint?.contains("http://") == true)
  }

  @Test func `a task that is cancelled ends at once, and the others go on`() async throws {
    let server = try PlainServer()
    let transport = transport()
    let stalled = Task { try await transport.send(HTTPRequest("GET", server.url + "/stall")) }
    #expect(try await transport.send(HTTPRequest("GET", server.url + "/echo")).status == 200)
    stalled.cancel()
    let failure = await #expect(throws: HTTPFailure.self) { _ = try await stalled.value }
    #expect(failure?.code == .lost)
    #expect(try await transport.send(HTTPRequest("GET", server.url + "/drip")).status == 200)
  }

  @Test func `a program that was killed is started again`() async throws {
    let server = try PlainServer()
    let before = Set(try programs())
    let transport = transport()
    _ = try await transport.send(HTTPRequest("GET", server.url + "/echo"))
    let own = try #require(Set(try programs()).subtracting(before).first)
    let stalled = Task { try await transport.send(HTTPRequest("GET", server.url + "/stall")) }
    var requests: [String] = []
    while !requests.contains("/stall") {
      requests =
        try told(try await transport.send(HTTPRequest("GET", server.url + "/seen")))["requests"]
        as? [String] ?? []
    }
    kill(own, SIGKILL)
    let failure = await #expect(throws: HTTPFailure.self) { _ = try await stalled.value }
    #expect(failure?.code == .lost)
    #expect(try await transport.send(HTTPRequest("GET", server.url + "/echo")).status == 200)
  }

  @Test func `the program ends with what has started it`() async throws {
    let server = try PlainServer()
    let before = Set(try programs())
    func use() async throws -> Set<pid_t> {
      let transport = transport()
      _ = try await transport.send(HTTPRequest("GET", server.url + "/echo"))
      return Set(try programs()).subtracting(before)
    }
    let own = try await use()
    #expect(!own.isEmpty)
    #expect(waitUntil { own.isDisjoint(with: (try? programs()) ?? []) })
  }

  @Test func `a program that is not there, or is another, is named`() async throws {
    for path in ["/nonexistent/lockstep-http", "/bin/true"] {
      let transport = HTTPProgram(connections: 1, stallSeconds: 5) { path }
      let failure = await #expect(throws: HTTPFailure.self) {
        try await transport.send(HTTPRequest("GET", "http://127.0.0.1:1/"))
      }
      #expect(failure?.reason.contains("lockstep-http") == true, "\(failure?.reason ?? "")")
    }
  }

  @Test func `the program says what it is for when a person runs it, and ends with its input`() throws {
    let help = try Program.run(program, ["--help"])
    #expect(help.status == 0 && help.output.contains("lockstep runs this program"))
    #expect(try Program.run(program, [], input: "this is no frame").status == 64)
  }
}
