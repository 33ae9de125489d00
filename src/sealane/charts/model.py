"""Requests to Helm, its results, and what is read from a chart. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sealane.findings import Finding

KUBE_VERSION = "1.36"
"""The default Kubernetes version for charts: that of the known fields, independent of the installed Helm."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TemplateRequest:
    """One chart to be rendered."""

    chart: str
    """The name in its Chart.yaml."""
    release: str
    namespace: str
    folder: str
    """The chart's folder in the repository, used for places in findings."""
    files: Mapping[str, bytes] = field(repr=False)
    """The chart's files, by their path in the chart."""
    values: Mapping[str, Any] = field(repr=False)
    """Values that override the chart's own."""
    kube_version: str
    """The value of `.Capabilities.KubeVersion`."""
    api_versions: Sequence[str] = ()
    """Additional entries of `.Capabilities.APIVersions`."""
    tests: bool = False
    """Whether hooks for `helm test` are rendered, too."""
    by_schema: bool = True
    """Whether values are checked against the chart's schemas."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RemoteChart:
    """A chart from a chart repository, not from the commit."""

    repository: str
    """`https://…`, `s3://…` of a bucket, or `oci://…` of a registry."""
    name: str
    version: str
    digest: str | None = None
    """Its digest: of the archive, or in a registry of the manifest."""


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
    """Its output when it failed; None when it rendered the chart."""
    problem: tuple[str, str] | None = None
    """Why Helm could not be run or did not end, and what to do about it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseCommand:
    """One command of Helm on a release."""

    verb: str
    """`install`, `upgrade`, `rollback` or `uninstall`."""
    release: str
    namespace: str
    more: tuple[str, ...] = ()
    """Its further arguments."""
    chart: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The chart's files by their path in it; empty if it takes none."""
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def arguments(self, home: str) -> tuple[str, ...]:
        """What Helm is called with; the chart and its values lie in the folder."""
        chart = (f"{home}/chart", "--values", f"{home}/values.yaml", "--skip-crds") if self.chart else ()
        return (self.verb, self.release, *chart, "--namespace", self.namespace, *self.more)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartObject:
    """One rendered document of a chart."""

    file: str
    """The path of its template in the repository."""
    line: int
    """The approximate line in the template."""
    value: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class PrintedChart:
    """The parsed output of a chart."""

    objects: tuple[ChartObject, ...] = ()
    findings: tuple[Finding, ...] = ()
