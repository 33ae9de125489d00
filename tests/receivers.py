"""Who takes notices, on this machine: a receiver of requests, a mail server, and what Slack and git hosts keep. They keep what they got."""

from __future__ import annotations

import html
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

import testbed.irc
from sealane.notices.threads import NoticeThreads
from tests.serving import free_port, until

THREADS = NoticeThreads(4)
"""Where libraries wait that tell these receivers."""


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
    headers: dict[str, str] = field(default_factory=dict)
    """What it answers besides."""
    got: list[Got] = field(default_factory=list)
    meanwhile: Callable[[], None] | None = None
    """What happens once it has the next request, and has not answered yet."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def http() -> Iterator[Http]:
    """Such a server, for as long as this lasts."""
    with _served(lambda port: Http(port=port), lambda state, _: (state.status, state.answer)) as server:
        yield server


@contextmanager
def _served(made: Callable[[int], Any], answered: Callable[[Any, Got], tuple[int, Any]]) -> Iterator[Any]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.command, self.path, headers, body)
            if isinstance(state, Http):
                state.got.append(got)
                if meanwhile := state.meanwhile:
                    state.meanwhile = None
                    meanwhile()
            status, answer = answered(state, got)
            told = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            with suppress(ConnectionError):  # whoever asked may have been killed
                self.send_response(status)
                self.send_header("Content-Length", str(len(told)))
                for name, value in getattr(state, "headers", {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(told)

        do_GET = do_PUT = do_POST  # noqa: N815 - the names that the library looks for

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
    meanwhile: Callable[[], None] | None = None
    """What happens once it has the next message, and has not answered yet."""
    refuses: str | None = None
    """What it answers to a message instead of taking it, such as `451 not now`."""
    password: str | None = None
    unknown: str | None = None
    """An address for which it takes nothing."""
    got: list[EmailMessage] = field(default_factory=list)
    to: list[tuple[str, ...]] = field(default_factory=list)

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802 - the name that the library looks for
        """Somebody whom a message is for."""
        if address == self.unknown:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - the name that the library looks for
        """A message."""
        if self.refuses:
            return self.refuses
        self.got.append(message_from_bytes(envelope.content, policy=policy.default))
        self.to.append(tuple(envelope.rcpt_tos))
        if meanwhile := self.meanwhile:
            self.meanwhile = None
            meanwhile()
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


@dataclass
class Workspace:
    """What Slack's API keeps of one channel, as docs.slack.dev/reference/methods tells it: messages are edited by their `ts`."""

    port: int
    token: str
    channel: str = "C024BE91L"
    error: str | None = None
    """What it answers to everything."""
    status: int = 200
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Messages by `ts`, as they are now, answers too."""

    def call(self, method: str, token: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What a method answers."""
        if self.error or token != f"Bearer {self.token}":
            return {"ok": False, "error": self.error or "invalid_auth"}
        if asked.get("channel") != self.channel:
            return {"ok": False, "error": "channel_not_found"}
        if any(len(part) > 3000 for part in _sections(asked)):
            return {"ok": False, "error": "invalid_blocks"}
        if method == "chat.postMessage":
            if asked.get("thread_ts") not in {None, *self.messages}:
                return {"ok": False, "error": "thread_not_found"}
            ts = f"1700000000.{len(self.messages):06}"
        elif method == "chat.update":
            ts = asked["ts"]
            if ts not in self.messages:
                return {"ok": False, "error": "message_not_found"}
        else:
            return {"ok": False, "error": "unknown_method"}
        self.messages[ts] = dict(asked)
        return {"ok": True, "ts": ts, "channel": self.channel}

    def shown(self) -> list[str]:
        """Each message that answers none, with its thread, as people read it."""
        threads = []
        for ts, message in self.messages.items():
            if "thread_ts" not in message:
                thread = [other["text"] for other in self.messages.values() if other.get("thread_ts") == ts]
                threads.append(html.unescape("\n".join([message["text"], *_sections(message), *thread])))
        return threads


def _sections(asked: Mapping[str, Any]) -> list[str]:
    blocks = [block for attachment in asked.get("attachments", ()) for block in attachment["blocks"]]
    texts = [block["text"] for block in blocks if "text" in block]
    texts += [element for block in blocks for element in block.get("elements", ())]
    return [text["text"] for text in texts]


@contextmanager
def slack(token: str) -> Iterator[Workspace]:
    """Such a workspace, for as long as this lasts."""

    def answer(state: Workspace, got: Got) -> tuple[int, Any]:
        method = got.path.rpartition("/")[2]
        return state.status, state.call(method, got.headers.get("authorization", ""), json.loads(got.body))

    with _served(lambda port: Workspace(port=port, token=token), answer) as server:
        yield server


@dataclass
class Statuses:
    """What a git host keeps of statuses: of each commit the last one of each context."""

    port: int
    authorization: str
    root: str
    """Where its API is: empty at GitHub, /api/v1 at Gitea."""
    status: int = 201
    found: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    """By address of the commit and context."""

    def call(self, got: Got) -> tuple[int, Any]:
        """What it answers."""
        if got.headers.get("authorization") != self.authorization:
            return 401, {"message": "Bad credentials"}
        if self.status != 201:
            return self.status, {"message": "no"}
        if got.method == "GET":
            return 200, {}
        place = re.fullmatch(rf"{self.root}/repos/([\w.-]+/[\w.-]+)/statuses/([0-9a-f]{{40}})", got.path)
        asked = json.loads(got.body)
        if place is None:
            return 404, {"message": "Not Found"}
        if asked["state"] not in {"error", "failure", "pending", "success"} or len(asked["description"]) > 140:
            return 422, {"message": "Validation Failed"}
        self.found["@".join(place.groups()), asked["context"]] = asked
        return 201, asked


@contextmanager
def statuses(authorization: str, root: str = "") -> Iterator[Statuses]:
    """Such a host, for as long as this lasts."""
    with _served(
        lambda port: Statuses(port=port, authorization=authorization, root=root), lambda state, got: state.call(got)
    ) as server:
        yield server


@contextmanager
def irc(folder: Path) -> Iterator[tuple[str, Callable[[], list[str]]]]:
    """A real chat server: the address by which apprise tells its channel, and what somebody in the channel has read."""
    with testbed.irc.server(folder) as port, socket.create_connection(("127.0.0.1", port), 60) as connection:
        lines: list[str] = []
        talk = connection.makefile("rwb")

        def say(text: str) -> None:
            talk.write(f"{text}\r\n".encode())
            talk.flush()

        def read() -> None:
            with suppress(OSError, ValueError):  # it ends with the connection
                for line in talk:
                    lines.append(line.decode().rstrip())
                    if lines[-1].startswith("PING"):
                        say(lines[-1].replace("PING", "PONG"))
                    elif " 001 " in lines[-1]:
                        say(f"JOIN {testbed.irc.CHANNEL}")

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        say("NICK watcher")
        say("USER watcher 0 * :watcher")
        until("to be in the channel", lambda: any(" 366 " in line for line in lines))
        yield (
            f"irc://sealane@127.0.0.1:{port}/{testbed.irc.CHANNEL}?mode=none",
            lambda: [line.partition(f"{testbed.irc.CHANNEL} :")[2] for line in lines if " PRIVMSG " in line],
        )
        connection.shutdown(socket.SHUT_RDWR)
        thread.join()
