"""What a server opens before its parts are put together: its folder, database, queues and metric stores."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO

from sealane import __version__, clock, data_folder
from sealane.accounts import server_access
from sealane.adapters import Adapters
from sealane.blobs.logs import Logs
from sealane.clients.relay.hub import Away, Hub
from sealane.environments.window_status import Forecast
from sealane.metric_sinks.port import OpenSink, SinkContext, open_sinks
from sealane.runners.port import EngineAdapter
from sealane.settings.model import Settings
from sealane.store.all_stores import Store
from sealane.store.explanations import Prospects
from sealane.workflows import failover
from sealane.workflows.failover import Worker
from sealane.workflows.queues import Queues
from sealane.workflows.readmission import Readmission


@dataclass(frozen=True, kw_only=True, slots=True)
class Resources:
    """What all parts of a server use."""

    settings: Settings
    adapters: Adapters
    sinks: Mapping[str, OpenSink]
    lock: IO[str] | None
    """On the data folder, where there may be only one process."""
    key: str = field(repr=False)
    logs: Logs
    forecast: Forecast
    store: Store
    queueing: Queues
    worker: Worker
    relays: Hub


async def open_all(settings: Settings, adapters: Adapters) -> Resources:
    """Opens them, and reports mistakes in operators' files on the way. Raises as `composition.start` does."""
    adapters.engines.get(settings.engine.kind, EngineAdapter)  # report a mistake before anything is created
    measured = settings.metrics
    here = f"{socket.gethostname()}:{settings.http.port}"
    sinks = open_sinks(measured.sinks, SinkContext(prefix=measured.prefix, version=__version__, process=here), adapters)
    data_folder.prepare(settings.data)
    lock = data_folder.lock(settings.data) if settings.store_url.startswith("sqlite:") else None
    key = server_access.key(settings)
    logs = Logs(settings.logs)
    forecast = Forecast(settings.config_folder, adapters=adapters)
    forecast.access()  # report a mistake now; later it would silently give people fewer rights
    forecast.notices()
    store = await Store.open(settings.store_url, logs=logs, prospects=_prospects(settings, forecast))
    queueing = await Queues.open(settings.flows_url, poll=settings.worker.poll, runs_at_once=settings.runs.at_once)
    worker = Worker(
        failover.fresh_id(),
        store.workers,
        heartbeat=settings.worker.heartbeat,
        dead_after=settings.worker.dead_after,
    )
    if lock is not None:
        await store.relay_lines.end_all()
    return Resources(
        settings=settings,
        adapters=adapters,
        sinks=sinks,
        lock=lock,
        key=key,
        logs=logs,
        forecast=forecast,
        store=store,
        queueing=queueing,
        worker=worker,
        relays=Hub(lambda relay: _away(store, relay, worker.id)),
    )


async def _away(store: Store, relay: str, process: str) -> Away:
    lines = await store.relay_lines.of(relay)
    now = clock.now()
    standing = sum(line.stands(now) for line in lines if line.process != process)
    return Away(elsewhere=standing, since=max((line.left for line in lines), default=None))


def _prospects(settings: Settings, forecast: Forecast) -> Prospects:
    return Prospects(
        outlook=lambda deployment: forecast.outlook(deployment.app, deployment.environment),
        production=forecast.production,
        people=forecast.people,
        access=forecast.access,
        refusals=Readmission(settings.config_folder, forecast).round,
        room=settings.runs.at_once,
        per_app=settings.runs.per_app,
    )
