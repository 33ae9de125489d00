"""Ends of a relay's line that somebody else speaks for: nothing they say is long, breaks the other, or holds it up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from sealane.clients.kubernetes import errors
from sealane.clients.kubernetes.exchange import Call, Limits
from sealane.clients.relay import frames, relayed
from sealane.clients.relay.hub import Connection, Hub

READ = Call(method="GET", path="/api/v1/pods")
ASK = ["ask", 1, "GET", "/api", {}, None, "", "", False, None, None]


def changed(message: list[Any], at: int, value: Any) -> list[Any]:
    return [*message[:at], value, *message[at + 1 :]]


HEAD = ["head", 1, 200, "text/plain", None]
FAILED = ["failed", 1, "no", None, True, True]


@pytest.mark.parametrize(
    "message",
    [
        *(changed(HEAD, 2, status) for status in (-5, 0, 99, 600, 2**63)),
        *(changed(HEAD, 4, pause) for pause in (float("nan"), float("inf"), -1.0, 1e300)),
        changed(HEAD, 3, "x" * 1025),
        changed(FAILED, 2, "x" * 4097),
        changed(FAILED, 3, "x" * 4097),
    ],
)
def test_what_a_relay_says_is_short_and_of_this_world(message: list[Any]) -> None:
    with pytest.raises(frames.Garbled):
        frames.to_server(msgspec.msgpack.encode(message))
    assert frames.to_server(msgspec.msgpack.encode(HEAD))
    assert frames.to_server(msgspec.msgpack.encode(FAILED))


@pytest.mark.parametrize("read", [frames.to_server, frames.to_relay])
@pytest.mark.parametrize(
    "data", [b"\x93\xa5hello\x01\xa2\xff\xfe", b"\xa2\xff\xfe", b"\x91" * 100_000, b"\xdd\xff\xff\xff\xff"]
)
def test_bytes_that_are_no_text_are_no_message(read: Any, data: bytes) -> None:
    with pytest.raises(frames.Garbled):
        read(data)


@pytest.mark.parametrize(
    "ask",
    [
        changed(ASK, 3, "@elsewhere.example/api"),
        changed(ASK, 3, ".elsewhere.example/"),
        changed(ASK, 3, ""),
        changed(ASK, 3, "/" + "a" * 4096),
        changed(ASK, 2, "CONNECT"),
        changed(ASK, 2, "GET\r\nX: y"),
        changed(ASK, 2, "GET\n"),
    ],
)
def test_what_a_server_asks_leads_to_the_api_server_only(ask: list[Any]) -> None:
    with pytest.raises(frames.Garbled):
        frames.to_relay(msgspec.msgpack.encode(ask))
    assert frames.to_relay(msgspec.msgpack.encode(ASK))


@pytest.mark.parametrize(
    "answers",
    [
        [],
        [frames.Ready(id=1)],
        [frames.Head(id=1, status=200, content_type="", retry_after=None), frames.Chunk(id=1, data=b"")],
    ],
)
@pytest.mark.parametrize("limits", [Limits(total=0.0), Limits(silence=0.0)])
async def test_a_relay_that_answers_no_further_holds_nobody_up(
    answers: list[frames.Answers], limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relayed, "_MARGIN", 0.05)
    hub = Hub()
    connection = Connection("europe", version="1", send=lambda _: None)

    async def read() -> None:
        async with relayed.Relayed(hub, "europe").send(READ, limits) as response:
            async for _ in response.chunks:
                pass

    with hub.joined(connection):
        asked = asyncio.create_task(read())
        await asyncio.sleep(0)
        for answer in answers:
            connection.received(frames.encode(answer))
        with pytest.raises(errors.RelayAway, match="does not answer in time"):
            await asyncio.wait_for(asked, 30)


async def test_what_a_relay_says_of_a_failure_can_be_shown() -> None:
    hub = Hub()
    connection = Connection("europe", version="1", send=lambda _: None)
    with hub.joined(connection):
        asked = relayed.Relayed(hub, "europe").send(READ, Limits())
        opened = asyncio.create_task(asked.__aenter__())
        await asyncio.sleep(0)
        said = "a\x1b[2J\u202eb\nc" + "x" * 4000
        connection.received(frames.encode(frames.Failed(id=1, message=said, hint=said, sent=True, retry=True)))
        with pytest.raises(errors.Unreachable) as told:
            await opened
    assert told.value.message.startswith("ab cx")
    assert len(told.value.message) < 1100
    assert len(told.value.hint or "") <= 1000


async def test_of_many_connections_of_one_relay_the_oldest_end() -> None:
    hub = Hub()
    connections = [Connection("europe", version="1", send=lambda _: None) for _ in range(20)]
    other = Connection("asia", version="1", send=lambda _: None)
    blocks = [hub.joined(joined) for joined in (other, *connections)]
    for block in blocks:
        block.__enter__()
    assert [connection.over.is_set() for connection in connections] == [True] * 12 + [False] * 8
    assert not other.over.is_set()
    assert hub.connection("europe") is connections[-1]
    for block in blocks:
        block.__exit__(None, None, None)
    assert hub.connection("europe") is None


BODY = frames.Chunk(id=1, data=b"{}")
BEGINNING = frames.Head(id=1, status=200, content_type="application/json", retry_after=None)
OUT_OF_ORDER = {
    "an end without an answer": [frames.End(id=1)],
    "a body without a head": [BODY],
    "two heads": [BEGINNING, BEGINNING],
    "a word that it has the call, within its answer": [BEGINNING, frames.Ready(id=1)],
}


@pytest.mark.parametrize("name", OUT_OF_ORDER)
async def test_what_a_relay_answers_out_of_order_is_no_answer(name: str) -> None:
    async with asyncio.timeout(60), _asked("europe") as (connection, reading):
        for answer in OUT_OF_ORDER[name]:
            connection.received(frames.encode(answer))
        with pytest.raises(errors.RelayAway, match="it answers out of order"):
            await reading


async def test_nobody_gets_an_answer_to_what_they_did_not_ask() -> None:
    """Neither one that came before its question, nor a former one once more, nor one of another relay's line."""
    forged = [frames.Head(id=number, status=500, content_type="", retry_after=None) for number in (1, 2, 3)]
    forged_parts = [frames.encode(frame) for head in forged for frame in (head, frames.End(id=head.id))]
    async with asyncio.timeout(60), _asked("asia") as (asia, of_asia):
        hub = Hub()
        europe = Connection("europe", version="1", send=lambda _: None)
        for part in forged_parts:
            europe.received(part)
        with hub.joined(europe):
            for data in (b"first", b"second"):
                reading = asyncio.create_task(_read(hub, "europe"))
                await asyncio.sleep(0)
                number = 1 if data == b"first" else 2
                parts = (
                    frames.Head(id=number, status=200, content_type="", retry_after=None),
                    frames.Chunk(id=number, data=data),
                    frames.End(id=number),
                )
                for frame in parts:
                    europe.received(frames.encode(frame))
                assert await reading == data
                for frame in parts:
                    europe.received(frames.encode(frame))  # once more, for whoever asks next
        assert not of_asia.done()
        for frame in (BEGINNING, BODY, frames.End(id=1)):
            asia.received(frames.encode(frame))
        assert await of_asia == b"{}"


@asynccontextmanager
async def _asked(relay: str) -> AsyncIterator[tuple[Connection, asyncio.Task[bytes]]]:
    """A relay's connection, and a call that waits for its answer."""
    hub = Hub()
    connection = Connection(relay, version="1", send=lambda _: None)
    with hub.joined(connection):
        reading = asyncio.create_task(_read(hub, relay))
        await asyncio.sleep(0)
        yield connection, reading


async def _read(hub: Hub, relay: str) -> bytes:
    async with relayed.Relayed(hub, relay).send(READ, Limits(total=60.0)) as response:
        return b"".join([part async for part in response.chunks])
