"""An HTTP/1.1 function with nothing but Python's standard library."""

import json
import os
import signal
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

STARTED = time.monotonic()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps connections open
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one write

    def do_GET(self):
        self.answer({"path": self.path})

    def do_POST(self):
        if "Transfer-Encoding" in self.headers:
            self.close_connection = True
            return self.send_error(411, "http.server reads no chunked bodies")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.answer({"path": self.path, "bytes": len(body), "echo": body.decode(errors="replace")})

    def answer(self, fields):
        fields = {
            "hello": os.environ.get("TORPOR_FUNCTION", "hello-python"),
            "instance": os.environ.get("TORPOR_INSTANCE", ""),
            "awake_ms": round((time.monotonic() - STARTED) * 1000),
            **fields,
        }
        body = (json.dumps(fields) + "\n").encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True  # a kept connection does not hold the program at its end
    request_queue_size = 128

    def server_bind(self):
        # HTTPServer would ask DNS for this host's name, which can cost seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    Server(("", int(os.environ.get("PORT", "8080"))), Handler).serve_forever()
