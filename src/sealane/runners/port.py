"""The port of engines that run steps, as the story of a run uses it."""

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
"""Receives a step's output as it comes, with secrets not masked yet; called on the event loop."""


class Runner(Protocol):
    """Runs containers (or what stands for them) of runs.

    Every call may be repeated, even by another process after a crash: names derive from keys, existing containers are
    attached to, and nothing is started twice. Steps of one run may run at the same time. The outcome of the user's own
    work is a result; when the engine fails, calls raise sealane.errors.Unavailable, except `run_step`, which returns a
    broken result.
    """

    async def prepare(self, run: RunKey, workspace: Workspace) -> tuple[str, ...]:
        """Creates what the run's containers share. Called before anything else of the run, perhaps repeatedly.

        Returns the networks of its containers' addresses, in CIDR form.
        """

    async def start_service(self, run: RunKey, service: ServiceSpec) -> ServiceHealth | None:
        """Starts a service and returns at once; returns a health only when it can't be started."""

    async def await_healthy(self, run: RunKey, service: ServiceSpec) -> ServiceHealth:
        """Waits until a started service is healthy, has ended, or `ready_within` is over."""

    async def ended_early(self, run: RunKey, service: ServiceSpec) -> ServiceHealth | None:
        """How a formerly healthy service ended; None while it runs. For explaining a failed step."""

    async def run_step(self, run: RunKey, spec: StepSpec, output: Output) -> StepResult:
        """Runs one attempt to its end and passes on all its output, from the start.

        Attaches to the attempt's container if there is one; an ended container gives its output and result again. When
        the task is cancelled, it ends the step, with its grace, and then raises CancelledError.
        """

    async def kill(self, run: RunKey) -> None:
        """Ends the run's steps and services at once; what a second Ctrl-C asks for."""

    async def destroy(self, run: RunKey) -> None:
        """Removes everything of the run, or of its workflow, except workspaces; may be called at any time."""


class ImageBuilder(Protocol):
    """Builds and pushes images of runs; belongs to an engine."""

    async def build(self, image: ImageBuild, workshop: BuildWorkspace, sink: Sink) -> Image:
        """Builds one image and pushes it under the run's deploy tag, unless the registry has it.

        Raises BuildFailed when the user's build fails, UsageError, Unavailable; `sink` gets all its output.
        """
        ...

    async def tidy(self, repository: str, *, keep: Collection[str]) -> None:
        """Removes an image's tags of earlier runs outside the registry, except the newest and these."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class StepLimits:
    """Limits of steps and services on the engine's machine."""

    capabilities: tuple[str, ...]
    new_privileges: bool
    memory: str | None
    """`512m`, `4g` or a share of the machine, `75%`; None: no limit."""
    pids: int | None
    """Processes; None: no limit."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineContext:
    """The inputs for opening a server's engine."""

    state: Path
    """The folder in which an engine on this machine keeps its state."""
    variables: Mapping[str, str]
    """The environment of Sealane's own process."""
    socket: str | None
    """Its address as set by operators; None: in the usual places."""
    owner: str
    """The owner's label on everything that it makes."""
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
    """One line of the table of engines; its key is used in `SEALANE_ENGINE__KIND`."""

    open: Callable[[EngineContext], Awaitable[OpenEngine]]
    """Opens the engine. Raises Unavailable when none answers."""
