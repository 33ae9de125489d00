"""Programs that are ended before they end by themselves: none is left, and nobody waits for one."""

from __future__ import annotations

import asyncio

import pytest

from sealane.clients import programs

PATIENCE = 60.0


async def test_a_program_that_prints_too_much_is_ended_whatever_it_has_printed_meanwhile() -> None:
    """What nobody had read was waited for without an end, now and then."""
    for _ in range(12):
        with pytest.raises(programs.PrintsTooMuch):
            await asyncio.wait_for(programs.run("yes", within=PATIENCE, limit=1024 * 1024), PATIENCE)


async def test_what_a_program_has_started_ends_with_it() -> None:
    """Also when the program itself has ended, and the other one holds its output."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(programs.run("sh", "-c", "sleep 1000 & exit 0", within=0.5), PATIENCE)
