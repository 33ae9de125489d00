"""What is asked of an engine, and what it answers. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Phase(StrEnum):
    """How far a container is."""

    CREATED = "created"
    RUNNING = "running"
    ENDED = "ended"


@dataclass(frozen=True, kw_only=True, slots=True)
class Confinement:
    """What a container may have of its machine; None leaves it to the engine."""

    capabilities: tuple[str, ...] | None = None
    """Of Linux (capabilities(7)), without `CAP_`; it has no others."""
    new_privileges: bool = True
    """Whether its programs may become more than they are, by setuid or file capabilities."""
    memory: int | None = None
    """Bytes, swap included."""
    pids: int | None = None
    """Processes and threads."""


UNCONFINED = Confinement()


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerSpec:
    """A container to create. `entrypoint` None keeps the image's own, and its command unless one is given."""

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
    """Which users of the machine its users are, as `--userns` takes it; None for the engine's usual ones."""
    binds: tuple[str, ...] = ()
    """`source:target`: a folder's absolute path or a volume's name, and where it is mounted."""
    network: str | None = None
    aliases: tuple[str, ...] = ()
    """Other names by which it is found in its network."""
    healthcheck: tuple[str, ...] | None = None
    """The test in the engine's form (CMD or CMD-SHELL first), run only when asked for; None keeps the image's own."""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """What is put into it, at absolute paths, before it starts."""
    unlabelled: bool = False
    """Let it into the machine's own folders on hosts with SELinux."""
    log_bytes: int
    """How much of its output the engine keeps."""
    confinement: Confinement = UNCONFINED


@dataclass(frozen=True, kw_only=True, slots=True)
class ContainerState:
    """What the engine says about a container."""

    phase: Phase
    exit_code: int | None = None
    """Only when it has ended."""
    out_of_memory: bool = False
    started: datetime | None = None
    ended: datetime | None = None
    error: str = ""
    stop_signal: str | None = None
    """What it wants to be asked to end with; None when it does not say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageCheck:
    """A health check that an image brings along; what it does not say is None."""

    test: tuple[str, ...]
    """In the engine's form: CMD or CMD-SHELL first."""
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
    """Something of a run that an engine has: its name or id, and its labels."""

    name: str
    labels: Mapping[str, str]
    running: bool = False
    """Whether it is a container that runs."""
