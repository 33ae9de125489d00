"""The port: Elastic Beanstalk by its form's `Action`, else a bucket of S3, and `/_ctl/` to steer it."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from tests.aws import beanstalk, wire
from tests.aws.faults import REFUSALS, Dropped, Fault
from tests.aws.wire import Answered
from tests.aws.world import Call, World


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # one packet for head and body
    disable_nagle_algorithm = True
    world: ClassVar[World]
    lock: ClassVar[threading.Lock]
    counts: ClassVar[Counter[str]]

    def handle_expect_100(self) -> bool:
        """The SDK waits a second for leave to send an object; what is buffered would come with the answer."""
        told = super().handle_expect_100()
        self.wfile.flush()
        return told

    def do_POST(self) -> None:
        self._handled()

    do_GET = do_PUT = do_HEAD = do_DELETE = do_POST  # noqa: N815 - the base class looks for these names

    def _handled(self) -> None:
        body = self._body()
        with self.lock:
            try:
                self.world.settle()
                self._routed(body)
            except Dropped:
                self.close_connection = True
                self.connection.close()
            except Exception as error:  # noqa: BLE001 - whatever the stand-in can't do is the test's to see
                self.world.broken.append(repr(error))
                self._tell(500, repr(error).encode(), "text/plain")

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _routed(self, body: bytes) -> None:
        if self.path.startswith("/_ctl/"):
            return self._steered(json.loads(body or b"{}"))
        if self.path.startswith("/logs/"):
            return self._tell(200, self.world.logs[int(self.path.rsplit("/", 1)[1])].text.encode(), "text/plain")
        service = wire.scope(self.headers.get("Authorization") or "")
        if service == "s3":
            return self._bucket(body)
        given = wire.form(body)
        assert service == "elasticbeanstalk", f"signed for {service!r}"
        skewed = datetime.strptime(self.headers["X-Amz-Date"], "%Y%m%dT%H%M%S%z") - datetime.now().astimezone()
        assert abs(skewed) < timedelta(minutes=15), "the signature is of another time"
        return self._operation(given.pop("Action"), given)

    def _operation(self, op: str, given: dict[str, Any]) -> None:
        self.counts[op] += 1
        request, world = str(uuid.uuid4()), self.world
        fault = world.trouble.of(op, self.counts[op])
        if op.startswith(("Describe", "Retrieve")):
            world.clock.polled()
            world.settle()
        try:
            if fault in REFUSALS:
                raise REFUSALS[fault]
            if op in world.trouble.hidden:
                result: dict[str, Any] = {beanstalk.LISTS[op]: []}
            else:
                result = dict(beanstalk.OPERATIONS[op](world, given, request))
        except Answered as error:
            world.calls.append(Call(op=op, given=given, at=world.clock.now(), answered=error.code))
            return self._tell(error.status, wire.refusal(error, request))
        world.calls.append(Call(op=op, given=given, at=world.clock.now(), answered=fault))
        if fault == "drop":
            raise Dropped
        return self._tell(200, wire.answer(op, result, str(result.pop("_request", request))))

    def _bucket(self, body: bytes) -> None:
        """Objects by path, with conditions on their tags."""
        bucket, _, key = self.path.partition("?")[0].lstrip("/").partition("/")
        there = self.world.buckets[bucket]
        old = there.get(key)
        tag = f'"{hashlib.md5(old).hexdigest()}"' if old is not None else ""
        if self.command == "PUT":
            wanted, none = self.headers.get("If-Match"), self.headers.get("If-None-Match")
            if (wanted and wanted != tag) or (none and old is not None):
                return self._s3_error(412, "PreconditionFailed")
            there[key] = _unchunked(body, self.headers.get("Content-Encoding") or "")
            return self._tell(200, b"", headers={"ETag": f'"{hashlib.md5(there[key]).hexdigest()}"'})
        if self.command == "GET" and not key:
            prefix = dict(parse_qsl(self.path.partition("?")[2])).get("prefix", "")
            found = (name for name in sorted(there) if name.startswith(prefix))
            keys = "".join(f"<Contents><Key>{name}</Key></Contents>" for name in found)
            return self._tell(200, f"<ListBucketResult>{keys}</ListBucketResult>".encode())
        if old is None:
            return self._s3_error(404, "NoSuchKey")
        if self.command == "DELETE":
            del there[key]
            return self._tell(204, b"")
        return self._tell(200, b"" if self.command == "HEAD" else old, headers={"ETag": tag}, length=len(old))

    def _s3_error(self, status: int, code: str) -> None:
        self._tell(status, f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode())

    def _steered(self, given: dict[str, Any]) -> None:
        """Control, outside of what AWS has."""
        world, what = self.world, self.path.removeprefix("/_ctl/")
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
        self._tell(200, json.dumps(told).encode(), "application/json")

    def _tell(
        self,
        status: int,
        body: bytes,
        kind: str = "text/xml",
        *,
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        self.send_response_only(status)
        self.send_header("Date", format_datetime(self.world.now(), usegmt=True))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


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

    def __init__(self, address: str, handler: type[_Handler]) -> None:
        self.address, self._handler = address, handler

    @contextlib.contextmanager
    def serving(self, world: World) -> Iterator[World]:
        """Serves an account. Fails where the stand-in itself had to give up."""
        with self._handler.lock:
            self._handler.world, world.address = world, self.address
            self._handler.counts.clear()
        yield world
        assert world.broken == []


@contextlib.contextmanager
def serving(world: World | None = None) -> Iterator[World]:
    """Serves an account at a port of its own."""
    with listening() as port, port.serving(world or World()) as served:
        yield served


@contextlib.contextmanager
def listening() -> Iterator[Port]:
    """Listens until the end."""
    handler = type("Handler", (_Handler,), {"world": World(), "lock": threading.Lock(), "counts": Counter()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield Port(f"http://127.0.0.1:{server.server_address[1]}", handler)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
