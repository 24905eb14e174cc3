import Foundation
import Support
import Testing

/// Traffic by Azure Traffic Manager, over its REST API as the API's description has it.
@Suite(.enabled(if: TrafficManagerService.isThere && WebServer.isThere)) struct TrafficManagerTests {
  private let fleet: TrafficFleet
  private let service: TrafficManagerService

  init() throws {
    fleet = try TrafficFleet()
    service = try TrafficManagerService()
    // A profile probes all regions by one port.
    try fleet.edit { document in
      var regions = document["regions"] as? [String: Any] ?? [:]
      for name in ["east", "west"] {
        var region = regions[name] as? [String: Any] ?? [:]
        region["targets"] = [
          "origin": "https://origin-\(name).example.net",
          "keyDelivery": "https://keys-\(name).example.net:8443",
        ]
        regions[name] = region
      }
      document["regions"] = regions
    }
    try fleet.folder.write("s&cret\n", to: "secret")
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: fleet.folder["secret"])
    let settings = [
      "subscription": "sub-1", "resourceGroup": "video group", "originProfile": "origin-profile",
      "keyDeliveryProfile": "keys-profile", "originDnsName": "media-example", "endpoint": service.address,
      "authority": service.address, "tenant": "tenant-1", "clientId": "client",
      "clientSecretFile": fleet.folder["secret"],
    ]
    try fleet.set("lockstep.traffic", "traffic-manager")
    for (name, value) in settings { try fleet.set("lockstep.trafficManager.\(name)", value) }
  }

  @Test func `profiles are made, read, changed and followed`() throws {
    let missing = try fleet.traffic("show")
    #expect(missing.status == 1 && missing.errors.contains("lockstep traffic apply"), "\(missing.errors)")
    let made = try fleet.traffic("apply")
    #expect(made.status == 0 && made.errors.contains("made profile origin-profile"), "\(made.errors)")
    #expect(try fleet.traffic("apply").errors.contains("already"))
    #expect(try fleet.traffic("show").status == 0)
    let plan = try fleet.traffic("plan", "west", "--others", "off")
    #expect(plan.status == 2 && plan.output.contains("Plan: 4 to change at 2 switches"), "\(plan.output)")
    let moved = try fleet.traffic("move", "west", "--force-standby", "--others", "off")
    #expect(moved.status == 0, "\(moved.errors)")
    let shown = try fleet.traffic("show")
    #expect(shown.output.contains("origin\teast\toff") && shown.output.contains("keyDelivery\twest\tactive"))
    #expect(try fleet.traffic("apply").errors.contains("already"), "roles are no matter of apply")
    try fleet.edit { document in
      var traffic = document["traffic"] as? [String: Any] ?? [:]
      traffic["origin"] = ["hostName": "media.example.com", "path": "/", "probe": ["path": "/new"]]
      document["traffic"] = traffic
    }
    #expect(try fleet.traffic("apply").errors.contains("changed profile origin-profile"))
    #expect(try fleet.traffic("show").output.contains("origin\twest\tactive"), "the move stays")
    #expect(try fleet.traffic("move", "east").status == 0)
    #expect(try fleet.traffic("show").output.contains("origin\twest\tbackup"))
  }

  @Test func `when the second profile cannot be changed, the first is changed back`() throws {
    #expect(try fleet.traffic("apply").status == 0)
    try service.fail("PUT keys-profile 403")
    let moved = try fleet.traffic("move", "west", "--force-standby")
    #expect(moved.status == 1)
    #expect(moved.errors.contains("all that had moved was moved back"), "\(moved.errors)")
    #expect(moved.errors.contains("Traffic Manager Contributor"), "\(moved.errors)")
    #expect(try fleet.traffic("plan", "east").status == 0)
  }

  @Test func `what passes is tried again, and a refused token is got anew`() throws {
    #expect(try fleet.traffic("apply").status == 0)
    try service.fail(
      "GET origin-profile 429", "GET keys-profile 503", "PUT origin-profile 500", "GET origin-profile 401")
    #expect(try fleet.traffic("move", "west", "--force-standby").status == 0)
    #expect(service.requests.contains { $0.hasPrefix("GET") && $0.hasSuffix(" 429") })
    #expect(service.requests.contains { $0.hasPrefix("PUT") && $0.hasSuffix(" 500") })
    #expect(try fleet.traffic("show").output.contains("origin\twest\tactive"))
  }

  @Test func `a service that asks for patience is named, and until when it is waited for`() throws {
    #expect(try fleet.traffic("apply").status == 0)
    try service.fail("GET origin-profile 503 3")
    let shown = try fleet.traffic("show")
    #expect(shown.status == 0)
    #expect(shown.errors.contains("waiting until ") && shown.errors.contains(", as the service asks: "))
    try service.fail("GET origin-profile 429", "GET keys-profile 503")
    #expect(try fleet.traffic("show").errors == "", "what passes at once is not told")
  }

  @Test func `secrets are not told, and travel to nobody else`() throws {
    try fleet.folder.write("wrong-secret", to: "secret")
    let wrong = try fleet.traffic("show")
    #expect(
      wrong.status == 1 && wrong.errors.contains("invalid_client") && !wrong.errors.contains("wrong-secret"))
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: fleet.folder["secret"])
    #expect(try fleet.traffic("show").errors.contains("chmod 600"))
    try Program.git(
      "config", "--unset", "lockstep.trafficManager.clientSecretFile", in: fleet.east)
    #expect(try fleet.traffic("show").errors.contains("LOCKSTEP_TRAFFIC_TOKEN"))
    #expect(try fleet.traffic("apply", environment: ["LOCKSTEP_TRAFFIC_TOKEN": "right"]).status == 0)
    let refused = try fleet.traffic("show", environment: ["LOCKSTEP_TRAFFIC_TOKEN": "not-right"])
    #expect(refused.status == 1 && !refused.errors.contains("not-right"), "\(refused.errors)")
    try fleet.set("lockstep.trafficManager.endpoint", "http://example.com")
    #expect(try fleet.traffic("show").errors.contains("https://"))
  }

  /// The project's own Python that has the official SDK, or nil.
  private static let python: String? = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let path = root.appendingPathComponent(".venv/bin/python").path
    return (try? Program.run(path, ["-c", "import azure.mgmt.trafficmanager"]).status) == 0 ? path : nil
  }()

  @Test(
    .enabled(
      if: TrafficManagerTests.python != nil, "azure-mgmt-trafficmanager (PyPI) is missing: ./bootstrap --test"
    ))
  func `the official SDK sends the same profile, and reads ours`() throws {
    let python = try #require(Self.python)
    #expect(try fleet.traffic("apply").status == 0)
    let rendered = try fleet.traffic("render")
    try fleet.folder.write(rendered.output, to: "rendered.json")
    let ours = try service.lastPut("origin-profile")
    let judge = try Program.run(
      python,
      [
        "-c", Self.judge, service.address, fleet.folder["rendered.json"],
        service.folder["put-origin-profile.json"],
        ours,
      ])
    #expect(judge.status == 0, "\(judge.output)\(judge.errors)")
    #expect(judge.output.contains("2 profiles read, written and sent alike"), "\(judge.output)")
    #expect(try fleet.traffic("show").status == 0, "what the SDK made is ours")
  }

  /// Builds the profile by the SDK's own models and sends it; and lets the models read and write what we rendered.
  private static let judge = #"""
    import json, sys
    from azure.core.credentials import AccessToken
    from azure.mgmt.trafficmanager import TrafficManagerManagementClient
    from azure.mgmt.trafficmanager import models as m

    class Credential:
        def get_token(self, *scopes, **keywords):
            return AccessToken("right", 4102444800)

    class Bearer:
        def on_request(self, request):
            request.http_request.headers["Authorization"] = "Bearer right"
        def on_response(self, request, response): pass
        def on_exception(self, request): pass

    from azure.core.pipeline.policies import SansIOHTTPPolicy
    class Policy(Bearer, SansIOHTTPPolicy): pass

    address, path, sent, ours = sys.argv[1:]
    client = TrafficManagerManagementClient(
        Credential(), "sub-1", base_url=address, authentication_policy=Policy(), api_version="2022-04-01")

    def endpoint(name, priority):
        return m.Endpoint(
            name=name, type="Microsoft.Network/trafficManagerProfiles/externalEndpoints",
            target="origin-%s.example.net" % name, endpoint_status="Enabled", priority=priority)

    profile = m.Profile(
        location="global", profile_status="Enabled", traffic_routing_method="Priority",
        dns_config=m.DnsConfig(relative_name="media-example", ttl=30),
        monitor_config=m.MonitorConfig(
            protocol="HTTPS", port=443, path="/health", interval_in_seconds=10, timeout_in_seconds=5,
            tolerated_number_of_failures=0,
            custom_headers=[m.MonitorConfigCustomHeadersItem(name="Host", value="media.example.com")],
            expected_status_code_ranges=[m.MonitorConfigExpectedStatusCodeRangesItem(min=200, max=200)]),
        endpoints=[endpoint("east", 1), endpoint("west", 2)])
    answer = client.profiles.create_or_update("video group", "origin-profile", profile)
    assert json.load(open(sent)) == json.loads(ours), (open(sent).read(), ours)
    assert answer.dns_config.fqdn == "media-example.trafficmanager.net", answer

    documents = json.load(open(path))["profiles"]
    for item in documents:
        document = item["document"]
        read = m.Profile.deserialize(document)
        assert not read.additional_properties if hasattr(read, "additional_properties") else True
        assert read.traffic_routing_method == "Priority" and len(read.endpoints) == 2
        assert [e.priority for e in read.endpoints] == [1, 2]
        assert read.monitor_config.port == (443 if item["service"] == "origin" else 8443)
        assert read.serialize() == document, (read.serialize(), document)
        client.profiles.create_or_update("video group", item["name"], read)
        there = client.profiles.get("video group", item["name"])
        assert there.endpoints[0].target.endswith("-east.example.net")
    print("%d profiles read, written and sent alike" % len(documents))
    """#
}
