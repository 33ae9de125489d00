"""The adapter that runs steps as containers of an engine, Docker's or Podman's.

Containers stay until their run is destroyed, so that after a crash the result of each attempt is still there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from typing_extensions import override

from sealane import clock
from sealane.clients.addresses import NotListed
from sealane.clients.engine import errors
from sealane.clients.engine.api import Engine
from sealane.clients.engine.model import Confinement, ContainerSpec, ContainerState, Leftover, Phase
from sealane.clients.registry_access import OPEN, RegistryAccess
from sealane.errors import Unavailable
from sealane.pipelines.model import StepStatus
from sealane.runners import capabilities, log_follow, outcomes, scripts, services, start_errors, stops, users
from sealane.runners.model import (
    RunKey,
    ServiceHealth,
    ServiceSpec,
    StepResult,
    StepSpec,
    Workspace,
)
from sealane.runners.port import Output, Runner

RUN = "sealane.run"
"""The label that says which run something belongs to."""
OWNER = "sealane.owner"
"""The label that says which process owns it; see sealane.runners.process_identity."""
WORKFLOW = "sealane.workflow"
"""The label that says which run and workflow something belongs to."""
STEP = "sealane.step"
"""The label of a step's container: the step's key."""
SCRIPT = "sealane.script"
"""The label of a step's container whose first process is the shell of our script."""


_COARSE = 1.0
"""Seconds by which a file may seem older than the run that wrote it, because file systems have coarse clocks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerDefaults:
    """How containers are treated."""

    grace: timedelta = timedelta(seconds=10)
    """How long a step may take to end, once asked to, before it is killed."""
    engine_patience: timedelta = timedelta(seconds=30)
    """How long to wait for an engine that stopped answering: on a busy machine its restart takes some 20 s."""
    pull_patience: timedelta = timedelta(minutes=10)
    """How long an engine may take to fetch one image."""
    confinement: Confinement = capabilities.USUAL
    """Limits of steps and services on the engine's machine."""
    log_bytes: int = 512 * 1024 * 1024
    """Bytes of one container's output that the engine keeps on disk."""


class DockerRunner(Runner):
    """Runs steps and services on one container engine. Everything it makes is labelled with `owner`."""

    def __init__(
        self,
        engine: Engine,
        *,
        owner: str,
        habits: ContainerDefaults | None = None,
        pulls: RegistryAccess = OPEN,
        now: clock.Clock = clock.now,
    ) -> None:
        """`pulls` are the registries that images may be fetched from."""
        self._engine = engine
        self._owner = owner
        self._habits = habits or ContainerDefaults()
        self._now = now
        self._workspaces: dict[RunKey, Workspace] = {}
        self._begun: dict[RunKey, float] = {}
        self._images: dict[RunKey, str] = {}
        self._access = pulls
        self._pulls: dict[str, asyncio.Lock] = {}

    @override
    async def prepare(self, run: RunKey, workspace: Workspace) -> tuple[str, ...]:
        """Creates the run's network and returns its addresses."""
        self._workspaces[run] = workspace
        self._begun.setdefault(run, self._now().timestamp() - _COARSE)
        return await self._engine.create_network(run.network, self._labels(run), interface=run.interface)

    @override
    async def start_service(self, run: RunKey, service: ServiceSpec) -> ServiceHealth | None:
        """Starts a service under its name in the run's network."""
        spec = ContainerSpec(
            name=run.service(service.name),
            image=service.image,
            command=service.command or None,
            environment={**service.environment, **service.secrets},
            labels=self._labels(run),
            network=run.network,
            aliases=(service.host or service.name,),
            healthcheck=service.healthcheck.test if service.healthcheck else None,
            log_bytes=self._habits.log_bytes,
            confinement=self._habits.confinement,
        )
        try:
            if not await self._create(spec, lambda _: None):
                state = await self._engine.state(spec.name)
                if state is not None and state.phase is not Phase.CREATED:
                    return None
            await self._engine.start(spec.name)
        except (errors.ImageMissing, errors.CannotExecute, NotListed) as error:
            return ServiceHealth(healthy=False, reason=str(error))
        return None

    @override
    async def await_healthy(self, run: RunKey, service: ServiceSpec) -> ServiceHealth:
        """Runs the service's healthcheck, or its image's, until it succeeds."""
        return await services.await_healthy(self._engine, run.service(service.name), service)

    @override
    async def ended_early(self, run: RunKey, service: ServiceSpec) -> ServiceHealth | None:
        """Whether the service's container has ended, and how."""
        return await services.ended_early(self._engine, run.service(service.name))

    @override
    async def run_step(self, run: RunKey, spec: StepSpec, output: Output) -> StepResult:
        """Runs one attempt in a container of its own."""
        begun = self._now()
        try:
            return await self._run_step(run, spec, output)
        except (errors.ImageMissing, errors.CannotExecute) as error:
            status, reason = StepStatus.FAILED, start_errors.explained(spec, error)
        except NotListed as error:
            status, reason = StepStatus.FAILED, str(error)
        except (errors.ContainerMissing, errors.NameTaken):  # a start answered with 409: it is being removed
            status, reason = StepStatus.BROKEN, outcomes.REMOVED
        except Unavailable as error:
            status, reason = StepStatus.BROKEN, str(error)
        return StepResult(status=status, reason=reason, started=begun, ended=self._now())

    @override
    async def kill(self, run: RunKey) -> None:
        """Kills everything of the run that is running."""
        await self._each(f"{RUN}={run}", lambda leftover: self._engine.signal(leftover.name, "KILL"))

    @override
    async def destroy(self, run: RunKey) -> None:
        """Removes the containers and networks of the run with its workflows, or of one workflow."""
        label = f"{WORKFLOW}={run}/{run.workflow}" if run.workflow else f"{RUN}={run}"
        await self._each(label, self._engine.remove)
        networks = {network.name for network in await self._engine.networks(label)}
        for name in sorted(networks | {run.network}):
            await self._engine.remove_network(name)
        for own in [key for key in self._workspaces if run in {key, RunKey(value=key.value)}]:
            workspace, image, since = self._workspaces.pop(own), self._images.pop(own, None), self._begun.pop(own, 0)
            name, labels = own.network, self._labels(own)
            await users.give_back(self._engine, workspace, since=since, name=name, image=image, labels=labels)

    async def _run_step(self, run: RunKey, spec: StepSpec, output: Output) -> StepResult:
        begun = self._now()
        container = self._container(run, spec)
        asked = asyncio.create_task(users.chosen(self._engine, container, self._workspaces[run]))
        try:
            fresh = await self._create(container, output)
        finally:  # the engine tells whose container it is while it makes it
            (user,) = await asyncio.gather(asked, return_exceptions=True)
        if fresh:
            self._images[run] = spec.image
            container = await self._settled(run, container, user if isinstance(user, str) else None, output)
        follow = log_follow.LogFollow(
            self._engine, container.name, output, patience=self._habits.engine_patience, fresh=fresh
        )
        time_left = spec.timeout if fresh else await self._time_left(container.name, spec)
        state, in_time = await self._watched(container, follow, time_left)
        context = outcomes.ExitContext(
            timed_out=None if in_time else spec.timeout,
            engine_was_away=follow.engine_was_away,
            disk_full=follow.disk_full,
            reads_input=bool(spec.commands) and scripts.reads_input(follow.last),
            memory=container.confinement.memory,
        )
        return outcomes.result(state, context, begun=begun, now=self._now())

    async def _settled(self, run: RunKey, container: ContainerSpec, user: str | None, output: Output) -> ContainerSpec:
        """The container adapted to its workspace; created again if necessary.

        `user` is asked again where it is not known: the image was fetched meanwhile.
        """
        workspace = self._workspaces[run]
        if user is None:
            user = await users.chosen(self._engine, container, workspace)
        settled = await users.settled(self._engine, container, workspace, user, output)
        if settled is not container:
            await self._engine.remove(Leftover(name=container.name, labels=container.labels))
            await self._create(settled, output)
        return settled

    async def _watched(
        self, container: ContainerSpec, follow: log_follow.LogFollow, time_left: timedelta
    ) -> tuple[ContainerState | None, bool]:
        """The container's last state, and whether it ended in time; ends it when it did not, or when cancelled."""
        watch = asyncio.create_task(follow.to_the_end())
        try:
            await asyncio.wait([watch], timeout=time_left.total_seconds())
            in_time = watch.done()
            if not in_time:
                await self._end_once_begun(container, follow, watch)
            return await watch, in_time
        except asyncio.CancelledError:
            with contextlib.suppress(Unavailable):
                await self._end_once_begun(container, follow, watch)
                await asyncio.wait([watch], timeout=self._habits.engine_patience.total_seconds())
            raise
        finally:
            watch.cancel()
            await asyncio.gather(watch, return_exceptions=True)

    async def _end_once_begun(
        self, container: ContainerSpec, follow: log_follow.LogFollow, watch: asyncio.Task[ContainerState | None]
    ) -> None:
        """Ends it once it has begun: engines refuse to end a container that they are about to start, and still start it."""
        begun = asyncio.create_task(follow.begun.wait())
        await asyncio.wait([begun, watch], return_when=asyncio.FIRST_COMPLETED)
        begun.cancel()
        script = SCRIPT in container.labels
        await stops.end(self._engine, container.name, grace=self._habits.grace, script=script)

    def _container(self, run: RunKey, spec: StepSpec) -> ContainerSpec:
        workspace = self._workspaces[run]
        script = scripts.handed_over(spec.commands) if spec.commands else None
        return ContainerSpec(
            name=run.step(spec.key, spec.attempt),
            image=spec.image,
            entrypoint=scripts.ENTRYPOINT if script else spec.entrypoint or None,
            command=script.arguments if script else () if spec.entrypoint else None,
            environment={**spec.environment, **spec.secrets},
            labels={**self._labels(run), STEP: spec.key, **({SCRIPT: "true"} if script else {})},
            workdir=spec.workdir or workspace.workdir,
            user=spec.user,
            binds=workspace.binds,
            network=run.network,
            files={scripts.FILE: script.file} if script and script.file else {},
            unlabelled=workspace.folder is not None,
            log_bytes=self._habits.log_bytes,
            confinement=self._habits.confinement,
        )

    async def _create(self, spec: ContainerSpec, output: Output) -> bool:
        """Creates the container, and fetches a missing image; False when the container already exists."""
        fresh = True
        try:
            try:
                await self._engine.create(spec)
            except errors.ImageMissing:
                await asyncio.to_thread(self._access.check_pull, spec.image)
                async with self._pulls.setdefault(spec.image, asyncio.Lock()):
                    output(f"fetching image {spec.image}\n".encode())
                    await self._engine.pull(spec.image, self._habits.pull_patience.total_seconds())
                await self._engine.create(spec)
        except errors.NameTaken:
            fresh = False
        if spec.files and (fresh or await self._waits_to_start(spec.name)):
            await self._engine.put(spec.name, spec.files)
        return fresh

    async def _waits_to_start(self, name: str) -> bool:
        state = await self._engine.state(name)
        return state is not None and state.phase is Phase.CREATED

    async def _time_left(self, name: str, spec: StepSpec) -> timedelta:
        """The time left for a step; one found running has already used some."""
        state = await self._engine.state(name)
        running = state is not None and state.phase is Phase.RUNNING
        used = self._now() - state.started if state and running and state.started else timedelta()
        return max(timedelta(), spec.timeout - used)

    async def _each(self, label: str, do: Callable[[Leftover], Awaitable[object]]) -> None:
        """Calls it for all containers with the label, several at a time; raises the first error once all are done."""
        leftovers = await self._engine.containers(label)
        done = await asyncio.gather(*(do(leftover) for leftover in leftovers), return_exceptions=True)
        for outcome in done:
            if isinstance(outcome, BaseException):
                raise outcome

    def _labels(self, run: RunKey) -> dict[str, str]:
        labels = {RUN: run.value, OWNER: self._owner}
        return {**labels, WORKFLOW: f"{run}/{run.workflow}"} if run.workflow else labels
