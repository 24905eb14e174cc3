import Foundation
import Support
import Testing

/// Traffic by the real HAProxy before real web servers.
@Suite(
  .enabled(
    if: Balancer.isThere && WebServer.isThere && Program.has("curl"),
    "haproxy, nginx or curl is missing: ./bootstrap --test")
) struct HAProxyTests {
  /// A fleet whose configuration names HAProxies; the first of them runs.
  private func fleet(
    keyHost: String = "keys.example.com", stateFile: Bool = false
  ) throws -> (TrafficFleet, Balancer) {
    let fleet = try TrafficFleet(keyHost: keyHost)
    try fleet.set("lockstep.traffic", "haproxy")
    try fleet.set("lockstep.haproxy.socket", fleet.folder["a.sock"])
    try fleet.set("lockstep.haproxy.bind", "127.0.0.1:\(fleet.port)")
    if stateFile { try fleet.set("lockstep.haproxy.stateFile", fleet.folder["a.state"]) }
    return (fleet, try start(fleet))
  }

  private func start(_ fleet: TrafficFleet) throws -> Balancer {
    try fleet.folder.write(fleet.traffic("render").output, to: "haproxy.cfg")
    return try Balancer(configuration: fleet.folder["haproxy.cfg"], socket: fleet.folder["a.sock"])
  }

  @Test(arguments: [
    [:], ["bind": "*:443 ssl crt /nonexistent.pem", "check": "no"], ["keyDeliveryBind": "127.0.0.1:1"],
    ["stateFile": "/tmp/lockstep-none.state"], ["originBackend": "o", "keyDeliveryBackend": "k"],
  ]) func `the rendered configuration is one`(settings: [String: String]) throws {
    for keyHost in ["keys.example.com", "media.example.com"] {
      let fleet = try TrafficFleet(keyHost: keyHost)
      try fleet.set("lockstep.haproxy.socket", fleet.folder["a.sock"])
      for (name, value) in settings where name != "check" { try fleet.set("lockstep.haproxy.\(name)", value) }
      for target in [
        "", "https://origin-west.example.invalid:8443", "https://127.0.0.1", "http://[::1]:8080",
      ] {
        if !target.isEmpty {
          try fleet.edit { document in
            var regions = document["regions"] as? [String: Any] ?? [:]
            var west = regions["west"] as? [String: Any] ?? [:]
            west["targets"] = ["origin": target, "keyDelivery": target]
            regions["west"] = west
            document["regions"] = regions
          }
        }
        let rendered = try fleet.traffic("render", "--provider", "haproxy")
        #expect(rendered.status == 0, "\(rendered.errors)")
        try fleet.folder.write(rendered.output, to: "haproxy.cfg")
        let judged = try Program.run("haproxy", ["-c", "-f", fleet.folder["haproxy.cfg"]])
        if settings["check"] == nil {
          #expect(judged.status == 0, "\(judged.output)\(judged.errors)\(rendered.output)")
        } else {
          #expect(
            judged.errors.contains("nonexistent.pem") && !judged.errors.contains("unknown"),
            "\(judged.errors)")
        }
      }
    }
  }

  @Test func `players move from one region to the other without a failed request`() throws {
    let (fleet, balancer) = try fleet()
    defer { balancer.stop() }
    #expect(waitUntil { (try? fleet.who("media.example.com", "/who")) == "east origin 200" })
    #expect(try fleet.traffic("show").status == 0)
    let players = try Program.start(
      "bash",
      [
        "-c",
        """
        until [ -e \(fleet.folder["done"]) ]; do
          for at in media.example.com/who keys.example.com/keys/who; do
            curl -s -m 10 -w ' %{http_code}\\n' -H "Host: ${at%%/*}" http://127.0.0.1:\(fleet.port)/${at#*/}
          done
        done
        """,
      ])
    defer { players.stop() }
    #expect(waitUntil { (try? players.files.read("output").split(separator: "\n").count) ?? 0 > 20 })

    let refused = try fleet.traffic("move", "west")
    #expect(refused.status == 4)
    #expect(refused.errors.contains("lockstep switchover west"), "\(refused.errors)")
    let plan = try fleet.traffic("plan", "west", "--others", "off")
    #expect(plan.status == 2)
    #expect(
      plan.output.contains("east\tactive -> off") && plan.output.contains("west\tbackup -> active"),
      "\(plan.output)")
    let moved = try fleet.traffic("move", "west", "--force-standby", "--others", "off")
    #expect(moved.status == 0, "\(moved.errors)")
    #expect(try fleet.who("media.example.com", "/who") == "west origin 200")
    #expect(try fleet.who("keys.example.com", "/keys/who") == "west keyDelivery 200")
    let again = try fleet.traffic("move", "west", "--force-standby", "--others", "off")
    #expect(again.output.contains("Plan: 0 to change"), "\(again.output)")
    #expect(try fleet.traffic("show").status == 2, "the fleet's primary is east")

    let back = try fleet.traffic("move", "east")
    #expect(back.status == 0, "\(back.errors)")
    #expect(try fleet.who("keys.example.com", "/keys/who") == "east keyDelivery 200")
    try fleet.folder.write("", to: "done")
    players.wait()
    let answers = try players.files.read("output").split(separator: "\n")
    #expect(answers.allSatisfy { $0.hasSuffix(" 200") }, "\(answers.filter { !$0.hasSuffix(" 200") })")
    #expect(Set(answers.map { $0.prefix(4) }) == ["east", "west"])
    #expect(try fleet.who("other.example.com", "/who").hasSuffix(" 404"))
  }

  @Test func `one host name for both services is told apart by path`() throws {
    let (fleet, balancer) = try fleet(keyHost: "media.example.com")
    defer { balancer.stop() }
    #expect(waitUntil { (try? fleet.who("media.example.com:8080", "/who")) == "east origin 200" })
    #expect(try fleet.who("media.example.com", "/keys/who") == "east keyDelivery 200")
  }

  @Test func `the backup serves while the active region is dead`() throws {
    let (fleet, balancer) = try fleet()
    defer { balancer.stop() }
    #expect(waitUntil { (try? fleet.who("media.example.com", "/who")) == "east origin 200" })
    fleet["east origin"]?.stop(SIGKILL)
    #expect(waitUntil { (try? fleet.who("media.example.com", "/who")) == "west origin 200" })
    #expect(waitUntil { (try? fleet.traffic("show").output.contains("origin\teast\tactive\tdown")) ?? false })
    let shown = try fleet.traffic("show", "--json")
    #expect(shown.status == 2)
    #expect(shown.output.contains("\"serving\": \"west\""), "\(shown.output)")
    let refused = try fleet.traffic("move", "east")
    #expect(refused.status == 0, "it is there already")
    let moved = try fleet.traffic("move", "west", "--force-standby")
    #expect(moved.status == 0, "\(moved.errors)")
    #expect(moved.errors.contains("east cannot be a backup as HAProxy is configured"), "\(moved.errors)")
    #expect(waitUntil { (try? fleet.traffic("show").output.contains("origin\teast\tdraining")) ?? false })
  }

  @Test func `when the second HAProxy refuses, the first is set back`() throws {
    let (fleet, first) = try fleet()
    defer { first.stop() }
    // The second one answers questions, and takes no commands.
    let text = try fleet.folder.read("haproxy.cfg")
      .replacingOccurrences(of: "level admin", with: "level operator")
      .replacingOccurrences(of: "a.sock", with: "b.sock")
      .replacingOccurrences(of: "127.0.0.1:\(fleet.port)", with: "127.0.0.1:\(try Loopback.freePort())")
    try fleet.folder.write(text, to: "second.cfg")
    let second = try Balancer(configuration: fleet.folder["second.cfg"], socket: fleet.folder["b.sock"])
    defer { second.stop() }
    try fleet.set("lockstep.haproxy.socket", fleet.folder["b.sock"], add: true)
    let moved = try fleet.traffic("move", "west", "--force-standby", "--others", "off")
    #expect(moved.status == 1, "\(moved.errors)")
    #expect(moved.errors.contains("all that had moved was moved back"), "\(moved.errors)")
    #expect(moved.errors.contains("level admin"), "\(moved.errors)")
    #expect(try fleet.who("media.example.com", "/who") == "east origin 200")
    #expect(try fleet.traffic("plan", "east").status == 0, "all is as it was")

    second.stop()
    let gone = try fleet.traffic("move", "west", "--force-standby")
    #expect(gone.status == 1)
    #expect(gone.errors.contains("b.sock"), "\(gone.errors)")
    #expect(try fleet.who("media.example.com", "/who") == "east origin 200")
    #expect(try fleet.traffic("show").output.contains("origin\t-\tunreachable"))
    let forced = try fleet.traffic("move", "west", "--force-standby", "--force-unreachable")
    #expect(forced.status == 0, "\(forced.errors)")
    #expect(
      forced.errors.contains("left out: the runtime socket of HAProxy \(fleet.folder["b.sock"])"),
      "\(forced.errors)")
    #expect(try fleet.who("media.example.com", "/who") == "west origin 200")
    first.stop()
    #expect(try fleet.traffic("move", "east", "--force-unreachable").status == 1, "nobody is left")
  }

  @Test func `a state file keeps a move over a restart`() throws {
    let (fleet, before) = try fleet(stateFile: true)
    #expect(waitUntil { (try? fleet.who("media.example.com", "/who")) == "east origin 200" })
    #expect(try fleet.traffic("move", "west", "--force-standby", "--others", "off").status == 0)
    before.stop(SIGKILL)
    let after = try Balancer(configuration: fleet.folder["haproxy.cfg"], socket: fleet.folder["a.sock"])
    defer { after.stop() }
    #expect(waitUntil { (try? fleet.who("media.example.com", "/who")) == "west origin 200" })
    #expect(try fleet.traffic("plan", "west", "--others", "off").status == 0)
  }

  @Test func `records that are changed by hand move when it was confirmed`() throws {
    let fleet = try TrafficFleet()
    try fleet.set("lockstep.traffic", "print")
    #expect(try fleet.traffic("render").output.contains("media.example.com A 127.0.0.1"))
    let asked = try fleet.traffic("move", "west", "--force-standby")
    #expect(asked.status == 4, "nobody can be asked here")
    #expect(asked.output.contains("record keys.example.com A"), "\(asked.output)")
    #expect(try fleet.traffic("show").status == 0)
    #expect(try fleet.traffic("move", "west", "--force-standby", "--yes").status == 0)
    let shown = try fleet.traffic("show")
    #expect(shown.status == 2)
    #expect(shown.output.contains("origin\twest\tactive"), "\(shown.output)")
    #expect(try fleet.traffic("plan", "west").status == 0)
    let json = try fleet.traffic("plan", "east", "--json")
    #expect(json.output.contains("\"hostName\": \"media.example.com\""), "\(json.output)")
  }
}
