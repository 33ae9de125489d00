"""Reads formations and stencils: text to values and findings. Pure: takes text, knows nothing about files on disk."""

from __future__ import annotations

import math
import posixpath
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from sealane.adapters import SHIPPED, Adapters
from sealane.charts.model import RemoteChart
from sealane.configfiles import globs, single_document
from sealane.configfiles.documents import Document
from sealane.findings import Finding, Place, Severity
from sealane.formations import (
    annotation_reading,
    files,
    formation_names,
    gate_reading,
    health_checks,
    output_references,
    strategy_reading,
)
from sealane.formations.base_files import BaseFile
from sealane.formations.chart_files import ChartFile
from sealane.formations.health_checks import HealthCheck
from sealane.formations.model import Base, Chart, Formation, Patch, PatchTarget, StencilChoice
from sealane.formations.patch_files import PatchFile
from sealane.secrets import references

GIVEN = ("app", "bundle", "config", "deploy_tag", "formation", "image", "namespace", "secrets")
"""Placeholders that Sealane provides; `image` stands for `image.NAME`, `bundle` for `bundle.key`."""

_ELSEWHERE = {"name": "formation", "cluster": "destination", "configs": "config", "vars": "values", "env": "values"}


def read_formation(text: str, file: str, adapters: Adapters = SHIPPED) -> tuple[Formation | None, list[Finding]]:
    """The formation in the file's text, or its problems; a formation may come with warnings."""
    shape, hint = files.formation_file(adapters), "a formation's file is one document"
    read, findings = single_document.read(
        text, file, shape, partial(_problems, adapters=adapters), elsewhere=_ELSEWHERE, hint=hint
    )
    return (_formation(*read, adapters) if read else None), findings


def _formation(written: files.FormationFile, document: Document, adapters: Adapters) -> Formation:
    stencils = written.stencils or files.StencilsFile()
    return Formation(
        name=written.formation,
        environment=written.environment,
        destination=written.destination,
        namespace=written.namespace,
        stencils=StencilChoice(
            include=tuple(stencils.include or ()), exclude=tuple(stencils.exclude or ()), raw=tuple(stencils.raw or ())
        ),
        charts=tuple(_chart(release, chart) for release, chart in (written.charts or {}).items()),
        kustomize=tuple(written.kustomize or ()),
        bases=tuple(_base(folder, base) for folder, base in (written.bases or {}).items()),
        patches=tuple(_patch(patch) for patch in written.patches or ()),
        images=written.images or {},
        values=written.values or {},
        config={
            name: _text(value, document.written.get(("config", name))) for name, value in (written.config or {}).items()
        },
        secrets=written.secrets or {},
        strategy=strategy_reading.read(written.strategy or files.StrategyFile(), adapters),
        hooks=gate_reading.read_hooks(written.hooks),
        annotations=annotation_reading.read(written.hooks, adapters),
        health=tuple(HealthCheck(**check.model_dump()) for check in written.health or ()),
        place=document.place(()),
        places=document.values,
        written=document.written,
    )


_HISTORY_MAX = 10
"""Helm's own default."""


def _chart(release: str, written: ChartFile) -> Chart:
    images = written.images or {}
    remote = None
    if written.repository and written.chart and written.version:
        remote = RemoteChart(
            repository=written.repository, name=written.chart, version=written.version, digest=written.digest
        )
    return Chart(
        release=release,
        path=f"{remote.name}-{remote.version}" if remote else (written.path or "").strip("/"),
        remote=remote,
        value_files=tuple(written.value_files or ()),
        values=written.values or {},
        images={word: (paths,) if isinstance(paths, str) else tuple(paths) for word, paths in images.items()},
        kube_version=written.kube_version,
        api_versions=tuple(written.api_versions or ()),
        tests=written.tests,
        skip_hooks=tuple(written.skip_hooks or ()),
        as_release=written.mode == "release",
        history_max=written.history_max or _HISTORY_MAX,
    )


def _base(folder: str, written: BaseFile) -> Base:
    path = (written.path or "").strip("/")
    return Base(
        folder=posixpath.normpath(folder),
        repository=written.repository,
        commit=written.commit,
        path="" if path == "." else path,
    )


def _patch(written: PatchFile) -> Patch:
    target = written.target
    if target is None:
        return Patch(path=written.path)
    wanted = PatchTarget(group=target.group, kind=target.kind, name=target.name, labels=target.labels or {})
    return Patch(path=written.path, target=wanted)


def _text(value: Any, written: str | None) -> str:
    """An entry of the configuration as text: numbers as written, true and false in lower case."""
    return str(value).lower() if isinstance(value, bool) else written or str(value)


def _problems(written: files.FormationFile, document: Document, adapters: Adapters) -> list[Finding]:
    """Problems that the shape can't express: parts that don't fit each other, or unknown names."""
    return [
        *_name_problems(written, document),
        *_glob_problems(written.stencils, document),
        *_base_problems(written.bases or {}, document),
        *_patch_problems(written.patches or (), document),
        *_value_problems(written, document),
        *_chart_problems(written.charts or {}, document),
        *_reference_problems(written, document, adapters),
        *strategy_reading.problems(written.strategy, document, adapters),
        *_health_problems(written, document),
        *gate_reading.problems(written.strategy.gates if written.strategy else None, written.hooks, document, adapters),
        *annotation_reading.problems(written.hooks, document, adapters),
    ]


def _name_problems(written: files.FormationFile, document: Document) -> list[Finding]:
    stem = PurePosixPath(document.file).stem
    if stem == written.formation:
        return []
    message = f"the file is called {stem} and the formation {written.formation}"
    return [Finding(message=message, place=document.place(("formation",)), hint="call both the same")]


def _base_problems(written: Mapping[str, BaseFile], document: Document) -> list[Finding]:
    """Two at one place would hide one another, and formations are read before there are bases."""
    problems: list[Finding] = []
    taken = [formation_names.FOLDER]
    for folder in written:
        path = posixpath.normpath(folder)
        other = next(
            (one for one in taken if f"{one}/".startswith(f"{path}/") or f"{path}/".startswith(f"{one}/")), None
        )
        if other or path == ".":
            message = f"{folder} is the folder of {other}, too" if other else f"{folder} is no folder for a base"
            place = document.key_place(("bases", folder))
            problems.append(Finding(message=message, place=place, hint="name a folder of its own"))
        taken.append(path)
    return problems


def _glob_problems(written: files.StencilsFile | None, document: Document) -> list[Finding]:
    listed = {key: getattr(written, key) or [] for key in ("include", "exclude", "raw")} if written else {}
    return [
        Finding(message=f"{glob} is no glob: {problem}", place=document.place(("stencils", key, index)))
        for key, patterns in listed.items()
        for index, glob in enumerate(patterns)
        if (problem := globs.problem(glob))
    ]


def _patch_problems(patches: Sequence[PatchFile], document: Document) -> list[Finding]:
    findings = []
    for index, target in ((index, patch.target) for index, patch in enumerate(patches) if patch.target):
        if target.name and (problem := globs.problem(target.name)):
            place = document.place(("patches", index, "target", "name"))
            findings.append(Finding(message=f"{target.name} is no glob: {problem}", place=place))
        if not target.model_fields_set:
            place = document.place(("patches", index, "target"))
            hint = "give a kind, a name, a group or labels"
            findings.append(Finding(message="the target says nothing about its objects", place=place, hint=hint))
    return findings


def _value_problems(written: files.FormationFile, document: Document) -> list[Finding]:
    hint = "choose another name; Sealane sets this placeholder"
    values = written.values or {}
    given = [
        Finding(message=f"Sealane itself gives ${{{name}}}", place=document.key_place(("values", name)), hint=hint)
        for name in values
        if name in GIVEN
    ]
    endless = [
        Finding(message=f"{name} holds a number that JSON doesn't know", place=document.place(("values", name)))
        for name, value in values.items()
        if not _finite(value)
    ]
    return [*given, *endless, *_nearly_outputs(values, document)]


def _nearly_outputs(values: Mapping[str, Any], document: Document) -> list[Finding]:
    hint = "an output of another formation is written tofu:FORMATION#OUTPUT"
    return [
        Finding(
            message=f"{value} is taken as a text, not as an output",
            place=document.place(("values", name)),
            hint=hint,
            severity=Severity.WARNING,
        )
        for name, value in values.items()
        if output_references.nearly(value)
    ]


def _chart_problems(charts: Mapping[str, ChartFile], document: Document) -> list[Finding]:
    findings = []
    for release, chart in charts.items():
        place = document.place(("charts", release))
        if chart.history_max is not None and chart.mode != "release":
            message = "history_max is of a release, and this chart is only rendered"
            findings.append(Finding(message=message, place=place, hint="write mode: release, or take it away"))
        elsewhere = ("repository", "chart", "version", "digest")
        keys = [key for key in elsewhere if getattr(chart, key) is not None]
        missing = [key for key in elsewhere[:3] if key not in keys]
        if chart.path is not None and keys:
            message = f"path and {keys[0]} name two places of the chart"
            findings.append(
                Finding(message=message, place=place, hint="keep the path, or repository, chart and version")
            )
        elif chart.path is None and missing:
            message = f"nothing says where the chart is: {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
            findings.append(
                Finding(message=message, place=place, hint="write its path, or repository, chart and version")
            )
    return findings


def _finite(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_finite(child) for child in value.values())
    if isinstance(value, list):
        return all(_finite(child) for child in value)
    return not isinstance(value, float) or math.isfinite(value)


def _reference_problems(written: files.FormationFile, document: Document, adapters: Adapters) -> list[Finding]:
    findings = []
    for name, reference in (written.secrets or {}).items():
        if problem := references.problem(reference, adapters):
            message, hint = problem
            findings.append(Finding(message=f"{name}: {message}", place=document.place(("secrets", name)), hint=hint))
    for name, text in (written.config or {}).items():
        if isinstance(text, str) and references.looks_like(text, adapters):
            place = document.place(("config", name))
            message = f"{name} looks like a reference to a secret; configuration is readable by everyone"
            findings.append(Finding(message=message, place=place, hint="move it to secrets:"))
    return findings


def _health_problems(written: files.FormationFile, document: Document) -> list[Finding]:
    findings: list[Finding] = []
    for index, check in enumerate(written.health or ()):

        def place(key: str, index: int = index) -> Place:
            return document.place(("health", index, key))

        findings.extend(health_checks.problems(HealthCheck(**check.model_dump()), place))
    return findings
