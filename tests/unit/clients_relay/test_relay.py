"""Calls through a relay, over a line that is cut, stalls and comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from sealane.clients.kubernetes import discovery, errors, pod_objects, transport
from sealane.clients.kubernetes.exchange import Call, Exchange, Limits, Response
from sealane.clients.kubernetes.informer import reflector
from sealane.clients.relay import forwarder, frames, hub
from sealane.clients.relay.hub import Connection
from sealane.clients.relay.relayed import Relayed
from tests.relay_line import Line, lined

READ = Call(method="GET", path="/api/v1/namespaces/shop/configmaps/settings")
WRITE = Call(method="PATCH", path="/api/v1/namespaces/shop/configmaps/settings", body=b"{}")


@dataclass
class Server:
    """Stands for an API server: answers what it is told to, and counts."""

    pieces: tuple[bytes, ...] = (b"{}",)
    status: int = 200
    error: Exception | None = None
    calls: list[str] = field(default_factory=list)
    sent: int = 0
    """Bytes of answers that were asked of it."""
    goes_on: bool = False
    """Whether an answer has no end."""
    left: int = 0
    """Answers that nobody reads any more."""
    server: str = "https://10.0.0.1"

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def reachable(self) -> None:
        pass

    @asynccontextmanager
    async def send(self, call: Call, limits: Limits) -> AsyncIterator[Response]:
        self.calls.append(f"{call.method} {call.path} {limits.total}")
        if self.error:
            raise self.error
        try:
            yield Response(status=self.status, content_type="a/b", retry_after=2.0, chunks=self._chunks())
        finally:
            self.left += 1

    async def _chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            self.sent += len(piece)
            yield piece
        if self.goes_on:
            await asyncio.Event().wait()


def relayed(line: Line) -> Relayed:
    return Relayed(line.hub, line.relay)


async def read(by: Exchange, call: Call = READ) -> tuple[int, bytes]:
    async with by.send(call, Limits(total=60.0)) as response:
        return response.status, b"".join([chunk async for chunk in response.chunks])


async def until(*, line: Line, frame: type) -> None:
    """Until something of that kind has passed the line."""
    async with asyncio.timeout(30):
        while not any(isinstance(passed, frame) for passed in line.passed):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.005)


async def test_an_answer_comes_as_it_is_good_or_not() -> None:
    for status in (200, 404, 503):
        server = Server(status=status, pieces=(b'{"a":', b"1}"))
        async with lined(server) as line:
            async with relayed(line).send(READ, Limits(total=7.5)) as response:
                assert (response.status, response.content_type, response.retry_after) == (status, "a/b", 2.0)
                assert b"".join([chunk async for chunk in response.chunks]) == b'{"a":1}'
            assert server.calls == ["GET /api/v1/namespaces/shop/configmaps/settings 7.5"]


async def test_a_long_answer_comes_in_small_pieces_and_no_faster_than_it_is_read() -> None:
    body = bytes(range(256)) * 4096 * 3
    server = Server(pieces=tuple(body[at : at + 300_000] for at in range(0, len(body), 300_000)))
    async with lined(server) as line, relayed(line).send(READ, Limits()) as response:
        chunks = response.chunks
        first = await anext(chunks)
        await asyncio.sleep(0)
        async with asyncio.timeout(30):
            while server.sent < frames.WINDOW:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.001)
        for _ in range(50):
            await asyncio.sleep(0)
        assert server.sent <= frames.WINDOW + 600_000
        rest = b"".join([chunk async for chunk in chunks])
        assert first + rest == body
        assert max(len(passed.data) for passed in line.passed if isinstance(passed, frames.Chunk)) <= frames.PIECE


async def test_a_write_waits_for_the_second_word() -> None:
    server = Server()
    async with lined(server) as line:
        line.held = frames.Go
        asked = asyncio.create_task(read(relayed(line), WRITE))
        await line.stalled()
        assert server.calls == []
        line.flows.set()
        assert await asked == (200, b"{}")
        assert len(server.calls) == 1


async def test_a_write_that_lay_in_the_line_for_too_long_is_not_carried_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when the line was cut for an hour, and the buffers on the way are delivered at its end."""
    monkeypatch.setattr(forwarder, "GO_WITHIN", 0.05)
    monkeypatch.setattr(hub, "GO_WITHIN", 0.05)
    server = Server()
    async with lined(server) as line:
        line.flows.clear()
        asked = asyncio.create_task(read(relayed(line), WRITE))
        await asyncio.sleep(0.2)
        line.flows.set()
        with pytest.raises(errors.RelayAway, match="too late") as late:
            await asked
        assert (late.value.sent, late.value.retry) == (False, True)
        assert server.calls == []


async def test_a_go_that_comes_too_late_is_not_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarder, "GO_WITHIN", 0.05)
    server = Server()
    async with lined(server) as line:
        line.held = frames.Go
        asked = asyncio.create_task(read(relayed(line), WRITE))
        await line.stalled()
        await asyncio.sleep(0.2)
        line.flows.set()
        with pytest.raises(errors.Unreachable, match="still wants") as late:
            await asked
        assert late.value.sent is False
        assert server.calls == []


@pytest.mark.parametrize(("call", "sent"), [(READ, True), (WRITE, True)])
async def test_who_waits_is_told_when_the_connection_ends(call: Call, sent: bool) -> None:
    server = Server(goes_on=True)
    async with lined(server) as line:
        asked = asyncio.create_task(read(relayed(line), call))
        await until(line=line, frame=frames.Chunk)
        await line.cut()
        with pytest.raises(errors.RelayAway, match="connection ended") as lost:
            await asked
        assert lost.value.sent is sent
        assert server.left == 1


async def test_while_a_relay_is_away_it_is_said_since_when_and_nothing_was_sent() -> None:
    known = {
        "asia": (hub.Away(), "relay asia was never connected"),
        "europe": (
            hub.Away(since=datetime(2026, 11, 30, 3, 38, 30, tzinfo=UTC)),
            "relay europe has been away since 2026-11-30 03:38:30 UTC",
        ),
        "africa": (hub.Away(elsewhere=1), "relay africa is connected to other processes of the server, and not to"),
    }

    async def away(relay: str) -> hub.Away:
        return known[relay][0]

    for relay, (_, said) in known.items():
        with pytest.raises(errors.RelayAway, match=said) as told:
            await read(Relayed(hub.Hub(away), relay), WRITE)
        assert (told.value.sent, told.value.comes_back) == (False, True)


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("it ended", "it ended"),
        ("x" * 123, "x" * 123),
        ("x" * 124, "x" * 123),
        ("é" * 62, "é" * 61),
        ("x" + "🚢" * 31, "x" + "🚢" * 30),
    ],
)
def test_the_message_of_the_end_says_as_much_of_its_reason_as_it_may(reason: str, said: str) -> None:
    """123 bytes; a character that does not fit whole is left out."""
    assert frames.close_reason(reason) == said


async def test_a_call_waits_a_while_for_a_relay_that_comes_back() -> None:
    server = Server()
    async with lined(server) as line:
        connection = transport.Transport(relayed(line), patience=30)
        assert (await connection.call(READ)).status == 200
        await line.cut()
        asked = asyncio.create_task(connection.call(WRITE))
        await asyncio.sleep(0.05)
        assert not asked.done()
        line.connect()
        assert (await asked).body == b"{}"


async def test_a_view_asks_no_more_until_its_relay_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LONGEST_PAUSE", 0.001)
    asked = []

    async def away(relay: str) -> hub.Away:
        asked.append(relay)
        return hub.Away()

    server = Server(pieces=(b'{"metadata": {"resourceVersion": "1"}, "items": []}',))
    line = Line(hub=hub.Hub(away), exchange=server)
    pods = discovery.Resource(group="", version="v1", kind="Pod", plural="pods", namespaced=True)
    view = reflector.Reflector(transport.Transport(relayed(line), patience=0), pods, pod_objects.Pod, namespace="shop")
    watching = asyncio.create_task(view.run())
    try:
        async with asyncio.timeout(30):
            await view.changes.after(0)
            assert isinstance(view.state.error, errors.RelayAway)
            for _ in range(50):
                await asyncio.sleep(0.001)
            assert asked == ["europe"]
            line.connect()
            await view.filled()
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await line.cut()


async def test_a_relay_that_joins_wakes_those_who_wait_on_other_threads() -> None:
    async with lined(Server()) as line:
        await line.cut()

        def wait() -> None:
            asyncio.run(asyncio.wait_for(line.hub.joins(line.relay), 30))

        waiting = asyncio.create_task(asyncio.to_thread(wait))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        line.connect()
        await waiting
        await line.hub.joins(line.relay)


async def test_whoever_reads_no_further_ends_the_call_beside_the_cluster() -> None:
    server = Server(goes_on=True)
    async with lined(server) as line:
        async with relayed(line).send(READ, Limits()) as response:
            assert await anext(response.chunks) == b"{}"
        await until(line=line, frame=frames.Cancel)
        async with asyncio.timeout(30):
            while not server.left:  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.001)


@pytest.mark.parametrize(
    ("error", "kind", "sent"),
    [
        (errors.Unreachable("refused"), errors.Unreachable, True),
        (errors.Untrusted("TLS"), errors.Untrusted, False),
        (errors.NoSignIn("no token"), errors.Untrusted, False),
        (ValueError("a fault"), errors.Unreachable, True),
    ],
)
async def test_what_the_relay_could_not_do_is_told_as_it_was(
    error: Exception, kind: type[errors.Unreachable], sent: bool
) -> None:
    async with lined(Server(error=error)) as line:
        with pytest.raises(kind, match="by relay europe") as told:
            await read(relayed(line))
        assert told.value.sent is sent


async def test_the_newest_connection_of_a_relay_is_used_and_the_older_one_ends_what_it_began() -> None:
    older, newer = Server(goes_on=True), Server(pieces=(b"new",))
    async with lined(older) as first:
        second = Line(hub=first.hub, exchange=newer)
        begun = asyncio.create_task(read(relayed(first)))
        await until(line=first, frame=frames.Chunk)
        second.connect()
        assert await read(relayed(first)) == (200, b"new")
        assert not begun.done()
        await second.cut()
        begun.cancel()
    assert len(older.calls) == 1


ASK: dict[str, Any] = {
    "method": "GET",
    "path": "/",
    "query": {},
    "body": None,
    "content_type": "",
    "accept": "",
    "changes": False,
    "total": None,
    "silence": None,
}
HELLOS = [
    {"version": "1.0\x1b]0;owned\x07"},
    {"version": "1" * 65},
    {"version": "1.0\x00"},
    {"version": "1.0\n"},
    {"version": "1", "connected": ("p",) * 1001},
    {"version": "1", "connected": ("p" * 201,)},
]


@pytest.mark.parametrize("said", HELLOS)
def test_a_hello_is_short_and_plain(said: dict[str, Any]) -> None:
    with pytest.raises(frames.Garbled):
        frames.to_server(frames.encode(frames.Hello(protocol=frames.PROTOCOL, **said)))
    plain = frames.Hello(protocol=frames.PROTOCOL, version="1.2.0rc1+g8c21f0e.d20261130", connected=("host-1",))
    assert frames.to_server(frames.encode(plain)) == plain


@pytest.mark.parametrize(
    ("frame", "most"),
    [
        (frames.Chunk(id=1, data=bytes(frames.PIECE)), frames.WINDOW // frames.PIECE + 1),
        (frames.Chunk(id=1, data=b""), 20_001),
        (frames.Head(id=1, status=200, content_type="text/plain", retry_after=None), 20_001),
    ],
)
async def test_a_relay_that_sends_more_than_is_read_is_cut_off(frame: frames.Answers, most: int) -> None:
    connection = Connection("europe", version="1", send=lambda _: None)
    asked = connection.begin(lambda number: frames.Ask(id=number, **ASK))
    message = frames.encode(frame)
    for _ in range(most):
        connection.received(message)
        await asyncio.sleep(0)
    with pytest.raises(frames.Garbled, match="more than is read"):
        connection.received(message)
    asked.end()


async def test_what_was_read_may_be_sent_again() -> None:
    connection = Connection("europe", version="1", send=lambda _: None)
    asked = connection.begin(lambda number: frames.Ask(id=number, **ASK))
    message = frames.encode(frames.Chunk(id=1, data=bytes(frames.PIECE)))
    for _ in range(3 * frames.WINDOW // frames.PIECE):
        connection.received(message)
        await asked.next()
        asked.credit(frames.PIECE)
    asked.end()


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x93\xa4head\x01\x01", frames.encode(frames.Go(id=1))])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(frames.Garbled):
        frames.to_server(data)
