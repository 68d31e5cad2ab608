# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on loopback with the manners of bad servers, for test_fetch. Prints its port."""
import http.server
import sys
import time

BODY = b"192.0.2.1\n192.0.2.2\n"
DATE = "Mon, 23 Nov 2026 10:00:00 GMT"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, code, headers, body=b""):
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path
        if path == "/list":
            if self.headers.get("If-None-Match") == '"v1"':
                self.reply(304, {"ETag": '"v1"'})
            elif self.headers.get("If-Modified-Since") == DATE:
                self.reply(304, {})
            else:
                self.reply(200, {"ETag": '"v1"', "Last-Modified": DATE}, BODY)
        elif path == "/agent":
            agent = self.headers.get("User-Agent", "")
            coding = self.headers.get("Accept-Encoding", "none")
            self.reply(200, {}, (agent + "|" + coding).encode())
        elif path == "/always-304":
            self.reply(304, {})
        elif path == "/empty":
            self.reply(200, {})
        elif path == "/to-list":
            self.reply(302, {"Location": "/list", "ETag": '"redirect"'})
        elif path == "/loop":
            self.reply(302, {"Location": "/loop"})
        elif path == "/to-file":
            self.reply(302, {"Location": "file:///etc/hostname"})
        elif path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(BODY)
            self.close_connection = True
        elif path == "/huge-told":
            self.send_response(200)
            self.send_header("Content-Length", "99999999999")
            self.end_headers()
        elif path == "/huge":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            for _ in range(4096):
                self.wfile.write(b"x" * 65536)
        elif path == "/slow":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.2)
        else:
            self.reply(404, {}, b"not here")

    def handle(self):
        try:
            super().handle()
        except (BrokenPipeError, ConnectionResetError):
            pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
sys.stdout.close()
server.serve_forever()
