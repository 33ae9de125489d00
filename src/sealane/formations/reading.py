"""Reads formations and stencils: text to values and findings. Pure: takes text, knows nothing about files on disk."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Literal

from sealane.adapters import SHIPPED, Adapters
from sealane.charts.model import RemoteChart
from sealane.configfiles import fields, globs, single_document
from sealane.configfiles.documents import Document
from sealane.findings import Finding, Place
from sealane.formations import annotation_reading, files, gate_reading, health_checks
from sealane.formations.chart_files import ChartFile
from sealane.formations.health_checks import HealthCheck
from sealane.formations.model import Chart, Formation, StencilChoice
from sealane.formations.strategy import DEADLINE, HEALTHY_FOR, KEEP_OLD_FOR, PERSON, BlueGreen, CanaryStep, Strategy
from sealane.secrets import references

GIVEN = ("app", "bundle", "config", "deploy_tag", "formation", "image", "namespace", "secrets")
"""Placeholders that Sealane provides; `image` stands for `image.NAME`, `bundle` for `bundle.key`."""

_WAYS: tuple[Literal["rolling", "recreate", "blue_green", "canary"], ...] = (
    "rolling",
    "recreate",
    "blue_green",
    "canary",
)
_LONGEST_PAUSE = timedelta(hours=1)
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
        images=written.images or {},
        values=written.values or {},
        config={
            name: _text(value, document.written.get(("config", name))) for name, value in (written.config or {}).items()
        },
        secrets=written.secrets or {},
        strategy=_strategy(written.strategy or files.StrategyFile(), adapters),
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


def _text(value: Any, written: str | None) -> str:
    """An entry of the configuration as text: numbers as written, true and false in lower case."""
    return str(value).lower() if isinstance(value, bool) else written or str(value)


def _strategy(written: files.StrategyFile, adapters: Adapters) -> Strategy:
    rolling = written.rolling or files.RollingFile()
    stated = [kind for kind in _WAYS if getattr(written, kind) is not None]
    return Strategy(
        kind=stated[0] if stated else "rolling",
        stated=bool(stated),
        max_unavailable=rolling.max_unavailable,
        max_surge=rolling.max_surge,
        blue_green=_blue_green(written.blue_green) if written.blue_green else None,
        steps=tuple(_canary_step(step) for step in written.canary.steps) if written.canary else (),
        healthy_for=_duration(written.healthy_for, HEALTHY_FOR),
        patience=fields.duration(written.patience) if written.patience is not None else None,
        deadline=_duration(written.deadline, DEADLINE),
        drain=fields.duration(written.drain) if written.drain is not None else None,
        watch_for=fields.duration(written.watch_for) if written.watch_for is not None else None,
        gates=gate_reading.read_gates(written.gates, adapters),
        guard=gate_reading.read_guard(written.guard),
    )


def _blue_green(written: files.BlueGreenFile) -> BlueGreen:
    keep_old_for = _duration(written.keep_old_for, KEEP_OLD_FOR)
    return BlueGreen(preview_service=written.preview_service, keep_old_for=keep_old_for, promote=written.promote)


def _canary_step(written: files.CanaryStepFile) -> CanaryStep:
    if isinstance(written.pause, files.PauseFile):
        return CanaryStep(person=_duration(written.pause.wait, PERSON))
    return CanaryStep(weight=written.weight, pause=fields.duration(written.pause) if written.pause else None)


def _duration(written: str | None, otherwise: timedelta) -> timedelta:
    return otherwise if written is None else fields.duration(written)


def _problems(written: files.FormationFile, document: Document, adapters: Adapters) -> list[Finding]:
    """Problems that the shape can't express: parts that don't fit each other, or unknown names."""
    return [
        *_name_problems(written, document),
        *_glob_problems(written.stencils, document),
        *_value_problems(written, document),
        *_chart_problems(written.charts or {}, document),
        *_reference_problems(written, document, adapters),
        *_strategy_problems(written.strategy, document, adapters),
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


def _glob_problems(written: files.StencilsFile | None, document: Document) -> list[Finding]:
    listed = {key: getattr(written, key) or [] for key in ("include", "exclude", "raw")} if written else {}
    return [
        Finding(message=f"{glob} is no glob: {problem}", place=document.place(("stencils", key, index)))
        for key, patterns in listed.items()
        for index, glob in enumerate(patterns)
        if (problem := globs.problem(glob))
    ]


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
    return [*given, *endless]


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


def _strategy_problems(written: files.StrategyFile | None, document: Document, adapters: Adapters) -> list[Finding]:
    if written is None:
        return []
    findings = []
    stated = [kind for kind in _WAYS if getattr(written, kind) is not None]
    if len(stated) > 1:
        message = f"{' and '.join(stated)} are {'both' if len(stated) == 2 else 'all'} given"
        findings.append(Finding(message=message, place=document.key_place(("strategy", stated[-1])), hint="keep one"))
    if written.canary:
        findings.extend(_canary_problems(written.canary, document))
    if written.rolling and {written.rolling.max_unavailable, written.rolling.max_surge} <= {0, "0%"}:
        message, hint = (
            "with none missing and none more, nothing could ever be replaced",
            "let one of them be 1 or more",
        )
        findings.append(Finding(message=message, place=document.place(("strategy", "rolling")), hint=hint))
    persons = {gate.name for gate in _strategy(written, adapters).every_gate if gate.stage}
    for index, gate in enumerate(written.gates or ()):
        if gate.name in persons:
            place = document.place(("strategy", "gates", index, "name"))
            message = f"the strategy's own wait for a person is called {gate.name}"
            findings.append(Finding(message=message, place=place, hint="rename the gate"))
    if written.drain is not None and (
        fields.duration(written.drain) % timedelta(seconds=1) or not fields.duration(written.drain)
    ):
        message = f"a drain of {written.drain} is not a whole number of seconds, one at least"
        place = document.place(("strategy", "drain"))
        findings.append(Finding(message=message, place=place, hint="write it like 5s"))
    healthy_for, deadline = _duration(written.healthy_for, HEALTHY_FOR), _duration(written.deadline, DEADLINE)
    if healthy_for >= deadline:
        message = "the deadline ends before it could stay healthy long enough"
        place = document.place(("strategy", "deadline" if written.deadline else "healthy_for"))
        findings.append(Finding(message=message, place=place, hint="make it longer than healthy_for"))
    return findings


def _canary_problems(written: files.CanaryFile, document: Document) -> list[Finding]:
    findings = []
    highest = 0
    for index, step in enumerate(written.steps):
        place = document.place(("strategy", "canary", "steps", index))
        keys = [key for key in files.CanaryStepFile.model_fields if getattr(step, key) is not None]
        if len(keys) != 1:
            message = f"a step does one thing, this one {'does ' + ' and '.join(keys) if keys else 'nothing'}"
            findings.append(Finding(message=message, place=place, hint="write each of them as a step of its own"))
        elif isinstance(step.pause, str) and fields.duration(step.pause) > _LONGEST_PAUSE:
            message = f"a pause of {step.pause} is longer than the {_LONGEST_PAUSE.total_seconds() / 3600:g} h that one may last"
            findings.append(Finding(message=message, place=place, hint="shorten it"))
        elif step.weight is not None and step.weight <= highest:
            message = f"weight {step.weight} comes after {highest}: shares only grow"
            findings.append(Finding(message=message, place=place, hint="put the steps in order"))
        highest = max(highest, step.weight or 0)
    if written.steps[0].weight is None:
        place = document.place(("strategy", "canary", "steps", 0))
        message = "before the first weight there is nothing of the new version"
        findings.append(Finding(message=message, place=place, hint="begin with a weight, such as {weight: 10}"))
    return findings
