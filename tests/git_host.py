"""A git host on this machine: repositories over HTTP by git's own backend, and their LFS files by the batch API."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


class GitHost:
    """Serves every bare repository below a folder, to all who ask or who sign in; `seen` is who signed in where."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder
        self.url = url
        self.files: dict[str, bytes] = {}
        self.seen: list[tuple[str, str | None]] = []
        self.password: str | None = None
        """`user:password` that is asked for, or None."""
        self.elsewhere: str | None = None
        """Where all who ask are redirected to."""
        self.files_at = url
        """Where its files of LFS are said to be."""
        self.asked: list[str] = []

    def keep(self, content: bytes) -> str:
        """Keeps a file of LFS; gives its pointer."""
        named = hashlib.sha256(content).hexdigest()
        self.files[named] = content
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{named}\nsize {len(content)}\n"


@contextmanager
def serving(folder: Path) -> Iterator[GitHost]:
    """The host, for as long as this lasts."""
    handler = type("Handler", (_Handler,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    handler.host = GitHost(folder, f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield handler.host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    host: GitHost

    def parse_request(self) -> bool:
        """Turns away who does not sign in, and sends on who is to ask elsewhere."""
        if not super().parse_request():
            return False
        self.host.asked.append(self.path)
        if self.host.elsewhere:
            self._turn_away(302, "Location", f"{self.host.elsewhere}{self.path}")
            return False
        wanted = self.host.password and f"Basic {base64.b64encode(self.host.password.encode()).decode()}"
        if wanted and self.headers.get("authorization") != wanted:
            self.host.seen.append((self.path.partition("?")[0], self.headers.get("authorization")))
            self._turn_away(401, "WWW-Authenticate", 'Basic realm="git"')
            return False
        return True

    def _turn_away(self, status: int, header: str, value: str) -> None:
        self.close_connection = True
        self.send_response(status)
        self.send_header(header, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self) -> None:
        name = self.path.rpartition("/files/")[2]
        if name in self.host.files:
            self._answer(self.host.files[name], "application/octet-stream")
        else:
            self._git(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path.endswith("/info/lfs/objects/batch"):
            self._batch(json.loads(body))
        else:
            self._git(body)

    def _batch(self, asked: dict[str, Any]) -> None:
        self.host.seen.append((self.path, self.headers.get("authorization")))
        objects = []
        for wanted in asked["objects"]:
            there = wanted["oid"] in self.host.files
            download = {"download": {"href": f"{self.host.files_at}/files/{wanted['oid']}"}}
            said = {"actions": download} if there else {"error": {"code": 404, "message": "not here"}}
            objects.append({**wanted, **said})
        body = json.dumps({"transfer": "basic", "objects": objects}).encode()
        self._answer(body, "application/vnd.git-lfs+json")

    def _git(self, body: bytes) -> None:
        path, _, query = self.path.partition("?")
        self.host.seen.append((path, self.headers.get("authorization")))
        said = {
            "GIT_PROJECT_ROOT": str(self.host.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "GIT_PROTOCOL": self.headers.get("git-protocol", ""),
            "PATH": os.environ["PATH"],
        }
        command = ["git", "-c", "safe.directory=*", "http-backend"]
        done = subprocess.run(command, input=body, env=said, capture_output=True, check=False)
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        told = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
        self._answer(answer, told.get("Content-Type", "text/plain"), int(told.get("Status", "200").split()[0]))

    def _answer(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""
