"""Requests to an engine and its answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Phase(StrEnum):
    """The phase of a container."""

    CREATED = "created"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class Confinement:
    """A container's limits on its machine; None leaves one to the engine."""

    capabilities: tuple[str, ...] | None = None
    """Linux capabilities (capabilities(7)), without `CAP_`; all others are dropped."""
    new_privileges: bool = True
    """Whether its programs may gain privileges by setuid or file capabilities."""
    memory: int | None = None
    """Bytes, swap included."""
    pids: int | None = None
    """Processes and threads."""


UNCONFINED = Confinement()


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSpec:
    """A container to create. `entrypoint` None keeps the image's own, and also its command unless one is given."""

    name: str
    image: str
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    workdir: str | None = None
    user: str | None = None
    """`user[:group]`, names or numbers; None keeps the image's own."""
    user_mapping: str | None = None
    """Mapping of its users to the machine's, in the format of `--userns`; None for the engine's default."""
    binds: tuple[str, ...] = ()
    """`source:target`: a folder's absolute path or a volume's name, and the mount point."""
    network: str | None = None
    aliases: tuple[str, ...] = ()
    """Its other names in its network."""
    healthcheck: tuple[str, ...] | None = None
    """The test in the engine's form (CMD or CMD-SHELL first), run only when asked for; None keeps the image's own."""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Files to put into it before it starts, by absolute path."""
    unlabelled: bool = False
    """Gives it access to the machine's own folders on hosts with SELinux."""
    log_bytes: int
    """Bytes of its output that the engine keeps."""
    confinement: Confinement = UNCONFINED


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerState:
    """The engine's state of a container."""

    phase: Phase
    exit_code: int | None = None
    """Only when it has ended."""
    out_of_memory: bool = False
    started: datetime | None = None
    ended: datetime | None = None
    error: str = ""
    stop_signal: str | None = None
    """The signal that asks it to end; None if it does not define one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageCheck:
    """A health check that an image defines; None for fields that it does not set."""

    test: tuple[str, ...]
    """The test in the engine's form: CMD or CMD-SHELL first."""
    interval: timedelta | None = None
    timeout: timedelta | None = None
    retries: int | None = None
    start_period: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineLimits:
    """What an engine can limit on its machine."""

    memory_of_machine: int
    """Bytes."""
    memory: bool
    pids: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Leftover:
    """A leftover of a run in an engine: its name or id, and its labels."""

    name: str
    labels: Mapping[str, str]
    running: bool = False
    """Whether it is a container that runs."""
