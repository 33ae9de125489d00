"""What an older version of the server had queued: a newer one queues it anew, whenever it dies over that."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sealane.errors import Unavailable
from sealane.store.all_stores import Store
from sealane.workflows import queues, upgrade
from sealane.workflows.queues import Queues
from sealane.workflows.run_slots import RunSlots

from .samples import push


async def away(*_: Any) -> None:
    """Nothing is queued any more."""
    raise Unavailable("the machine went away")


async def test_what_was_queued_is_queued_anew_also_by_whoever_comes_after(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    queueing = await Queues.open(f"sqlite:///{tmp_path}/workflows.db", poll=1.0, runs_at_once=1)
    slots = RunSlots(store=store, queueing=queueing, at_once=4)
    tools: Any = SimpleNamespace(store=store, gates=SimpleNamespace(queueing=queueing))
    try:
        run = (await store.runs.receive(push("a"), source="gitea")).run_id
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
    finally:
        await queueing.close()
