"""Who takes notices, on this machine: a webhook's receiver and a mail server. They keep what they got."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from tests.serving import free_port


@dataclass
class Got:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Http:
    """An HTTP server that answers everything alike."""

    port: int
    status: int = 200
    answer: bytes = b"{}"
    got: list[Got] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def http() -> Iterator[Http]:
    """Such a server, for as long as this lasts."""
    with _served(lambda port: Http(port=port)) as found:
        yield found


@contextmanager
def _served(made: Any) -> Iterator[Any]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            state.got.append(Got(self.command, self.path, headers, body))
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(state.answer)))
            self.end_headers()
            self.wfile.write(state.answer)

        do_PUT = do_PATCH = do_POST  # noqa: N815 - the names that the library looks for

        def log_message(self, *_: object) -> None:
            """Nothing: it is a test's."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state = made(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Mails:
    """A mail server; it wants to be signed in to where a password is set."""

    port: int
    refuses: str | None = None
    """What it answers to a message instead of taking it, such as `451 not now`."""
    password: str | None = None
    got: list[EmailMessage] = field(default_factory=list)
    to: list[tuple[str, ...]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the name that the library looks for
        """A message."""
        if self.refuses:
            return self.refuses
        self.got.append(message_from_bytes(envelope.content, policy=policy.default))
        self.to.append(tuple(envelope.rcpt_tos))
        return "250 taken"


@contextmanager
def mails(*, password: str | None = None) -> Iterator[Mails]:
    """Such a server, for as long as this lasts."""
    state = Mails(port=free_port(), password=password)

    def authenticated(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        good = isinstance(data, LoginPassword) and data.password.decode() == state.password
        return AuthResult(success=good, handled=False)

    more = {"authenticator": authenticated, "auth_require_tls": False} if password else {}
    controller = Controller(state, hostname="127.0.0.1", port=state.port, **more)
    controller.start()
    try:
        yield state
    finally:
        controller.stop()
