"""Uploaded bundles on the disk: one writer, limits, and what is old goes."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sealane.blobs import bundles
from sealane.blobs.bundles import Bundles
from sealane.errors import Conflicting, NotThere, TooLarge, TooSlow, UsageError
from sealane.server.middleware import Guard

CONTENT = b"0123456789"
SUM = hashlib.sha256(CONTENT).hexdigest()


async def sent(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


async def test_a_killed_writer_leaves_what_it_wrote_and_the_rest_completes_it(tmp_path: Path) -> None:
    """Whatever it wrote: the content is compared as a whole."""
    store = Bundles(tmp_path)
    for at in range(len(CONTENT)):
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        (folder / f"{SUM}.part").write_bytes(CONTENT[:at])  # as `kill -9` leaves it
        there = store.upload("shop", SUM).received
        done = await store.receive("shop", SUM, sent(CONTENT[there:]), start=there, total=len(CONTENT))
        assert done.complete
        store.path("shop", SUM).unlink()
    (tmp_path / "shop" / f"{SUM}.part").write_bytes(b"garbage")
    with pytest.raises(UsageError, match="does not have the SHA-256"):
        await store.receive("shop", SUM, sent(CONTENT[7:]), start=7, total=len(CONTENT))
    with pytest.raises(NotThere):
        store.upload("shop", SUM)


async def test_one_sends_at_a_time_and_a_part_is_no_bundle(tmp_path: Path) -> None:
    store = Bundles(tmp_path)
    came = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield CONTENT[:4]
        came.set()
        await asyncio.Event().wait()

    first = asyncio.create_task(store.receive("shop", SUM, slowly(), start=0, total=len(CONTENT)))
    await came.wait()
    with pytest.raises(Conflicting, match="is being sent by somebody else"):
        await store.receive("shop", SUM, sent(CONTENT), start=0, total=len(CONTENT))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    with pytest.raises(Conflicting, match="only 4 bytes"):
        store.path("shop", SUM)
    assert (await store.receive("shop", SUM, sent(CONTENT), start=0, total=None)).complete


async def test_limits_hold_whatever_was_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More than was said or than may be, more than an app may have, and names that are none."""
    store = Bundles(tmp_path)
    for total in (5, 12):
        monkeypatch.setattr(bundles, "MOST", 8)
        with pytest.raises(TooLarge):
            await store.receive("shop", SUM, sent(*([b"xxx"] * 5)), start=0, total=total)
    monkeypatch.setattr(bundles, "MOST_OF_APP", 20)
    other = hashlib.sha256(b"other").hexdigest()
    (tmp_path / "shop" / f"{other}.zip").write_bytes(b"x" * 18)
    with pytest.raises(TooLarge, match="shop has 18 bytes"):
        await store.receive("shop", SUM, sent(b"xxx"), start=0, total=3)
    old = time.time() - bundles.KEPT - 1
    os.utime(tmp_path / "shop" / f"{other}.zip", (old, old))
    await store.receive("shop", SUM, sent(b"xxx"), start=0, total=6)
    assert not (tmp_path / "shop" / f"{other}.zip").exists()
    for name in ("../" * 10 + "etc", "A" * 64, SUM[:-1], ""):
        with pytest.raises(NotThere):
            store.upload("shop", name)
        with pytest.raises(NotThere):
            store.upload("../shop", SUM)


async def test_an_app_has_no_more_room_by_sending_many_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody says how large they will be, and each finds room at its beginning; nor are there any number of small ones."""
    monkeypatch.setattr(bundles, "_AT_ONCE", 4)
    monkeypatch.setattr(bundles, "MOST_OF_APP", 10)
    store = Bundles(tmp_path)
    begun, other = asyncio.Event(), asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"aaaa"
        begun.set()
        await other.wait()
        yield b"aaaa"

    first = asyncio.create_task(store.receive("shop", "a" * 64, slowly(), start=0, total=None))
    await begun.wait()
    with pytest.raises(UsageError, match="does not have the SHA-256"):
        await store.receive("shop", "b" * 64, sent(b"bbbb"), start=0, total=None)
    (tmp_path / "shop" / f"{'c' * 64}.part").write_bytes(b"cccc")
    other.set()
    with pytest.raises(TooLarge, match="shop has 4 bytes"):
        await first
    assert store.upload("shop", "a" * 64).received == 4
    monkeypatch.setattr(bundles, "MOST_FILES", 2)
    with pytest.raises(TooLarge, match="shop has 2 bundles"):
        await store.receive("shop", SUM, sent(b""), start=0, total=None)


async def test_the_guard_takes_more_for_a_bundle_and_still_cuts_off_who_sends_nothing() -> None:
    path = f"/api/apps/shop/bundles/{SUM}"
    for where, size, ends in ((path, 100, None), ("/api/apps", 100, TooLarge), (path, 0, TooSlow)):
        read: list[int] = []

        async def app(_: Any, receive: Any, __: Any, read: list[int] = read) -> None:
            message = await receive()
            while True:
                read.append(len(message["body"]))
                if not message.get("more_body"):
                    return
                message = await receive()

        parts = iter([{"type": "http.request", "body": b"x" * size, "more_body": size == 0}])

        async def receive(parts: Any = parts) -> Any:
            for part in parts:
                return part
            return await asyncio.Event().wait()

        guard = Guard(app, most=10, seconds=0.05)
        scope = {"type": "http", "path": where, "query_string": b"", "method": "PUT", "headers": []}
        if ends is None:
            await guard(scope, receive, receive)
            assert read == [100]
        else:
            with pytest.raises(ends):
                await guard(scope, receive, receive)
