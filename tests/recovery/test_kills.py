"""kill -9 at every boundary of every step of both workflows, with a successor that must end the same.

Each boundary is killed at on one of the databases, half of them on each.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .killing import Copying, Outcome, World, nursery, survive
from .shop import SECRETS, Shop, pushed


@pytest.fixture(autouse=True)
def secret_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """What workers have in their environment this process has, too."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


async def test_a_run_and_its_first_deployment_survive_any_kill(
    database: str | None, copying: Copying, tmp_path: Path
) -> None:
    """From the clone to the verdict: the same steps, verdict, containers and writes wherever the worker was killed."""
    shop = Shop(tmp_path)
    world = World(data=shop.data, database=database)
    commit = shop.commit("v1")
    async with world.answering() as server:
        await shop.register(server)
        shop.push()
        await server.intake.receive(pushed(commit))

    undisturbed = await _survive(world, copying, tmp_path)

    assert undisturbed.runs == ("shop #1 passed None",)
    assert undisturbed.reports == ("shop #1 step/test 1 1 test, 1 failed",)
    assert undisturbed.verdicts == ("shop/dev 1 deployed",)
    assert set(undisturbed.starts) == {
        "sealane-1-service-db",
        "sealane-1-step-lint-1",
        "sealane-1-step-test-1",
        "sealane-1-step-pack-1",
    }


async def test_a_failing_deployment_is_rolled_back_whatever_is_killed(
    database: str | None, copying: Copying, tmp_path: Path
) -> None:
    """Judged, explained, rolled back and held: the same wherever the worker was killed."""
    shop = Shop(tmp_path)
    world = World(data=shop.data, database=database)
    good = shop.commit("v1", steps=False)
    async with world.answering() as server:
        await shop.register(server)
        shop.push()
        await server.intake.receive(pushed(good))
    await nursery().work_to_the_end(world)
    bad = shop.commit("v2", bad=True, steps=False)
    shop.push()
    async with world.answering() as server:
        await server.intake.receive(pushed(bad, before=good))

    undisturbed = await _survive(world, copying, tmp_path)

    assert undisturbed.verdicts == ("shop/dev 1 deployed", "shop/dev 2 rolled_back")
    assert undisturbed.holds == ("dev 2",)


async def _survive(world: World, copying: Copying, folder: Path) -> Outcome:
    """What comes of the world, the same wherever workers are killed."""
    survived = await survive(world, copying, folder, half=0 if world.database is None else 1)
    assert survived.killed <= survived.meant
    # Run and deployment go side by side: where one's kill comes right after the other's step was recorded, that
    # step's own boundary never comes again. Every step was killed at, though, and every one before it was recorded.
    assert {name for name in survived.meant if name.endswith("done")} <= survived.killed
    assert set(survived.undisturbed.starts.values()) <= {1}
    assert not [name for copy in survived.worlds for value in SECRETS.values() for name in copy.holds_text(value)]
    return survived.undisturbed
