"""The page: asks the API for a greeting and shows it."""

import os
import signal
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

API = os.environ.get("API", "http://api:8080")


class Page(BaseHTTPRequestHandler):
    """`/` is the page, `/healthz` says that this process serves."""

    def do_GET(self):
        """Answers a GET."""
        if self.path == "/healthz":
            return self.answer(200, "ok")
        try:
            with urllib.request.urlopen(f"{API}/greeting", timeout=5) as greeting:
                return self.answer(200, f"<h1>{greeting.read().decode()}</h1>")
        except OSError as error:
            return self.answer(502, f"the API did not answer: {error}")

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
    server = Server(("", 8080), Page)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print("serving on :8080", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
