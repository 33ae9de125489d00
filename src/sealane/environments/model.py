"""Environments: what is allowed where, and who may. Pure: knows nothing about files on disk or clusters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path as FilePath
from typing import Any

from sealane.adapters import SHIPPED, Adapters
from sealane.configfiles.documents import Document, Path
from sealane.findings import Finding, Place
from sealane.pipelines.model import Approval
from sealane.stencils import platform
from sealane.stencils.platform import PlatformLine

FOLDER = "environments"
"""Where operators keep the files, one an environment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationConfig:
    """How to reach one destination."""

    name: str
    kind: str
    """Its key in the table of destinations."""
    written: Any
    """What the operators' file says of it, in the shape of its kind; paths from the root."""
    place: Place


def _nothing_wrong(written: Any, document: Document, path: Path) -> list[Finding]:
    del written, document, path
    return []


def _as_written(written: Any, folder: FilePath) -> Any:
    del folder
    return written


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationShape(PlatformLine):
    """How one kind of destination stands in an environment's file."""

    file: Any
    """The shape of what follows its key: a `File`, or another type that pydantic reads."""
    words: str = ""
    """What the shape is, where it is no `File` and has no words of its own."""
    problems: Callable[[Any, Document, Path], list[Finding]] = _nothing_wrong
    """What the shape can't say; the path is that of the key."""
    placed: Callable[[Any, FilePath], Any] = _as_written
    """What is written with its paths from the root; written, they begin at the file's own folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppLimits:
    """What one app may do in an environment; no pushed commit can loosen it."""

    namespaces: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    """Globs of the references its formations may name; nothing listed: none."""
    registries: tuple[str, ...] = ()
    """Globs of the image repositories it may run, `host/path/*`; nothing listed: none."""
    approvals: Approval | None = None
    """What each delivery must ask for at least."""
    deny_kinds: tuple[str, ...]
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """A policy that an app is let off, with the reason."""

    policy: str
    reason: str
    app: str | None = None
    """None: every app."""
    until: date | None = None
    """The last day it holds, in UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyChoice:
    """Which policies are tried on what goes into the environment."""

    packs: tuple[str, ...] = ("default@1",)
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A time that comes again and again, in which deployments may begin, or may not.

    It begins as a cron line or an RRULE of RFC 5545 says, on the clock of its time zone, and lasts for `duration`.
    """

    cron: str | None = None
    rrule: str | None = None
    start: datetime | None = None
    """The day and time from which an RRULE counts, on the same clock; None where it makes no difference."""
    duration: timedelta
    timezone: str = "UTC"
    """A name of the IANA time zone database."""
    apps: tuple[str, ...] = ()
    """Apps it is about; nothing listed: all."""
    reason: str
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Windows:
    """When deployments may begin. A window that denies beats any that allows; where some allow, all other time is shut."""

    allow: tuple[Window, ...] = ()
    deny: tuple[Window, ...] = ()
    break_glass: tuple[str, ...] = ()
    """Groups whose people may let a deployment through all the same, with a reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObservedPlace:
    """Something that others deploy, and where it is."""

    environment: str
    app: str
    formation: str
    destination: str
    namespace: str
    owner: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Environment:
    """One environment of the operators: `environments/NAME.yaml`."""

    name: str
    production: bool = False
    destinations: Mapping[str, DestinationConfig] = field(default_factory=dict)
    apps: Mapping[str, AppLimits] = field(default_factory=dict)
    policies: PolicyChoice = field(default_factory=PolicyChoice)
    delete_budget: int = 3
    """How many objects a deployment may delete without a typed yes."""
    gate_hosts: tuple[str, ...] = ()
    """Hosts that gates may ask from the server: `host`, `*.domain`, either with a port or `:*`."""
    windows: Windows = field(default_factory=Windows)
    allow_outdated: bool = False
    """Whether a failure is rolled back automatically to a revision that the limits, or policies, don't allow any more."""
    observed: tuple[ObservedPlace, ...] = ()
    """What others deploy here."""
    fixes_drift: bool = False
    """Whether what somebody changed by hand is put right by itself."""
    place: Place
    adapters: Adapters = field(default=SHIPPED, repr=False, compare=False)

    def kind_of(self, destination: str) -> str:
        """The kind of a destination; a cluster for one that it does not have."""
        config = self.destinations.get(destination)
        return config.kind if config else platform.CLUSTER

    """The tables by which its file was read."""
