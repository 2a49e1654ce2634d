"""A server in VdoCipher's place, on this machine."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

#: What it answers unless a test says otherwise.
TOKEN = {"otp": "20160313versASE313", "playbackInfo": "eyJ2aWRlb0lkIjoi=="}


class StandIn:
    """A server in VdoCipher's place: answers as the test says, and keeps what it was asked."""

    def __init__(self):
        self.asked = []
        self.status, self.body, self.headers = 200, json.dumps(TOKEN).encode(), {}
        self.before_answer = lambda: None
        self.pause_between_bytes = 0
        self.hang_ups = 0
        self.over = threading.Event()
        stand_in = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stand_in.asked.append({"path": self.path, "headers": dict(self.headers), "body": json.loads(body)})
                if stand_in.hang_ups:
                    stand_in.hang_ups -= 1
                    self.close_connection = True
                    return
                stand_in.before_answer()
                self.send_response(stand_in.status)
                for name, value in {"Content-Length": str(len(stand_in.body)), **stand_in.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                pieces = [stand_in.body]
                if stand_in.pause_between_bytes:
                    pieces = [bytes([byte]) for byte in stand_in.body]
                for piece in pieces:
                    self.wfile.write(piece)
                    stand_in.over.wait(stand_in.pause_between_bytes)

            def log_message(self, *_):
                """Keep quiet."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                """Keep quiet: clients that went away are part of the tests."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/api"

    def stay_silent(self):
        """Answer nothing until the test is over."""
        self.over.wait(20)

    @contextmanager
    def running(self):
        thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield self
        finally:
            self.over.set()
            self.server.shutdown()
            self.server.server_close()
            thread.join()
