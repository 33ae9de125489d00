"""The port: ECS by its header, Elastic Beanstalk by its form's `Action`, else a bucket of S3, and `/_ctl/` to steer it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import threading
import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from botocore.awsrequest import AWSResponse, HeadersDict
from botocore.exceptions import ConnectionClosedError

from tests.aws import beanstalk, ecs, schedules, wire
from tests.aws.faults import REFUSALS, Dropped, Fault
from tests.aws.wire import Answered
from tests.aws.world import Call, World

_KINDS = {True: "application/x-amz-json-1.1", False: "text/xml"}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What is answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Front:
    """Answers requests for one account after the other, over a socket or without one."""

    def __init__(self) -> None:
        self.world = World()
        self.counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def serve(self, world: World, address: str) -> None:
        """From now on for that account."""
        with self._lock:
            self.world, world.address = world, address
            self.counts.clear()

    def answer(self, command: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Raises Dropped where nobody is told."""
        with self._lock:
            try:
                self.world.settle()
                return self._routed(_Request(command=command, path=path, headers=headers, body=body))
            except Dropped:
                raise
            except Exception as error:  # noqa: BLE001 - whatever the stand-in can't do is the test's to see
                self.world.broken.append(repr(error))
                return self._told(500, repr(error).encode(), "text/plain")

    def _routed(self, asked: _Request) -> Reply:
        if asked.path.startswith("/_ctl/"):
            return self._steered(asked.path.removeprefix("/_ctl/"), json.loads(asked.body or b"{}"))
        if asked.path.startswith("/logs/"):
            text = self.world.logs[int(asked.path.rsplit("/", 1)[1])].text
            return self._told(200, text.encode(), "text/plain")
        service = wire.scope(asked.headers.get("Authorization") or "")
        self.world.signers.append(wire.signer(asked.headers.get("Authorization") or ""))
        if service == "sts":
            return self._told(200, wire.assumed(self.world.assume(wire.form(asked.body))))
        if service == "s3":
            return self._bucket(asked)
        skewed = datetime.strptime(asked.headers["X-Amz-Date"], "%Y%m%dT%H%M%S%z") - datetime.now().astimezone()
        assert abs(skewed) < timedelta(minutes=15), "the signature is of another time"
        if service in {"ecs", "logs"}:
            op = asked.headers["X-Amz-Target"].rpartition(".")[2]
            return self._operation(op, json.loads(asked.body), in_json=True)
        if service == "scheduler":
            name = asked.path.partition("?")[0].removeprefix("/schedules/")
            given = {**(json.loads(asked.body) if asked.body else {}), "Name": name}
            return self._operation(schedules.CALLS[asked.command], given, in_json=True)
        given = wire.form(asked.body)
        assert service == "elasticbeanstalk", f"signed for {service!r}"
        return self._operation(given.pop("Action"), given, in_json=False)

    def _operation(self, op: str, given: dict[str, Any], *, in_json: bool) -> Reply:
        self.counts[op] += 1
        request, world = str(uuid.uuid4()), self.world
        fault = world.trouble.of(op, self.counts[op])
        if op.startswith(("Describe", "Retrieve", "List", "GetSchedule")):
            world.clock.polled()
            world.settle()
        try:
            if fault in REFUSALS:
                raise REFUSALS[fault]
            result = self._done(op, given, request, in_json=in_json)
        except Answered as error:
            world.calls.append(Call(op=op, given=given, at=world.clock.now(), answered=error.code))
            told = wire.json_refusal(error) if in_json else wire.refusal(error, request)
            return self._told(error.status, told, _KINDS[in_json])
        world.calls.append(Call(op=op, given=given, at=world.clock.now(), answered=fault))
        if fault == "drop":
            raise Dropped
        request = str(result.pop("_request", request))
        told = wire.json_answer(result) if in_json else wire.answer(op, result, request)
        return self._told(200, told, _KINDS[in_json], headers={"x-amzn-RequestId": request})

    def _done(self, op: str, given: dict[str, Any], request: str, *, in_json: bool) -> dict[str, Any]:
        hidden = op in self.world.trouble.hidden
        if in_json:
            if hidden:
                raise REFUSALS["access_denied"]
            return dict({**ecs.OPERATIONS, **schedules.OPERATIONS}[op](self.world, given))
        return {beanstalk.LISTS[op]: []} if hidden else dict(beanstalk.OPERATIONS[op](self.world, given, request))

    def _bucket(self, asked: _Request) -> Reply:
        """Objects by path, with conditions on their tags."""
        bucket, _, key = asked.path.partition("?")[0].lstrip("/").partition("/")
        there = self.world.buckets[bucket]
        old = there.get(key)
        tag = f'"{hashlib.md5(old).hexdigest()}"' if old is not None else ""
        if asked.command == "PUT":
            wanted, none = asked.headers.get("If-Match"), asked.headers.get("If-None-Match")
            if (wanted and wanted != tag) or (none and old is not None):
                return self._s3_error(412, "PreconditionFailed")
            there[key] = _unchunked(asked.body, asked.headers.get("Content-Encoding") or "")
            return self._told(200, b"", headers={"ETag": f'"{hashlib.md5(there[key]).hexdigest()}"'})
        if asked.command == "GET" and not key:
            prefix = dict(parse_qsl(asked.path.partition("?")[2])).get("prefix", "")
            found = (name for name in sorted(there) if name.startswith(prefix))
            keys = "".join(f"<Contents><Key>{name}</Key></Contents>" for name in found)
            return self._told(200, f"<ListBucketResult>{keys}</ListBucketResult>".encode())
        if old is None:
            return self._s3_error(404, "NoSuchKey")
        if asked.command == "DELETE":
            del there[key]
            return self._told(204, b"")
        if (wanted := asked.headers.get("If-Match")) and wanted != tag:
            return self._s3_error(412, "PreconditionFailed")
        if given := asked.headers.get("Range"):
            first, _, last = given.removeprefix("bytes=").partition("-")
            self.world.read += int(last) - int(first) + 1
            return self._told(206, old[int(first) : int(last) + 1], headers={"ETag": tag})
        headers = {"ETag": tag, "Content-Length": str(len(old))}
        return self._told(200, b"" if asked.command == "HEAD" else old, headers=headers)

    def _s3_error(self, status: int, code: str) -> Reply:
        return self._told(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _steered(self, what: str, given: dict[str, Any]) -> Reply:
        """Control, outside of what AWS has."""
        world = self.world
        told: Any = {}
        if what == "advance":
            world.clock.advance(given["seconds"])
            world.settle()
        elif what == "fault":
            world.trouble.faults.append(Fault(**given))
        elif what == "actor":
            told = {"request": world.update(given["environment"], label=given["label"])}
        elif what == "log":
            told = [{**asdict(call), "at": call.at.isoformat()} for call in world.calls]
        return self._told(200, json.dumps(told).encode(), "application/json")

    def _told(
        self, status: int, body: bytes, kind: str = "text/xml", *, headers: Mapping[str, str] | None = None
    ) -> Reply:
        date = format_datetime(self.world.now(), usegmt=True)
        told = {"Date": date, "Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}
        return Reply(status=status, headers=told, body=body)


@dataclass(frozen=True, kw_only=True)
class _Request:
    command: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # one packet for head and body
    disable_nagle_algorithm = True
    front: ClassVar[Front]

    def handle_expect_100(self) -> bool:
        """The SDK waits a second for leave to send an object; what is buffered would come with the answer."""
        told = super().handle_expect_100()
        self.wfile.flush()
        return told

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            reply = self.front.answer(self.command, self.path, self.headers, body)
        except Dropped:
            self.close_connection = True
            self.connection.close()
            return
        self.send_response_only(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(reply.body)

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815 - the base class looks for these names


def _unchunked(body: bytes, encoding: str) -> bytes:
    """The content of what the SDK sent in signed chunks."""
    if "aws-chunked" not in encoding:
        return body
    content, rest = b"", body
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        length = int(size.partition(b";")[0], 16)
        if not length:
            break
        content, rest = content + rest[:length], rest[length + 2 :]
    return content


class Port:
    """Where accounts are served, one at a time."""

    def __init__(self, address: str, front: Front) -> None:
        self.address, self.front = address, front

    @contextlib.contextmanager
    def serving(self, world: World) -> Iterator[World]:
        """Serves an account. Fails where the stand-in itself had to give up."""
        self.front.serve(world, self.address)
        yield world
        assert world.broken == []

    def inside(self, client: Any) -> None:
        """From now on the client's requests, as the SDK signed them, are answered without a socket.

        A busy machine takes long to go from thread to thread, and a deployment asks hundreds of times.
        """
        client.meta.events.register("before-send", self._send)

    def _send(self, request: Any, **_: Any) -> Any:
        split = urlsplit(request.url)
        path = f"{split.path}?{split.query}" if split.query else split.path
        headers = HeadersDict({name: _text(value) for name, value in request.headers.items()})
        body = request.body
        raw = body.encode() if isinstance(body, str) else body.read() if hasattr(body, "read") else body or b""
        try:
            reply = self.front.answer(request.method, path, headers, raw)
        except Dropped:
            raise ConnectionClosedError(endpoint_url=request.url) from None
        return AWSResponse(request.url, reply.status, HeadersDict(reply.headers), _Raw(reply.body))


class _Raw(io.BytesIO):
    """An answer as the SDK reads one."""

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self.read()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@contextlib.contextmanager
def serving(world: World | None = None) -> Iterator[World]:
    """Serves an account at a port of its own."""
    with listening() as port, port.serving(world or World()) as served:
        yield served


@contextlib.contextmanager
def listening() -> Iterator[Port]:
    """Listens until the end."""
    front = Front()
    handler = type("Handler", (_Handler,), {"front": front})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Port(f"http://127.0.0.1:{server.server_address[1]}", front)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
