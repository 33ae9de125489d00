"""The API: gives the greeting of its configuration."""

import os
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

GREETING = Path(os.environ.get("GREETING_FILE", "/etc/hello/greeting.txt"))


def health():
    """Status and words of `/healthz`."""
    return 200, "ok"


class Api(BaseHTTPRequestHandler):
    """`/greeting` and `/healthz`."""

    def do_GET(self):
        """Answers a GET."""
        if self.path == "/healthz":
            return self.answer(*health())
        return self.answer(200, GREETING.read_text().strip())

    def answer(self, status, text):
        """Sends a small answer and closes."""
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Says nothing for each request."""


class Server(ThreadingHTTPServer):
    """Finishes the requests it has when it is told to stop."""

    daemon_threads = False
    request_queue_size = 128


if __name__ == "__main__":
    server = Server(("", 8080), Api)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print("serving on :8080", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
