"""An edge's JSON-RPC over HTTP, as a small server: each test's own class says what it answers."""

import contextlib
import http.server
import json
import threading


class Edge(http.server.BaseHTTPRequestHandler):
    """A subclass answers a method and its parameters with `send`."""

    def said(self, method, params):
        raise NotImplementedError

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.said(asked["method"], asked.get("params", []))

    def send(self, answer, status=200):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, **answer}).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(edge):
    """Serve it, and give the port."""
    server = http.server.HTTPServer(("127.0.0.1", 0), edge)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
