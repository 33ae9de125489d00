"""A worker that slept past its heartbeats wakes up when another one has done its work."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from .killing import World, nursery
from .nursery import Order
from .shop import SECRETS, Shop, pushed


async def test_a_worker_that_slept_past_its_heartbeats_writes_nothing(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is stopped right before its first write, woken after its successor has ended, and ends without a write."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    shop = Shop(tmp_path)
    world = World(data=shop.data, database=postgres_url)
    commit = shop.commit("v1", steps=False)
    async with world.answering() as server:
        await shop.register(server)
        shop.push()
        await server.intake.receive(pushed(commit))

    workers = nursery()
    everything_but = ["begin done", "begin recorded", "deliver/dev done", "deliver/dev recorded", "finish done"]
    everything_but += ["release done", "release recorded", "finish recorded", "start done", "start recorded"]
    order = Order(
        data=str(world.data),
        database=postgres_url,
        spared=everything_but,
        signal=signal.SIGSTOP,
        dead_after=1.0,
        stays=True,
    )
    sleeping = asyncio.create_task(workers.work(order))
    pid = await _stopped(world.data)
    await workers.work_to_the_end(world)
    before = await world.outcome()
    os.kill(pid, signal.SIGCONT)
    woken = await sleeping

    assert before.verdicts == ("shop/dev 1 deployed",)
    # The run's own last step, beside the deployment, may have been under way when everything stopped.
    assert [boundary for boundary in woken["boundaries"] if boundary not in everything_but][-1] == "apply begun"
    assert woken["code"] == 70
    assert await world.outcome() == before


async def _stopped(data: Path) -> int:
    """The id of the worker that stopped itself, once it has."""
    async with asyncio.timeout(150):
        while True:
            for file in data.glob("stopped-*"):
                pid = int(file.name.partition("-")[2])
                if ") T " in Path(f"/proc/{pid}/stat").read_text():
                    return pid
            await asyncio.sleep(0.05)
