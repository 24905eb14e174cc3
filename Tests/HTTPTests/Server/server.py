"""A server that answers well and badly; its first line says its port."""
import json
import socket
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

seen = {"connections": 0, "requests": []}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        seen["connections"] += 1

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = self.path.split("?")[0]
        seen["requests"].append(self.path)
        if path == "/echo":
            told = {"method": self.command, "headers": {k.lower(): v for k, v in self.headers.items()},
                    "path": self.path, "body": body.hex()}
            self.answer(200, json.dumps(told).encode(), [("X-Told", "one"), ("Content-Type", "application/json")])
        elif path == "/seen":
            self.answer(200, json.dumps(seen).encode())
        elif path == "/redirect":
            self.answer(302, b"elsewhere", [("Location", "/echo")])
        elif path == "/bytes":
            self.answer(200, bytes(range(256)) * 4096)
        elif path == "/half":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"x" * 400)
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif path == "/drop":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        elif path == "/stall":
            time.sleep(30)
        elif path == "/drip":
            self.send_response(200)
            self.send_header("Content-Length", "12")
            self.end_headers()
            for _ in range(12):
                self.wfile.write(b".")
                self.wfile.flush()
                time.sleep(0.25)
        else:
            self.answer(404, b"nothing here")

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH = handle_any

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
