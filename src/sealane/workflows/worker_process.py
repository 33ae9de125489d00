"""The process of a worker from start to end: heartbeats, takeovers, and sweeps for lost work."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sealane import clock
from sealane.errors import SealaneError, trace
from sealane.outbox.subscriptions import Subscriber
from sealane.workflows import clone_sweep, deployment, retirement, run, subscriber_loop, upgrade
from sealane.workflows.context import Tools
from sealane.workflows.engine import Engine, EngineSettings
from sealane.workflows.failover import Worker
from sealane.workflows.formation_watch import FormationWatch
from sealane.workflows.notice_watch import Sender
from sealane.workflows.observed_places import ObservedPlacesWatch

_log = logging.getLogger(__name__)

_GONE = 70
_FORGET_EVERY = 600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RunningWorker:
    """A running worker."""

    worker: Worker
    engine: Engine

    async def stop(self) -> None:
        """Signs off: others may take over its workflows at once. Running containers go on; the next worker attaches."""
        await self.worker.resign()

    async def destroy(self) -> None:
        """As `stop`, and ends every task of it; for tests that start another worker in the same process."""
        await self.worker.resign()
        await self.engine.destroy()


def die() -> None:
    """Ends the process at once: it was declared dead and others do its work, so anything it still does is wrong."""
    logging.shutdown()
    os._exit(_GONE)


async def start(
    worker: Worker,
    tools: Tools,
    notices: Sender,
    *,
    alone: bool,
    subscribers: Sequence[Subscriber] = (),
    lost: Callable[[], None] = die,
) -> RunningWorker:
    """Starts a worker. `alone`: no other can be alive; `lost` is called when others declared it dead."""
    for workflow in (run, deployment, retirement):
        workflow.register(tools)
    await worker.register()
    bells = tools.gates.queueing.bells
    engine = await Engine.start(EngineSettings(url=tools.settings.flows_url, worker=worker.id, bells=bells))
    await worker.take_over(engine, alone=alone)
    engine.begin(worker.beat(lost))
    engine.begin(_sweep(worker, engine, tools))
    engine.begin(FormationWatch(worker, tools).run())
    engine.begin(ObservedPlacesWatch(worker, tools).run())
    engine.begin(subscriber_loop.run(worker, tools.store.outbox, subscribers))
    engine.begin(notices.run(worker))
    return RunningWorker(worker=worker, engine=engine)


async def _sweep(worker: Worker, engine: Engine, tools: Tools) -> None:
    store, gates, settings = tools.store, tools.gates, tools.settings
    forgotten = -_FORGET_EVERY
    while not worker.leaving:
        try:
            await tools.slots.sweep()
            await gates.sweep()
            await worker.take_over(engine)
            await store.outbox.trim(clock.now() - timedelta(days=settings.events.keep_days))
            if time.monotonic() - forgotten > _FORGET_EVERY:
                forgotten = time.monotonic()
                await upgrade.settle(tools, await worker.alive())
                await gates.queueing.forget(clock.now() - timedelta(days=settings.worker.remember_days))
                await clone_sweep.sweep(store, settings)
                await store.notices.trim(clock.now() - timedelta(days=settings.events.keep_days))
        except SealaneError as error:
            _log.warning("the sweep waits: %s", error)
        except Exception as error:  # noqa: BLE001 - the next sweep may fare better; without sweeps nothing lost is ever found
            if not worker.leaving:
                _log.error("the sweep failed\n%s", trace(error))
        await asyncio.sleep(settings.worker.sweep)
