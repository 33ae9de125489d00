"""A server that is told to end leaves what runs alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from .killing import World, nursery
from .nursery import Order
from .shop import SECRETS, Shop, pushed


async def test_a_step_goes_on_while_the_server_is_restarted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is neither cancelled nor started again, and nothing is recorded of the end that it did not have."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    shop = Shop(tmp_path)
    world = World(data=shop.data, database=None)
    slow = 'app: shop\nsteps: [{name: test, image: busybox, commands: [test], environment: {DUMMY_SLEEP: "4"}}]\n'
    commit = shop.commit_files("v1", {".sealane.yml": slow})
    async with world.answering() as server:
        await shop.register(server)
        shop.push()
        await server.intake.receive(pushed(commit))

    workers = nursery()
    left = await workers.work(Order(data=str(world.data), leaves_in_a_step=True))
    between = await world.outcome()
    await workers.work_to_the_end(world)

    assert left["code"] == 0
    assert between.steps == ("shop #1 step/test running",)
    ended = await world.outcome()
    assert ended.steps == ("shop #1 step/test passed",)
    assert dict(ended.starts) == {"sealane-1-step-test-1": 1}
