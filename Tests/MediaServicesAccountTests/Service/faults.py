"""A proxy that spoils some of the requests that pass through it, by a seed.

Arguments: the port of the service. Prints its own port. POST /_faults sets seed and rate; GET /_faults tells what passed.
"""

import http.client, json, random, socket, struct, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

UPSTREAM = int(sys.argv[1])
KINDS = [
    "429", "429-retry-after", "500", "500-after", "503", "503-retry-after", "503-after", "reset", "reset-after",
    "half", "half-after", "expire", "slow",
]
lock = threading.Lock()
state = {"random": random.Random(0), "rate": 0.0, "kinds": KINDS, "counts": {}, "writes": [], "stall": 0.0, "ports": set(), "methods": None,
         "part": "", "times": None}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def setup(self):
        super().setup()
        self.upstream = None
        with lock:
            state["ports"].add(self.client_address[1])

    def finish(self):
        try:
            super().finish()
        except OSError:
            pass
        if self.upstream:
            self.upstream.close()

    def give(self, status, headers, body, cut=None):
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "server", "date"):
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])
        self.wfile.flush()
        if cut is not None:
            self.reset()

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        self.close_connection = True

    def forward(self, body):
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        for attempt in range(3):
            try:
                if self.upstream is None:
                    self.upstream = http.client.HTTPConnection("127.0.0.1", UPSTREAM, timeout=60)
                self.upstream.request(self.command, self.path, body=body or None, headers=headers)
                answer = self.upstream.getresponse()
                content = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self.upstream = None
                if attempt == 2:
                    raise
        if self.command in ("PUT", "DELETE") and answer.status in (200, 201, 202):
            with lock:
                state["writes"].append([self.command, self.path.split("?")[0], body.decode()])
        return answer.status, answer.getheaders(), content

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/_faults":
            return self.control(body)
        with lock:
            fault = state["random"].choice(state["kinds"]) if state["random"].random() < state["rate"] else None
            if state["methods"] and self.command not in state["methods"]:
                fault = None
            if state["part"] not in self.path or state["times"] == 0:
                fault = None
            if fault and state["times"]:
                state["times"] -= 1
            after = state["random"].choice(["0", "1", "7"])
            part = state["random"].random()
            if fault:
                state["counts"][fault] = state["counts"].get(fault, 0) + 1
        error = json.dumps({"error": {"code": "Spoiled", "message": "This request was spoiled."}}).encode()
        # A request for a token is spoiled like any other, but never by expiry.
        if fault == "expire" and not self.path.endswith("/token"):
            connection = http.client.HTTPConnection("127.0.0.1", UPSTREAM)
            connection.request("POST", "/_control", body=json.dumps({"tokens": []}))
            connection.getresponse().read()
            connection.close()
            fault = None
        if fault in ("429", "500", "503"):
            return self.give(int(fault), [], error)
        if fault in ("429-retry-after", "503-retry-after"):
            return self.give(int(fault[:3]), [("Retry-After", after)], error)
        if fault == "reset":
            return self.reset()
        if fault == "half":
            return self.give(200, [], error, cut=int(len(error) * part))
        if fault == "slow":
            time.sleep(0.005)
        if fault == "stall":
            time.sleep(state["stall"])
        status, headers, content = self.forward(body)
        if fault in ("500-after", "503-after"):
            return self.give(int(fault[:3]), [], error)
        if fault == "reset-after":
            return self.reset()
        if fault == "half-after" and len(content) > 1:
            return self.give(status, headers, content, cut=int((len(content) - 1) * part))
        self.give(status, headers, content)

    do_GET = do_PUT = do_PATCH = do_POST = do_DELETE = handle_any

    def control(self, body):
        with lock:
            if self.command == "GET":
                answer = {"counts": state["counts"], "writes": state["writes"], "connections": len(state["ports"])}
            else:
                change = json.loads(body)
                state["random"] = random.Random(change.get("seed", 0))
                state["rate"] = change.get("rate", 0.0)
                state["kinds"] = change.get("kinds", KINDS)
                state["methods"] = change.get("methods")
                state["part"], state["times"] = change.get("part", ""), change.get("times")
                state["stall"] = change.get("stall", 0.0)
                if change.get("forget", True):
                    state["counts"], state["writes"], state["ports"] = {}, [], set()
                answer = {}
        self.give(200, [], json.dumps(answer).encode())


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, address):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
