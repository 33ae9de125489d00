"""A formation: one instance of an app, as in its file. Pure."""

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
    """Globs of stencils in which no placeholders are replaced."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """A Helm chart that is part of a formation."""

    release: str
    """The value of `.Release.Name`."""
    path: str
    """Its folder in the repository; for a remote chart, the folder shown in findings."""
    remote: RemoteChart | None = None
    """Where it is, if not in the repository."""
    value_files: tuple[str, ...] = ()
    """Files of the repository with values, each overriding the one before."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Values that override those of all files."""
    images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The paths of values for each image, by the image's placeholder name."""
    kube_version: str | None = None
    api_versions: tuple[str, ...] = ()
    tests: bool = False
    """Whether its hooks for `helm test` are gates."""
    skip_hooks: tuple[str, ...] = ()
    """Helm's events at which its hooks do not run."""
    as_release: bool = False
    """Whether Helm installs and upgrades it, so that it is in `helm list`."""
    history_max: int = 10
    """How many versions of the release Helm keeps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchTarget:
    """Which objects a patch changes: those that all given conditions hold for."""

    group: str | None = None
    """Empty for Kubernetes' core group."""
    kind: str | None = None
    name: str | None = None
    """A glob."""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Patch:
    """A file that changes objects of a formation once they are rendered."""

    path: str
    target: PatchTarget | None = None
    """None: each document of the file names its object."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """A folder of another repository at a commit."""

    folder: str
    """Where its files seem to be in the app's own folder."""
    repository: str
    commit: str
    """The whole hash."""
    path: str = ""
    """The folder of that repository; empty for all of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Formation:
    """One instance of an app: environment and destination, values, references of secrets, and strategy."""

    name: str
    environment: str
    destination: str
    namespace: str
    stencils: StencilChoice = field(default_factory=StencilChoice)
    charts: tuple[Chart, ...] = ()
    kustomize: tuple[str, ...] = ()
    """Folders of the repository with a `kustomization.yaml`."""
    bases: tuple[Base, ...] = ()
    patches: tuple[Patch, ...] = ()
    """They are applied in this order."""
    images: Mapping[str, str] = field(default_factory=dict)
    """The image's name in the pipeline by its name in the stencils: `{web: web-debug}`."""
    values: Mapping[str, Any] = field(default_factory=dict)
    config: Mapping[str, str] = field(default_factory=dict)
    """The text of each entry, or `file:` and a path in the repository, by name."""
    secrets: Mapping[str, str] = field(default_factory=dict)
    """The reference of each entry, `scheme:rest`, by name."""
    strategy: Strategy = field(default_factory=Strategy)
    hooks: tuple[Hook, ...] = ()
    """Jobs around a rollout, in order."""
    annotations: tuple[Annotation, ...] = ()
    """Metric stores that receive its results."""
    health: tuple[HealthCheck, ...] = ()
    """For kinds that Sealane can't judge by itself."""
    place: Place
    places: Mapping[Path, Place] = field(default_factory=dict, repr=False)
    """The place of each value in the formation's file, by path."""
    written: Mapping[Path, str] = field(default_factory=dict, repr=False)
    """How each number is written, by path."""

    def at(self, *path: str | int) -> Place:
        """The place of the value at the path, or of its nearest parent in the file."""
        return nearest_place(self.places, path, self.place)
