"""The composition root: puts the parts of a server together, and takes them apart. The only place that knows all of them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import IO

from sealane import server_resources
from sealane.accounts import server_access
from sealane.accounts.membership import Membership
from sealane.accounts.registration import Apps
from sealane.accounts.sign_in import Access
from sealane.adapters import SHIPPED, Adapters
from sealane.blobs.bundles import Bundles
from sealane.clients.git_http_backend import Repositories
from sealane.clients.relay.hub import Hub
from sealane.events.model import Pusher
from sealane.metric_sinks.port import Push
from sealane.notices.threads import NoticeThreads
from sealane.outbox.followers import Followers
from sealane.outbox.subscriptions import Subscriber
from sealane.records.deployments import Deployment
from sealane.records.scopes import EVERYTHING, Scope
from sealane.runners.port import EngineAdapter, EngineContext, StepLimits
from sealane.secrets import keys
from sealane.server_resources import Resources
from sealane.settings.model import Settings
from sealane.store.all_stores import Store
from sealane.store.views import Views
from sealane.workflows import checkouts, context, worker_process
from sealane.workflows.admission import Gates
from sealane.workflows.artifact_requests import ArtifactRequests
from sealane.workflows.break_glass import BreakGlass
from sealane.workflows.connections import Destinations
from sealane.workflows.durable import Probe, unwatched
from sealane.workflows.failover import Fencing
from sealane.workflows.gate_answers import GateAnswers
from sealane.workflows.intake import Intake
from sealane.workflows.live_queries import LiveQueries
from sealane.workflows.measurements import SinkSubscriber, TotalsSubscriber
from sealane.workflows.notice_targets import Targets
from sealane.workflows.notice_watch import Sender, Teller
from sealane.workflows.operations import Requests
from sealane.workflows.queues import Queues
from sealane.workflows.run_slots import RunSlots
from sealane.workflows.votes import Approvals
from sealane.workflows.worker_process import RunningWorker

_ALONE = "alone"
"""The holder's name where there is only one process: a new process takes over at once from a killed one."""


class Role(StrEnum):
    """What a process does."""

    ALL = "all"
    API = "api"
    """Answers requests; workflows run elsewhere."""
    WORKER = "worker"
    """Runs workflows; like ALL, but serves no pages."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """Everything that routes, pages and commands use."""

    settings: Settings
    settings_url: str
    """The address people use."""
    first_token: str | None = field(repr=False)
    """The administrator's token, on the very first start only."""
    store: Store
    access: Access
    membership: Membership
    apps: Apps
    intake: Intake
    requests: Requests
    artifacts: ArtifactRequests
    bundles: Bundles
    """What was uploaded."""
    approvals: Approvals
    speaking: GateAnswers
    glass: BreakGlass
    looking: LiveQueries
    repositories: Repositories
    queueing: Queues
    working: RunningWorker | None
    targets: Targets
    """The targets of notices."""
    threads: NoticeThreads
    """Threads for blocking libraries that send notices."""
    lock: IO[str] | None
    relays: Hub
    """The relays that are connected to this process."""
    process: str
    """Its name among the server's processes."""
    pushes: Mapping[str, Push] = field(default_factory=dict)
    """Metric stores that regularly receive all current values, by the names of their sinks."""
    subscribers: tuple[str, ...] = ()
    """The names of the subscribers to events, whichever process they run in."""
    untaken: dict[str, Pusher | None] = field(default_factory=dict)
    """Apps with a push to a repository served here that has begun and isn't recorded yet, and who pushed."""
    adapters: Adapters = SHIPPED
    """The adapters of every port."""
    scope: Scope = EVERYTHING
    """The apps that are shown."""

    @property
    def views(self) -> Views:
        """Everything that is shown."""
        return self.store.views.within(self.scope)

    @property
    def followers(self) -> Followers:
        """Live followers of events."""
        return self.store.followers

    async def stop(self) -> None:
        """Ends the server. Steps in containers keep running; the next server attaches to them."""
        if self.working is not None:
            await self.working.stop()
        await self._close()

    async def destroy(self) -> None:
        """Ends the server with all its tasks, so that another one can be started in the same process; for tests."""
        if self.working is not None:
            await self.working.destroy()
        await self._close()

    async def _close(self) -> None:
        await self.looking.close()
        await self.queueing.close()
        await self.store.close()
        self.threads.close()
        if self.lock is not None:
            self.lock.close()


async def start(
    settings: Settings,
    *,
    role: Role = Role.ALL,
    lost: Callable[[], None] = worker_process.die,
    adapters: Adapters = SHIPPED,
    probe: Probe = unwatched,
) -> Server:
    """Starts a server. `lost` is called when other workers have declared this one dead; by default the process ends.

    Raises Unavailable when the database or the engine does not answer, or another server has the data folder,
    InvalidFiles when access.yaml can't be read, and NotThere for a kind of engine that is not in the table.
    """
    opened = await server_resources.open_all(settings, adapters)
    store, forecast, runs = opened.store, opened.forecast, settings.runs
    destinations = _destinations(opened)

    def planned(deployment: Deployment) -> bool:
        return destinations.plans(forecast.environments, deployment.environment, deployment.destination)

    gates = Gates(store=store, queueing=opened.queueing, planned=planned)
    slots = RunSlots(store=store, queueing=opened.queueing, at_once=runs.at_once, per_app=runs.per_app)
    intake = Intake(store=store, slots=slots, per_push=runs.per_push)
    glass = BreakGlass(store=store, groups=forecast.glass_groups, look=gates.look)
    membership = Membership(store=store, files=forecast)
    access = server_access.access(settings, store, key=opened.key, scoped=membership.of)
    repositories = Repositories(settings.repositories, most_bytes=settings.git.max_pack, patience=settings.git.patience)
    equipment = None if role is Role.API else await _equipment(opened, probe)
    tools = _tools(opened, equipment, destinations, gates=gates, slots=slots, membership=membership)
    bundles = Bundles(settings.bundles)
    requests = Requests(tools=tools, store=store, gates=gates, intake=intake, glass=glass)
    threads = NoticeThreads()
    targets = _targets(opened, threads)
    subscribers = _subscribers(opened)
    return Server(
        settings=settings,
        settings_url=settings.public_url,
        first_token=await access.make_administrator(),
        store=store,
        access=access,
        membership=membership,
        apps=Apps(store, access, repositories, key=opened.key.encode(), identities=settings.identities),
        intake=intake,
        requests=requests,
        artifacts=ArtifactRequests(tools=tools, store=store, releases=requests.releases, bundles=bundles),
        bundles=bundles,
        approvals=Approvals(store=store, look=gates.look),
        speaking=GateAnswers(store=store),
        glass=glass,
        looking=LiveQueries(tools, settings.data / "dummies", relays=opened.relays),
        relays=opened.relays,
        process=opened.worker.id,
        repositories=repositories,
        queueing=opened.queueing,
        working=None
        if role is Role.API
        else await worker_process.start(
            opened.worker,
            tools,
            Sender(store=store, targets=targets, holder=opened.worker.id if opened.lock is None else _ALONE),
            alone=opened.lock is not None,
            subscribers=subscribers,
            lost=lost,
        ),
        targets=targets,
        threads=threads,
        lock=opened.lock,
        pushes={key: sink.push for key, sink in opened.sinks.items() if sink.push},
        subscribers=tuple(subscriber.name for subscriber in subscribers),
        adapters=adapters,
    )


def _tools(
    opened: Resources,
    equipment: context.WorkerContext | None,
    destinations: Destinations,
    *,
    gates: Gates,
    slots: RunSlots,
    membership: Membership,
) -> context.Tools:
    return context.Tools(
        settings=opened.settings,
        store=opened.store,
        logs=opened.logs,
        destinations=destinations,
        equipment=equipment,
        gates=gates,
        slots=slots,
        environments=opened.forecast.environments,
        may_deploy=membership.may_deploy,
        names_key=keys.names_key(opened.key),
        adapters=opened.adapters,
    )


def _destinations(opened: Resources) -> Destinations:
    settings = opened.settings
    dummies = settings.data / "dummies"
    return Destinations(
        dummies, opened.adapters, keys=settings.identities, relays=opened.relays, helm=settings.helm.program
    )


def _targets(opened: Resources, threads: NoticeThreads) -> Targets:
    settings = opened.settings
    return Targets(
        config=opened.forecast.notices,
        folder=settings.config_folder,
        identities=settings.identities,
        key=opened.key.encode(),
        threads=threads,
        networks=settings.egress.allowed,
        adapters=opened.adapters,
    )


def _subscribers(opened: Resources) -> tuple[Subscriber, ...]:
    store = opened.store
    return (
        TotalsSubscriber(store.metric_totals),
        Teller(store=store, config=opened.forecast.notices, server=opened.settings.public_url),
        *(SinkSubscriber(key, sink.adapter, sink.sink, store) for key, sink in opened.sinks.items()),
    )


async def _equipment(opened: Resources, probe: Probe) -> context.WorkerContext:
    settings, worker = opened.settings, opened.worker
    engine_context = EngineContext(
        state=settings.data / "dummies",
        variables=os.environ,
        socket=settings.engine.socket,
        owner=f"sealane-server-{socket.gethostname()}",  # so that no other sweep thinks that this process has ended
        pulls=checkouts.pulls(settings),
        pull_patience=timedelta(seconds=settings.engine.pull_patience),
        limits=StepLimits(
            capabilities=tuple(settings.steps.capabilities),
            new_privileges=settings.steps.new_privileges,
            memory=settings.steps.memory,
            pids=settings.steps.pids,
        ),
    )
    engine = await opened.adapters.engines.get(settings.engine.kind, EngineAdapter).open(engine_context)
    fencing = Fencing(worker.id, opened.store.workers)
    return context.WorkerContext(
        runner=engine.runner, builder=engine.builder, fencing=fencing, leaving=lambda: worker.leaving, probe=probe
    )
