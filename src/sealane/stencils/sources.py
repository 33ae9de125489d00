"""What a formation is rendered from: stencils, charts, patches and configuration, parsed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sealane.charts import values as chart_values
from sealane.charts.buckets import BucketObject
from sealane.configfiles.documents import Document
from sealane.findings import Place
from sealane.formations.model import Chart, Formation, Patch
from sealane.kustomize.model import Kustomization
from sealane.stencils.placeholders import Source


@dataclass(frozen=True, kw_only=True, slots=True)
class Stencil:
    """One document of a stencil file, placeholders not replaced yet."""

    document: Document
    source: Source
    """The whole file's text."""
    raw: bool = False
    """Whether its file is used without replacing placeholders."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfigEntry:
    """One entry of a formation's configuration before its placeholders are replaced."""

    content: bytes = field(repr=False)
    place: Place
    """The file that was read, or the place of the text in the formation's file."""
    source: Source | None = None
    """The formation's file when the text is there; None when it comes from its own file."""
    raw: bool = False
    """Whether it is used without replacing placeholders."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredValues:
    """Values of a chart that are in a bucket."""

    object: BucketObject
    after: int
    """How many of the chart's values they are laid over, of those that are not in buckets."""
    raw: bool
    place: Place
    """Where the formation names them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartSource:
    """A chart of a formation and its values, placeholders not replaced yet."""

    chart: Chart
    name: str = ""
    """Its name in Chart.yaml."""
    version: str = ""
    app_version: str = ""
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Its files by their path in the chart; empty while it is not fetched."""
    own: Document | None = None
    """Its default values."""
    subcharts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """The default values of its subcharts, by name."""
    values: tuple[Stencil, ...] = ()
    """Values that override its defaults, each overriding the one before."""
    stored: tuple[StoredValues, ...] = ()
    """Values that are in buckets and not fetched yet."""

    @property
    def defaults(self) -> Mapping[str, Any]:
        """Its values before anything overrides them."""
        return chart_values.merged(self.subcharts, self.own.value if self.own else {})


@dataclass(frozen=True, kw_only=True, slots=True)
class PatchSource:
    """A patch of a formation, placeholders not replaced yet."""

    patch: Patch
    place: Place
    """Its place in the formation's file."""
    documents: tuple[Stencil, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Sources:
    """Everything that one formation is rendered from, parsed."""

    formation: Formation
    stencils: tuple[Stencil, ...]
    charts: tuple[ChartSource, ...] = ()
    kustomizations: tuple[Kustomization, ...] = ()
    patches: tuple[PatchSource, ...] = ()
    config: Mapping[str, ConfigEntry] = field(default_factory=dict)
    folders: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    """The folders that belong to objects: see `stencils.folders`."""

    @property
    def api_versions(self) -> frozenset[str]:
        """Those that stencils name, whatever else is in them."""
        values = (stencil.document.value for stencil in self.stencils)
        return frozenset(
            str(value["apiVersion"]) for value in values if isinstance(value, dict) and "apiVersion" in value
        )
