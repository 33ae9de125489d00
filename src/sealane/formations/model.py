"""A formation: one instance of an app, as its file says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sealane.charts.model import RemoteChart
from sealane.configfiles.documents import Path, nearest_place
from sealane.findings import Place
from sealane.formations.gates import Hook
from sealane.formations.graph_annotations import Annotation
from sealane.formations.health_checks import HealthCheck
from sealane.formations.strategy import Strategy


@dataclass(frozen=True, kw_only=True, slots=True)
class StencilChoice:
    """Which stencils a formation takes: globs on the path below `deploy/stencils`; nothing included means all."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    raw: tuple[str, ...] = ()
    """Those in which no words are replaced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A Helm chart whose objects a formation has."""

    release: str
    """What `.Release.Name` says."""
    path: str
    """Its folder in the repository; of a chart of another, what its files are called by in what is found."""
    remote: RemoteChart | None = None
    """Where it is, if in no folder of the repository."""
    value_files: tuple[str, ...] = ()
    """Files of the repository with values, each laid over the one before."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Laid over those of all files."""
    images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The word of an image to the paths of the values where it is put."""
    kube_version: str | None = None
    api_versions: tuple[str, ...] = ()
    tests: bool = False
    """Whether its hooks for `helm test` are gates."""
    skip_hooks: tuple[str, ...] = ()
    """Events of Helm's at which its hooks do not run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Formation:
    """One instance of an app: environment and destination, values, references of secrets, and strategy."""

    name: str
    environment: str
    destination: str
    namespace: str
    stencils: StencilChoice = field(default_factory=StencilChoice)
    charts: tuple[Chart, ...] = ()
    images: Mapping[str, str] = field(default_factory=dict)
    """The word in the stencils to the name in the pipeline: `{web: web-debug}`."""
    values: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    """Name of the entry to text, or to `file:` and a path in the repository."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Name of the entry to a reference of a store, `scheme:rest`."""
    strategy: Strategy = field(default_factory=Strategy)
    hooks: tuple[Hook, ...] = ()
    """Jobs around a rollout, in order."""
    annotations: tuple[Annotation, ...] = ()
    """Metric stores that are told how it ended."""
    health: tuple[HealthCheck, ...] = ()
    """For kinds that Sealane can't judge by itself."""
    place: Place
    places: Mapping[Path, Place] = field(default_factory=dict, repr=False)
    """Where each value of the formation's file stands, by path."""
    written: Mapping[Path, str] = field(default_factory=dict, repr=False)
    """How each of its numbers is written, by path."""

    def at(self, *path: str | int) -> Place:
        """Where the value at the path stands, or its nearest parent that is in the file."""
        return nearest_place(self.places, path, self.place)
