"""What an older version of the server left: queued work is queued anew, work under way ended, whenever it dies over that."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sealane.errors import Unavailable
from sealane.records.deployments import DeploymentState
from sealane.store.all_stores import Store
from sealane.verdicts.model import VerdictKind
from sealane.workflows import queues, upgrade
from sealane.workflows.admission import Gates
from sealane.workflows.queues import Queues
from sealane.workflows.run_slots import RunSlots

from .samples import NOON, deployment, push, release, revision


async def away(*_: Any) -> None:
    """Nothing is queued any more."""
    raise Unavailable("the machine went away")


@pytest.fixture
async def queueing(tmp_path: Path) -> AsyncIterator[Queues]:
    """Queues of workflows in a database of their own."""
    opened = await Queues.open(f"sqlite:///{tmp_path}/workflows.db", poll=1.0, runs_at_once=1)
    yield opened
    await opened.close()


def tools_of(store: Store, queueing: Queues) -> Any:
    """What settling works with."""
    return SimpleNamespace(store=store, gates=Gates(store=store, queueing=queueing), now=lambda: NOON)


def taken_up(folder: Path, workflow: str) -> None:
    """A worker of the older version began the workflow, and is gone."""
    with closing(sqlite3.connect(folder / "workflows.db")) as database, database:
        database.execute(
            "update workflow_status set status = 'PENDING', executor_id = 'gone' where workflow_uuid = ?", (workflow,)
        )


async def test_what_was_queued_is_queued_anew_also_by_whoever_comes_after(
    store: Store, queueing: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    slots = RunSlots(store=store, queueing=queueing, at_once=4)
    tools = tools_of(store, queueing)
    run = (await store.events.receive(push("a"), source="gitea")).run_id
    with monkeypatch.context() as older:
        older.setattr(queues, "VERSION", "1")
        await slots.sweep()
    assert [workflow.workflow_id for workflow in await queueing.of_other_versions()] == [run]
    assert await store.run_queue.going() == (run,)

    with monkeypatch.context() as dying:
        dying.setattr(Queues, "delivery", away)
        with pytest.raises(Unavailable):
            await upgrade.settle(tools, ())
    assert await store.run_queue.unqueued() == (run,)

    await upgrade.settle(tools, ())
    await slots.sweep()
    assert await queueing.of_other_versions() == ()
    (queued,) = await queueing.client.list_workflows_async(workflow_ids=[run])
    assert (queued.status, queued.app_version) == ("ENQUEUED", queues.VERSION)
    assert await store.run_queue.unqueued() == ()


async def test_a_deployment_under_way_is_ended_with_a_clear_word_and_once(
    store: Store, queueing: Queues, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is held there until somebody settles it; what a worker that is alive still carries is left to it."""
    await store.releases.add(release(1), sequence=1, run_id=None)
    going = await store.deployments.offer(deployment(1, 1, release_id="rel-1"), revision("v1"))
    await store.deployment_queue.open(going.id, revision_id=going.revision_id, at=NOON)
    await store.deployment_queue.begin(going.id, at=NOON)
    tools = tools_of(store, queueing)
    with monkeypatch.context() as older:
        older.setattr(queues, "VERSION", "1")
        await queueing.deployment(going.id, "shop/production", "1")
    taken_up(tmp_path, f"{going.id}:1")

    await upgrade.settle(tools, ("gone",))
    assert (await store.deployments.get(going.id)).state is DeploymentState.ROLLING_OUT

    with monkeypatch.context() as dying:
        dying.setattr(queueing.client, "cancel_workflow_async", away)
        with pytest.raises(Unavailable):
            await upgrade.settle(tools, ())
    await upgrade.settle(tools, ())

    ended = await store.deployments.get(going.id)
    assert (ended.state, ended.verdict_kind) == (DeploymentState.ENDED, VerdictKind.FAILED)
    assert ended.verdict is not None
    assert upgrade.DEPLOYMENT_ENDED in ended.verdict.reason
    assert await queueing.of_other_versions() == ()


async def test_a_retirement_is_never_lost_whenever_the_server_dies_over_it(
    store: Store, queueing: Queues, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It keeps its time, and there is one of it in the end."""
    tools = tools_of(store, queueing)
    with monkeypatch.context() as older:
        older.setattr(queues, "VERSION", "1")
        await queueing.retirement("d-1", "shop/production", after=timedelta(hours=1).total_seconds())
    (old,) = await queueing.of_other_versions()

    for dies_over in ("enqueue_async", "delete_workflows_async"):
        with monkeypatch.context() as dying:
            dying.setattr(queueing.client, dies_over, away)
            with pytest.raises(Unavailable):
                await upgrade.settle(tools, ())
        left = await queueing.client.list_workflows_async(status=["DELAYED"])
        assert {workflow.name for workflow in left} == {"retirement"}

    await upgrade.settle(tools, ())
    (new,) = await queueing.client.list_workflows_async(status=["DELAYED"])
    assert (new.name, new.app_version) == ("retirement", queues.VERSION)
    assert abs((new.delay_until_epoch_ms or 0) - (old.delay_until_epoch_ms or 0)) < 600_000
