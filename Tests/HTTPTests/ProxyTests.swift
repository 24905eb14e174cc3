import Foundation
import HTTP
import Programs
import Support
import Testing

/// Requests through proxies that the environment names.
@Suite struct ProxyTests {
  private func proxy(_ url: String, _ environment: [String: String]) throws -> HTTPProxy? {
    try HTTPProxy.of(url) { environment[$0] }
  }

  @Test func `the environment says which proxy, small letters before capitals`() throws {
    let named = try #require(
      try proxy(
        "https://a.example/x", ["https_proxy": "http://us%65r:p%3Ass@p.example:3128/", "HTTPS_PROXY": "q"]))
    #expect(named.kind == .http && named.host == "p.example" && named.port == 3128)
    #expect(named.credentials?.user == "user" && named.credentials?.password == "p:ss")
    #expect(named.variable == "https_proxy")
    #expect(!"\(named)".contains("p:ss") && !named.name.contains("user"))
    #expect(try proxy("https://a.example/", ["HTTPS_PROXY": "p.example:8080"])?.port == 8080)
    #expect(try proxy("https://a.example/", ["HTTPS_PROXY": "p.example"])?.port == 1080)
    #expect(try proxy("https://a.example/", ["HTTPS_PROXY": "http://[::1]:3"])?.host == "::1")
    #expect(try proxy("https://a.example/", ["ALL_PROXY": "socks5h://p.example"])?.kind == .socks)
    #expect(try proxy("https://a.example/", ["http_proxy": "p.example:1"]) == nil)
    #expect(
      try proxy("http://a.example/", ["HTTPS_PROXY": "p.example:1", "HTTP_PROXY": "q.example:2"])?.port == 2)
    // Set and empty: none, whatever stands beside it.
    #expect(try proxy("https://a.example/", ["https_proxy": "", "all_proxy": "p.example:1"]) == nil)
    // What a web server runs may have this variable from whoever asks it.
    #expect(
      try proxy("http://a.example/", ["HTTP_PROXY": "p.example:1", "REQUEST_METHOD": "POST"]) == nil)
  }

  @Test(arguments: [
    ("a.example", "a.example", true), ("x.a.example", ".a.example", true), ("a.example", ".a.example", true),
    ("ba.example", "a.example", false), ("A.Example.", "b.example, a.EXAMPLE", true),
    ("a.example", "*", true),
    ("a.example", "example.org b.example", false), ("127.0.0.1", "127.0.0.0/8", true),
    ("128.0.0.1", "127.0.0.0/8", false), ("10.1.2.3", "10.1.2.3", true), ("10.1.2.30", "10.1.2.3", false),
    ("[fd00::1]", "fd00::/8", true), ("[fe00::1]", "fd00::/8", false), ("[::1]", "[::1]", true),
    ("10.1.2.3", "10.0.0.0/99", false), ("a.example", "", false),
  ])
  func `hosts that are named, their subdomains and ranges of addresses are reached without a proxy`(
    _ host: String, _ list: String, _ isExcepted: Bool
  ) throws {
    for name in ["no_proxy", "NO_PROXY"] {
      let found = try proxy("https://\(host):8443/x", ["HTTPS_PROXY": "p.example:1", name: list])
      #expect((found == nil) == isExcepted)
    }
  }

  @Test(arguments: [
    "https://p.example:1", "ftp://p.example", "http://", "p.example:port", "p.example:0", "user:sesame@",
    "socks5://user:sesame@p.example", "us%er:sesame@p.example", "[::1",
  ])
  func `a value that names no proxy is refused, and not shown`(_ value: String) {
    let failure = #expect(throws: HTTPFailure.self) {
      _ = try proxy("https://a.example/", ["HTTPS_PROXY": value])
    }
    #expect(failure?.code == .noProgram)
    #expect(failure?.reason.contains("HTTPS_PROXY") == true && failure?.reason.contains("sesame") == false)
    #expect(failure?.hint?.contains("export HTTPS_PROXY=http://HOST:PORT") == true)
  }

  // MARK: A real one

  private func transport(_ variables: [String: String]) -> HTTPProgram {
    let names = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]
    return HTTPProgram(
      connections: 1, stallSeconds: 20,
      environment: EnvironmentChanges(
        removing: Set(names + names.map { $0.uppercased() } + ["REQUEST_METHOD"]), adding: variables)
    ) { Program.companion("lockstep-http") }
  }

  @Test(.enabled(if: ForwardProxy.isThere, "tinyproxy is not installed: ./bootstrap --test"))
  func `requests go through the proxy, and none to a host that is excepted`() async throws {
    let (server, proxy) = (try PlainServer(), try ForwardProxy())
    let variables = ["HTTP_PROXY": "http://127.0.0.1:\(proxy.port)"]
    let through = transport(variables)
    for _ in 0..<3 {
      #expect(try await through.send(HTTPRequest("PUT", server.url + "/echo")).status == 200)
    }
    // A connection is used again, unless a busy machine takes so long that it was closed.
    let asked = try proxy.asked()
    #expect(Set(asked) == ["127.0.0.1:\(server.port)"], "\(asked)")
    let around = transport(variables.merging(["NO_PROXY": "127.0.0.1"]) { $1 })
    #expect(try await around.send(HTTPRequest("GET", server.url + "/echo")).status == 200)
    #expect(try proxy.asked().count == asked.count)
  }

  @Test(.enabled(if: ForwardProxy.isThere, "tinyproxy is not installed: ./bootstrap --test"))
  func `a proxy that wants to know who asks is told, and is named where it refuses`() async throws {
    let server = try PlainServer()
    let proxy = try ForwardProxy(credentials: ("tess", "sesame"))
    let good = transport(["http_proxy": "http://tess:s%65same@127.0.0.1:\(proxy.port)"])
    #expect(try await good.send(HTTPRequest("GET", server.url + "/echo")).status == 200)
    // This proxy answers 401 to who has the wrong password.
    for (who, code, words) in [
      ("", HTTPFailure.Code.noProgram, "407"), ("tess:secretly@", .notSent, "user and password"),
    ] {
      let transport = transport(["http_proxy": "http://\(who)127.0.0.1:\(proxy.port)"])
      let failure = await #expect(throws: HTTPFailure.self) {
        try await transport.send(HTTPRequest("GET", server.url + "/echo"))
      }
      #expect(failure?.code == code)
      let reason = failure?.reason ?? ""
      #expect(reason.contains("127.0.0.1:\(proxy.port) (http_proxy)") && reason.contains(words), "\(reason)")
      #expect(!reason.contains("secretly") && failure?.hint?.contains("http_proxy=") == true)
    }
  }

  @Test(.enabled(if: ForwardProxy.isThere, "tinyproxy is not installed: ./bootstrap --test"))
  func `a proxy that is not there, or reaches nobody, is named, and nothing was sent`() async throws {
    let proxy = try ForwardProxy()
    let gone = try Loopback.freePort()
    for (port, url) in [(gone, "http://127.0.0.1:1/"), (proxy.port, "http://127.0.0.1:\(gone)/")] {
      let transport = transport(["all_proxy": "http://127.0.0.1:\(port)"])
      let failure = await #expect(throws: HTTPFailure.self) {
        try await transport.send(HTTPRequest("PUT", url))
      }
      #expect(failure?.code == .notSent)
      #expect(
        failure?.reason.contains("proxy 127.0.0.1:\(port) (all_proxy)") == true, "\(failure?.reason ?? "")")
      #expect(failure?.hint?.contains("NO_PROXY") == true)
    }
  }
}
