"""Every process can tell which of them a relay is connected to, and since when it is away."""

from __future__ import annotations

from datetime import timedelta

from sealane import clock
from sealane.records.accounts import SILENT
from sealane.store.all_stores import Store

NOW = clock.now().replace(microsecond=0)


async def test_a_line_stands_as_long_as_its_process_says_so(store: Store) -> None:
    lines = store.relay_lines
    for process in ("one", "two"):
        await lines.stand("europe", process, version="1", begun=NOW, at=NOW)
    await lines.stand("asia", "one", version="1", begun=NOW, at=NOW)
    later = NOW + timedelta(seconds=10)
    await lines.stand("europe", "one", version="1", begun=NOW, at=later)
    await lines.end("europe", "two", at=later)
    by_process = {line.process: line for line in await lines.of("europe")}
    assert (by_process["one"].begun, by_process["one"].stands(later), by_process["one"].stands(later + SILENT)) == (
        NOW,
        True,
        False,
    )
    assert (by_process["two"].stands(later), by_process["two"].left) == (False, later)
    assert len(await lines.of()) == 3


async def test_who_is_alone_ends_what_processes_before_it_left_open(store: Store) -> None:
    """They were killed, so each line was good until its process last said so."""
    lines = store.relay_lines
    await lines.stand("europe", "one", version="1", begun=NOW, at=NOW)
    await lines.end_all()
    (line,) = await lines.of("europe")
    assert (line.stands(NOW), line.left) == (False, NOW)


async def test_what_ended_long_ago_is_forgotten_once_there_is_another(store: Store) -> None:
    lines = store.relay_lines
    await lines.stand("europe", "one", version="1", begun=NOW - timedelta(days=8), at=NOW - timedelta(days=8))
    await lines.stand("europe", "two", version="1", begun=NOW, at=NOW)
    assert [line.process for line in await lines.of("europe")] == ["two"]
