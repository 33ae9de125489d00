"""The port of the rooms that run steps: what the story of a run asks of an engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sealane.clients.registry_access import RegistryAccess
from sealane.runners.model import RunKey, ServiceHealth, ServiceSpec, StepResult, StepSpec, Workspace

if TYPE_CHECKING:
    from sealane.clients.image_build import Sink
    from sealane.images.model import Image
    from sealane.pipelines.model import ImageBuild
    from sealane.runners.build_workspace import BuildWorkspace

Output = Callable[[bytes], None]
"""Takes what a step prints, as it prints it, secrets not yet masked; called on the event loop."""


class Runner(Protocol):
    """Runs containers (or what stands for them) of runs.

    Every call may be repeated, also by another process after a crash: names derive from keys, what is there is
    attached to, and nothing is started twice. Steps of one run may run at the same time. What the user's own work
    comes to is a result; sealane.errors.Unavailable is raised where the engine could not do it, except by `run_step`,
    which says so as a broken result.
    """

    async def prepare(self, run: RunKey, workspace: Workspace) -> tuple[str, ...]:
        """Makes what the run's containers share. Called before anything else of the run, once or again.

        Gives the networks, in CIDR form, that its containers' addresses are of.
        """

    async def start_service(self, run: RunKey, service: ServiceSpec) -> ServiceHealth | None:
        """Starts a service and returns at once; a health only when it can't be started at all."""

    async def await_healthy(self, run: RunKey, service: ServiceSpec) -> ServiceHealth:
        """Waits until a started service is healthy, has ended, or `ready_within` is over."""

    async def ended_early(self, run: RunKey, service: ServiceSpec) -> ServiceHealth | None:
        """How a service ended that was healthy before; None while it runs. For explaining a step that failed."""

    async def run_step(self, run: RunKey, spec: StepSpec, output: Output) -> StepResult:
        """Runs one attempt to its end and passes on all it prints, from its beginning.

        Attaches to the attempt's container where there is one; a container that has ended gives its output and result
        again. When cancelled as a task it ends the step, with its grace, and then raises CancelledError.
        """

    async def kill(self, run: RunKey) -> None:
        """Ends the run's steps and services at once; what a second Ctrl-C asks for."""

    async def destroy(self, run: RunKey) -> None:
        """Removes everything of the run but its workspace's folder or volume; fine if nothing, or half, is there."""


class ImageBuilder(Protocol):
    """Builds and pushes images of runs; comes with its engine."""

    async def build(self, image: ImageBuild, workshop: BuildWorkspace, sink: Sink) -> Image:
        """Builds one image and pushes it under the run's deploy tag, unless the registry has it.

        Raises BuildFailed for the user's own fault, UsageError, Unavailable; `sink` is given all that it prints.
        """
        ...

    async def tidy(self, repository: str, *, keep: Collection[str]) -> None:
        """Removes what earlier runs left of an image beside the registry: all tags but the newest and these."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class StepLimits:
    """What steps and services may have of the engine's machine."""

    capabilities: tuple[str, ...]
    new_privileges: bool
    memory: str | None
    """`512m`, `4g` or a share of the machine, `75%`; None: no limit."""
    pids: int | None
    """Processes; None: no limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineContext:
    """What a server opens its engine with."""

    state: Path
    """The folder in which an engine of this machine keeps what it has."""
    variables: Mapping[str, str]
    """The environment of Sealane's own process."""
    socket: str | None
    """Where the operators say that it is; None: in the usual places."""
    owner: str
    """Stands on all that it makes."""
    pulls: RegistryAccess
    """The registries that images may be fetched from."""
    pull_patience: timedelta
    limits: StepLimits


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenEngine:
    """An engine that answers."""

    runner: Runner
    builder: ImageBuilder
    """Builds the images of its runs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineAdapter:
    """One line of the table of engines; its key stands in `SEALANE_ENGINE__KIND`."""

    open: Callable[[EngineContext], Awaitable[OpenEngine]]
    """The engine. Raises Unavailable where none answers."""
