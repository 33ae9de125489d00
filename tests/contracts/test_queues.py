"""The queues of workflows: the end of one lets the next one begin at once, however seldom the queue is looked into."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from dbos import DBOS

from sealane.workflows import queues
from sealane.workflows.engine import Engine, EngineSettings
from sealane.workflows.queues import Queues

SELDOM = 600.0


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process registers a workflow's name once, and other tests of this one have registered the real ones."""
    monkeypatch.setattr("dbos._dbos._dbos_global_registry", None)


async def test_the_next_workflow_begins_when_one_has_ended(tmp_path: Path) -> None:
    """Of the runs beyond the limit, and of the deployments of one formation; also after one that fails."""
    url = f"sqlite:///{tmp_path}/workflows.db"
    opened = await Queues.open(url, poll=SELDOM, runs_at_once=1)
    begun: list[str] = []
    loop, all_begun = asyncio.get_running_loop(), asyncio.Event()

    def begins(name: str) -> None:
        begun.append(name)
        if len(begun) == len(names):
            loop.call_soon_threadsafe(all_begun.set)

    @DBOS.workflow(name="delivery", max_recovery_attempts=None)
    async def delivery(run_id: str) -> None:
        opened.bells[queues.DELIVERIES].ring_at_end()
        begins(run_id)

    @DBOS.workflow(name="deployment", max_recovery_attempts=None)
    async def deployment(deployment_id: str) -> None:
        opened.bells[queues.DEPLOYMENTS].ring_at_end()
        begins(deployment_id)
        raise ValueError("it fails")

    names = [f"{kind}-{number}" for kind in ("r", "d") for number in range(3)]
    for name in names:
        if name.startswith("r"):
            await opened.delivery(name)
        else:
            await opened.deployment(name, "shop/dev", "1")
    engine = await Engine.start(EngineSettings(url=url, worker="w-1", bells=opened.bells))
    try:
        for bell in opened.bells.values():
            bell.ring()
        async with asyncio.timeout(SELDOM / 10):
            await all_begun.wait()
    finally:
        await engine.destroy()
        await opened.close()
    assert [name for name in begun if name.startswith("r")] == names[:3]
    assert [name for name in begun if name.startswith("d")] == names[3:]
