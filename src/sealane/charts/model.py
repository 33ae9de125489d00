"""What Helm is asked and answers, and what is read of a chart. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sealane.findings import Finding

KUBE_VERSION = "1.36"
"""What a chart is told where nobody says which: that of the known fields, so that no machine's Helm decides it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateRequest:
    """One chart to be rendered."""

    chart: str
    """The name in its Chart.yaml."""
    release: str
    namespace: str
    folder: str
    """The chart's folder in the repository, which its files are called by in what is found."""
    files: Mapping[str, bytes] = field(repr=False)
    """The chart's files, by their path in the chart."""
    values: Mapping[str, Any] = field(repr=False)
    """What is laid over the chart's own values."""
    kube_version: str
    """The version that `.Capabilities.KubeVersion` says."""
    api_versions: Sequence[str] = ()
    """What `.Capabilities.APIVersions` has besides."""
    tests: bool = False
    """Whether hooks for `helm test` are rendered, too."""
    by_schema: bool = True
    """Whether values are held against the chart's schemas."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteChart:
    """A chart of a repository that is no part of the commit."""

    repository: str
    """`https://…`, or `oci://…` of a registry."""
    name: str
    version: str
    digest: str | None = None
    """What it is known by: of an archive over HTTP, or of a manifest in a registry."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PackedChart:
    """A chart as its repository has it."""

    digest: str
    files: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateResult:
    """How `helm template` ended."""

    printed: str = ""
    complaint: str | None = None
    """What it said where it failed; None where it rendered the chart."""
    problem: tuple[str, str] | None = None
    """Why Helm could not be asked, or did not end, and what to do about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartObject:
    """One document of what a chart renders."""

    file: str
    """Its template, in the repository."""
    line: int
    """About where the template has it."""
    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintedChart:
    """All that a chart renders, read."""

    objects: tuple[ChartObject, ...] = ()
    findings: tuple[Finding, ...] = ()
