"""Environments: what is allowed where, and for whom. Pure: knows nothing about files on disk or clusters."""

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
from sealane.stencils.platform import ClaimKind, PlatformLine

FOLDER = "environments"
"""The folder of the operators' files, one per environment."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationConfig:
    """How to reach one destination."""

    name: str
    kind: str
    """Its key in the table of destinations."""
    written: Any
    """Its entry in the operators' file, in the shape of its kind, with absolute paths."""
    place: Place


def _nothing_wrong(written: Any, document: Document, path: Path) -> list[Finding]:
    del written, document, path
    return []


def _as_written(written: Any, folder: FilePath) -> Any:
    del folder
    return written


@dataclass(frozen=True, kw_only=True, slots=True)
class DestinationShape(PlatformLine):
    """How one kind of destination is written in an environment's file."""

    file: Any
    """The shape of the value after its key: a `File`, or another type that pydantic reads."""
    words: str = ""
    """A description of the shape if it is not a `File` with its own description."""
    problems: Callable[[Any, Document, Path], list[Finding]] = _nothing_wrong
    """Problems that the shape can't express; the path is that of the key."""
    placed: Callable[[Any, FilePath], Any] = _as_written
    """The entry with absolute paths; in the file, they are relative to its folder."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppLimits:
    """What one app may do in an environment; no pushed commit can loosen it."""

    namespaces: tuple[str, ...]
    secrets: tuple[str, ...] = ()
    """Globs of the references its formations may name; nothing listed: none."""
    registries: tuple[str, ...] = ()
    """Globs of the image repositories it may run, `host/path/*`; nothing listed: none."""
    claims: Mapping[ClaimKind, tuple[str, ...]] = field(default_factory=dict)
    """Globs of roles and artifacts that its objects may name; nothing listed: none."""
    approvals: Approval | None = None
    """The approvals that each delivery needs at least."""
    deny_kinds: tuple[str, ...]
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """A policy that an app need not meet, with the reason."""

    policy: str
    reason: str
    app: str | None = None
    """None: every app."""
    until: date | None = None
    """The last day on which it is valid, in UTC."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyChoice:
    """Which policies apply to deployments in the environment."""

    packs: tuple[str, ...] = ("default@1",)
    waivers: tuple[Waiver, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """A recurring time in which deployments may begin, or may not.

    A cron line or an RRULE of RFC 5545 sets its beginnings, on the clock of its time zone; it lasts for `duration`.
    """

    cron: str | None = None
    rrule: str | None = None
    start: datetime | None = None
    """The day and time from which an RRULE counts, on the same clock; None if it makes no difference."""
    duration: timedelta
    timezone: str = "UTC"
    """A name of the IANA time zone database."""
    apps: tuple[str, ...] = ()
    """Apps it is about; nothing listed: all."""
    reason: str
    place: Place


@dataclass(frozen=True, kw_only=True, slots=True)
class Windows:
    """When deployments may begin. Denying windows take precedence; if there are allowing ones, all other time is shut."""

    allow: tuple[Window, ...] = ()
    deny: tuple[Window, ...] = ()
    break_glass: tuple[str, ...] = ()
    """Groups whose members may still let a deployment through, with a reason."""


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
    """How many objects a deployment may delete without a person's confirmation."""
    gate_hosts: tuple[str, ...] = ()
    """Hosts that gates may ask from the server: `host`, `*.domain`, either with a port or `:*`."""
    windows: Windows = field(default_factory=Windows)
    allow_outdated: bool = False
    """Whether a failure is rolled back automatically even to a revision that limits or policies no longer allow."""
    observed: tuple[ObservedPlace, ...] = ()
    """What others deploy here."""
    fixes_drift: bool = False
    """Whether manual changes are reverted automatically."""
    place: Place
    adapters: Adapters = field(default=SHIPPED, repr=False, compare=False)

    def kind_of(self, destination: str) -> str:
        """The kind of a destination; a cluster for an unknown one."""
        config = self.destinations.get(destination)
        return config.kind if config else platform.CLUSTER

    """The tables by which its file was read."""
