import Foundation
import Support
import Testing

/// A small service that answers as Azure Traffic Manager's REST API of 2022-04-01 says, for the tests.
///
/// What it demands and answers follows the API's published description and its examples: the api-version, a bearer token, a
/// JSON body with location and properties, probes within the limits, unique priorities; ids, `fqdn` and monitor states are
/// its own. Profiles lie in a file.
final class TrafficManagerService {
  let folder: TemporaryFolder
  let port: Int
  private let process: ChildProcess

  static var isThere: Bool { Program.has("python3") }

  var address: String { "http://127.0.0.1:\(port)" }

  init() throws {
    folder = try TemporaryFolder()
    port = try Loopback.freePort()
    try folder.write(Self.program, to: "service.py")
    try folder.write("{}", to: "profiles.json")
    let process = try Program.start("python3", [folder["service.py"], "\(port)", folder.path])
    self.process = process
    let port = port
    let isUp = waitUntil(seconds: 30) { !process.isRunning || Loopback.answers(port) }
    let said = try process.files.read("errors")
    try #require(isUp && process.isRunning, "\(said)")
  }

  deinit { stop() }

  func stop() { process.stop(SIGKILL) }

  /// Lets the next requests with a method fail: `PUT origin-profile 500`, one a line.
  func fail(_ lines: String...) throws { try folder.write(lines.joined(separator: "\n"), to: "failing") }

  /// What was asked: a line each with method, path and status.
  var requests: [String] { ((try? folder.read("requests")) ?? "").split(separator: "\n").map(String.init) }

  /// The body of the newest PUT of a profile, as JSON with sorted names.
  func lastPut(_ profile: String) throws -> String { try folder.read("put-\(profile).json") }

  private static let program = #"""
    import json, os, sys
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from urllib.parse import parse_qs, unquote, urlsplit

    port, folder = int(sys.argv[1]), sys.argv[2]
    state = os.path.join(folder, "profiles.json")
    TYPE = "Microsoft.Network/trafficManagerProfiles"

    def refused(body):
        properties = body.get("properties")
        if body.get("location") != "global" or not isinstance(properties, dict):
            return "location global and properties are wanted"
        for name in ("trafficRoutingMethod", "dnsConfig", "monitorConfig"):
            if name not in properties:
                return name + " is wanted"
        monitor = properties["monitorConfig"]
        if monitor.get("protocol") not in ("HTTP", "HTTPS", "TCP"):
            return "protocol"
        interval = monitor.get("intervalInSeconds", 30)
        if interval not in (10, 30) or not 5 <= monitor.get("timeoutInSeconds", 9) <= (9 if interval == 10 else 10):
            return "interval or timeout"
        if not 0 <= monitor.get("toleratedNumberOfFailures", 3) <= 9:
            return "toleratedNumberOfFailures"
        endpoints = properties.get("endpoints", [])
        priorities = [e["properties"].get("priority") for e in endpoints if e["properties"].get("priority") is not None]
        if priorities and (len(priorities) != len(endpoints) or len(set(priorities)) != len(priorities)):
            return "priorities are given to all endpoints, and no two share one"
        if any(not 1 <= p <= 1000 for p in priorities):
            return "priority"
        for e in endpoints:
            if e.get("type", "").lower() != (TYPE + "/externalEndpoints").lower() or not e["properties"].get("target"):
                return "an external endpoint with a target is wanted"
        return None

    def kept(name, path, body):
        properties = body["properties"]
        properties["dnsConfig"]["fqdn"] = properties["dnsConfig"]["relativeName"] + ".trafficmanager.net"
        properties["monitorConfig"]["profileMonitorStatus"] = "CheckingEndpoints"
        free = iter(range(1, 1001))
        for e in properties.get("endpoints", []):
            e["id"] = path + "/externalEndpoints/" + e["name"]
            e["type"] = TYPE + "/externalEndpoints"
            e["properties"].setdefault("endpointStatus", "Enabled")
            e["properties"].setdefault("weight", 1)
            e["properties"].setdefault("priority", next(free))
            enabled = e["properties"]["endpointStatus"] == "Enabled"
            e["properties"]["endpointMonitorStatus"] = "CheckingEndpoint" if enabled else "Disabled"
        return dict(body, id=path, name=name, type=TYPE, tags=body.get("tags", {}))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *words):
            pass

        def answer(self, status, document, headers=()):
            data = json.dumps(document).encode()
            with open(os.path.join(folder, "requests"), "a") as log:
                log.write("%s %s %d\n" % (self.command, urlsplit(self.path).path, status))
            self.send_response(status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

        def error(self, status, code, message, headers=()):
            self.answer(status, {"error": {"code": code, "message": message}}, headers)

        def handle_any(self):
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length)
            parts = urlsplit(self.path)
            words = [unquote(w) for w in parts.path.split("/")]
            if words[-2:] == ["v2.0", "token"] and self.command == "POST":
                form = {k: v[0] for k, v in parse_qs(data.decode()).items()}
                right = form.get("client_secret") == "s&cret" and form.get("grant_type") == "client_credentials"
                right = right and form.get("client_id") == "client" and form.get("scope", "").endswith("/.default")
                if not right:
                    return self.answer(401, {"error": "invalid_client", "error_description": "no"})
                return self.answer(200, {"access_token": "right", "expires_in": 3599, "token_type": "Bearer"})
            if parse_qs(parts.query).get("api-version") != ["2022-04-01"]:
                return self.error(400, "InvalidApiVersionParameter", "another api-version is wanted")
            if self.headers.get("Authorization") != "Bearer right":
                return self.error(401, "AuthenticationFailed", "Authentication failed.")
            if len(words) != 9 or words[7].lower() != "trafficmanagerprofiles" or words[6] != "Microsoft.Network":
                return self.error(404, "NotFound", parts.path)
            name = words[8]
            failing = os.path.join(folder, "failing")
            if os.path.exists(failing):
                lines = open(failing).read().split("\n")
                for line in list(lines):
                    w = line.split()
                    if w[:2] == [self.command, name]:
                        lines.remove(line)
                        open(failing, "w").write("\n".join(lines))
                        return self.error(int(w[2]), "Failing", "told to", [("Retry-After", w[3] if len(w) > 3 else "0")])
            profiles = json.load(open(state))
            if self.command == "GET":
                if name.lower() not in profiles:
                    return self.error(404, "ResourceNotFound", "The Resource was not found.")
                return self.answer(200, profiles[name.lower()])
            if self.command == "PUT":
                if self.headers.get("Content-Type", "").split(";")[0] != "application/json":
                    return self.error(415, "UnsupportedMediaType", "JSON is wanted")
                body = json.loads(data)
                problem = refused(body)
                if problem:
                    return self.error(400, "BadRequest", problem)
                with open(os.path.join(folder, "put-%s.json" % name), "w") as last:
                    json.dump(body, last, sort_keys=True)
                status = 200 if name.lower() in profiles else 201
                profiles[name.lower()] = kept(name, parts.path, body)
                json.dump(profiles, open(state, "w"))
                return self.answer(status, profiles[name.lower()])
            return self.error(405, "MethodNotAllowed", self.command)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any

    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
    """#
}
