"""Values of runners: what to run, where, under which names, and how it ended. Pure: knows nothing about engines."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from sealane.events.model import Event
from sealane.pipelines.model import Healthcheck, Pipeline, Plan, StepStatus

WORKSPACE = "/workspace"
"""The workspace in every step's container, and its working folder."""

REPOSITORY = "/repository"
"""The whole repository in a step's container when the workspace is one app's folder; steps work in that folder."""

_RUN_KEY = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_INTERFACE = 11
"""Characters of the hash: Linux allows 15 for the name of an interface (IFNAMSIZ)."""
_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_.-]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class RunKey:
    """A run's key: lower-case letters, digits and dashes, at most 63. All names in an engine derive from it."""

    value: str
    workflow: str = ""
    """The workflow whose containers share a network; empty in a pipeline without."""

    def __post_init__(self) -> None:
        if not _RUN_KEY.fullmatch(self.value):
            message = f"{self.value!r} is no run key: lower-case letters, digits and dashes, at most 63"
            raise ValueError(message)

    def __str__(self) -> str:
        return self.value

    @property
    def network(self) -> str:
        """The network of all containers of the run, or of its workflow."""
        return f"sealane-{self.value}-{_slug(self.workflow)}" if self.workflow else f"sealane-{self.value}"

    @property
    def interface(self) -> str:
        """The name of that network's bridge on the engine's machine: all have the same prefix, for packet filters."""
        whole = f"{self.value}/{self.workflow}" if self.workflow else self.value
        return f"slr-{hashlib.sha256(whole.encode()).hexdigest()[:_INTERFACE]}"

    def step(self, key: str, attempt: int) -> str:
        """The container of one attempt at a step; `key` as in the plan."""
        return f"sealane-{self.value}-{_slug(key)}-{attempt}"

    def service(self, name: str) -> str:
        """The container of a service."""
        return f"sealane-{self.value}-{_slug(f'service/{name}')}"


def _slug(text: str) -> str:
    """A valid part of an engine's name; a hash separates texts that would give the same part."""
    plain = _NOT_IN_NAMES.sub("-", text.replace("/", "-", 1))[:48]
    if plain == text.replace("/", "-", 1):
        return plain
    return f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Workspace:
    """The content of WORKSPACE in every step: either a folder of this machine or a volume of the engine."""

    folder: Path | None = None
    volume: str | None = None
    own: bool = False
    """A clone made for the run: its files may change owner. Files in a developer's folder never do."""
    repository: Path | None = None
    """The root of the repository, if the folder is below it."""
    elsewhere: tuple[tuple[Path, str], ...] = ()
    """Folders outside that git needs, with their paths in a container; read-only for steps."""

    def __post_init__(self) -> None:
        if (self.folder is None) == (self.volume is None):
            message = "a workspace is either a folder or a volume"
            raise ValueError(message)

    @property
    def root(self) -> Path:
        """The folder that is mounted as a whole: no step can change the path to it. Not for a volume."""
        assert self.folder is not None, "a volume has no path here"
        return self.repository or self.folder

    @property
    def inside(self) -> str:
        """The folder's path from the root, empty for the root itself; steps can change folders on it."""
        assert self.folder is not None, "a volume has no path here"
        return "/".join(self.folder.relative_to(self.root).parts)

    @property
    def workdir(self) -> str:
        """The folder in which steps begin."""
        if self.repository is None or self.folder is None:
            return WORKSPACE
        return f"{REPOSITORY}/{self.folder.relative_to(self.repository)}"

    @property
    def top(self) -> str:
        """The folder in a container that holds everything of the workspace."""
        return REPOSITORY if self.repository else WORKSPACE

    @property
    def binds(self) -> tuple[str, ...]:
        """The mounts, in the engine's form. In a developer's repository, only the app's folder is writable.

        In a clone, every folder on the path to the app's is mounted, too. Linux lets no step rename or remove a mount point
        (EBUSY, rename(2)); otherwise a step could put a link there, and the next step would get a folder of this machine.
        """
        mounts = [f"{self.folder or self.volume}:{WORKSPACE}"]
        if self.repository is not None:
            mounts.append(f"{self.repository}:{REPOSITORY}" + ("" if self.own else ":ro"))
            names = self.inside.split("/")
            ways = ["/".join(names[:length]) for length in range(1 if self.own else len(names), len(names) + 1)]
            mounts += [f"{self.repository / way}:{REPOSITORY}/{way}" for way in ways]
        return (*mounts, *(f"{source}:{target}:ro" for source, target in self.elsewhere))


@dataclass(frozen=True, kw_only=True, slots=True)
class StepSpec:
    """One attempt at one step."""

    key: str
    """As in the plan: step/test."""
    image: str
    commands: tuple[str, ...] = ()
    """Empty: the entry point runs."""
    entrypoint: tuple[str, ...] = ()
    """In place of the image's own; empty for that one. Not with `commands`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    timeout: timedelta = timedelta(hours=1)
    workdir: str | None = None
    """None for the workspace's own."""
    user: str | None = None
    """`user[:group]`; None for the image's."""
    attempt: int = 1
    """Counts from 1; each attempt has a container of its own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceSpec:
    """A container beside the steps, reached by its name."""

    name: str
    host: str = ""
    """The name by which steps reach it; empty for `name`."""
    image: str
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    healthcheck: Healthcheck | None = None
    ready_within: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class StepResult:
    """How an attempt ended: passed, failed (because of the step) or broken (because of Sealane or the engine)."""

    status: StepStatus
    exit_code: int | None = None
    reason: str | None = None
    """One sentence for people; None when passed."""
    started: datetime
    ended: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceHealth:
    """Whether a service became healthy; if not, why, and its last output."""

    healthy: bool
    reason: str | None = None
    log: bytes = b""
    """The last lines, secrets not yet masked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunContext:
    """Everything a run needs: what to do, for which event, where, and with which secrets."""

    run: RunKey
    pipeline: Pipeline
    plan: Plan
    event: Event
    workspace: Workspace
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Values of secrets by name; must have all that steps ask for."""
    images: Mapping[str, str] = field(default_factory=dict)
    """References of images built so far, by name, for `${image.NAME}`."""
    deploy_tag: str = ""
    failed: tuple[str, ...] = ()
    """Names of the steps that have failed or could not be run so far; ignored failures don't count."""

    def of(self, workflow: str, workspace: Workspace) -> RunContext:
        """What the steps of one workflow work with: its own services and workspace."""
        services = tuple(service for service in self.pipeline.services if service.workflow == workflow)
        return replace(
            self,
            run=replace(self.run, workflow=workflow),
            pipeline=replace(self.pipeline, services=services),
            workspace=workspace,
        )
