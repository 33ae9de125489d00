"""Requests to Helm for the charts of a formation, and the results of its answers. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sealane.charts import complaints, output, release_objects, value_schemas
from sealane.charts import hooks as chart_hooks
from sealane.charts import values as chart_values
from sealane.charts.hooks import HookJob, SortedObjects
from sealane.charts.model import KUBE_VERSION, ChartObject, PrintedChart, TemplateRequest, TemplateResult
from sealane.findings import Finding, Place, Severity, did_you_mean
from sealane.formations.gates import Gate, Hook, Only, Task, When
from sealane.formations.gates import job as gate_of_job
from sealane.formations.model import Formation
from sealane.stencils import substitution
from sealane.stencils.model import Origin
from sealane.stencils.placeholders import Placeholders
from sealane.stencils.sources import ChartSource, Sources


def request(source: ChartSource, formation: Formation, words: Placeholders) -> tuple[TemplateRequest, list[Finding]]:
    """The request to Helm, with placeholders replaced and images put in."""
    values: dict[str, Any] = {}
    findings: list[Finding] = []
    for stencil in source.values:
        replaced, problems = substitution.substitute(stencil, words)
        findings += problems
        if not problems:
            values = chart_values.merged(values, replaced)
    values, problems = _with_images(source, formation, words, values)
    findings += problems
    chart = source.chart
    asked = TemplateRequest(
        chart=source.name,
        release=chart.release,
        namespace=formation.namespace,
        folder=chart.path,
        files=source.files,
        values=values,
        kube_version=chart.kube_version or KUBE_VERSION,
        api_versions=chart.api_versions,
        tests=chart.tests,
        by_schema=not value_schemas.reaching_out(source.files),
    )
    return asked, findings


def read(result: TemplateResult, asked: TemplateRequest, source: ChartSource, formation: Formation) -> PrintedChart:
    """Helm's output, or its complaints as findings at their places."""
    if result.problem is not None:
        message, hint = result.problem
        place = formation.at("charts", source.chart.release)
        return PrintedChart(findings=(Finding(message=message, place=place, hint=hint),))
    if result.complaint is not None:
        whole = chart_values.merged(source.defaults, asked.values)
        findings = complaints.findings(result.complaint, asked, whole, lambda path: _written(source, path))
        return PrintedChart(findings=tuple(findings))
    return output.read(result.printed, asked)


def unsteady(first: PrintedChart, second: PrintedChart) -> list[Finding]:
    """Findings for objects that differ each time the chart is rendered: nobody could approve them."""
    hint = "random values and the time are not part of a commit: give them as values, or take a Secret of `secrets:`"
    return [
        Finding(message=f"{_named(unlike)} changes each time it is rendered", place=_place(unlike), hint=hint)
        for unlike in output.differing(first, second)
    ]


MOST_JOBS = 60
"""Most hooks of a chart that run: as many as a formation may have itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartParts:
    """What charts add to a formation."""

    objects: tuple[tuple[Any, Origin], ...] = ()
    """Includes Jobs of hooks and gates."""
    hooks: tuple[Hook, ...] = ()
    gates: tuple[Gate, ...] = ()
    early: tuple[str, ...] = ()
    """`Kind/name` of what hooks before the rollout need."""
    findings: tuple[Finding, ...] = ()


def parts(sources: Sources, printed: Mapping[str, PrintedChart]) -> ChartParts:
    """What all charts add, in the order of the formation's file; hooks in Helm's order."""
    objects: list[ChartObject] = []
    runs: list[Hook] = []
    gates: list[Gate] = []
    early: list[str] = []
    findings: list[Finding] = []
    for source in sources.charts:
        answer = _as_release(printed[source.chart.release], source, sources.formation)
        there = chart_hooks.sort(answer.objects, source.chart.skip_hooks)
        findings += [
            *_unheld(source),
            *answer.findings,
            *_unknown(there),
            *_too_many(there),
            *_named_alike(there, sources.formation),
        ]
        objects += [*there.objects, *(hook_job.job for hook_job in there.jobs)]
        early += [
            f"{early_object.value.get('kind')}/{early_object.value['metadata'].get('name')}"
            for early_object in there.early
        ]
        runs += [hook for hook_job in there.jobs for hook in _hooks(hook_job)]
        gates += [
            gate_of_job(_job_name(hook_job), Task(stencil=_job_name(hook_job)))
            for hook_job in there.jobs
            if hook_job.test
        ]
    return ChartParts(
        objects=tuple(_placed(placed) for placed in objects),
        hooks=tuple(runs),
        gates=tuple(gates),
        early=tuple(early),
        findings=tuple(findings),
    )


def release(source: ChartSource, asked: TemplateRequest, formation: Formation) -> tuple[dict[str, Any], Origin] | None:
    """The Release of a chart that Helm installs; None for one that is only rendered."""
    if not source.chart.as_release:
        return None
    about = {"name": source.name, "version": source.version, "appVersion": source.app_version}
    made = release_objects.release(source.chart.release, about, asked.values, history_max=source.chart.history_max)
    place = formation.at("charts", source.chart.release)
    return made, Origin(file=place.file, places={(): place})


def _as_release(answer: PrintedChart, source: ChartSource, formation: Formation) -> PrintedChart:
    """The chart's objects; those of a release as Helm writes them. Hooks and definitions in crds/ are never Helm's."""
    if not source.chart.as_release:
        return answer
    definitions = f"{source.chart.path}/crds/"
    objects = tuple(
        item
        if item.file.startswith(definitions) or chart_hooks.annotation(item.value, chart_hooks.HOOK) is not None
        else replace(item, value=release_objects.member(item.value, source.chart.release, formation.namespace))
        for item in answer.objects
    )
    return replace(answer, objects=objects)


def joined(formation: Formation, chart_parts: ChartParts) -> Formation:
    """The formation with its charts' hooks and gates added after its own."""
    strategy = formation.strategy
    return replace(
        formation,
        hooks=(*formation.hooks, *chart_parts.hooks),
        strategy=replace(strategy, gates=(*strategy.gates, *chart_parts.gates)),
    )


def _hooks(hook_job: HookJob) -> Iterator[Hook]:
    """The hooks before and after the rollout; a Job that is both has two names."""
    name = _job_name(hook_job)
    task = Task(stencil=name)
    if hook_job.before:
        yield Hook(name=name, when=When.BEFORE, task=task, only=_only(hook_job.before))
    if hook_job.after:
        after = f"{name}-after" if hook_job.before else name
        yield Hook(name=after, when=When.AFTER, task=task, only=_only(hook_job.after))


def _only(events: Sequence[str]) -> Only | None:
    return Only(events[0]) if len({*events}) == 1 else None


def _unknown(there: SortedObjects) -> Iterator[Finding]:
    for unknown_hook, event in there.unknown:
        message = f"{_named(unknown_hook)} is a Helm hook for {event}, which Sealane doesn't run"
        hint = f"do without it: skip_hooks: [{event}]"
        yield Finding(message=message, place=_place(unknown_hook), hint=hint)


def _unheld(source: ChartSource) -> Iterator[Finding]:
    for path, named in value_schemas.reaching_out(source.files):
        message = f"values are not checked against the schema, which wants {named} fetched"
        place = Place(file=f"{source.chart.path}/{path}")
        yield Finding(message=message, place=place, hint="write it into the schema", severity=Severity.WARNING)


def _too_many(there: SortedObjects) -> Iterator[Finding]:
    for hook_job in there.jobs[MOST_JOBS:][:1]:
        message = f"the chart has {len(there.jobs)} hooks that run; at most {MOST_JOBS} do"
        yield Finding(message=message, place=_place(hook_job.job), hint="leave some out")


def _named_alike(there: SortedObjects, formation: Formation) -> Iterator[Finding]:
    own = {*(hook.name for hook in formation.hooks), *(gate.name for gate in formation.strategy.gates)}
    for hook_job in there.jobs:
        if _job_name(hook_job) in own:
            message = f"the formation has a hook or gate {_job_name(hook_job)}, too"
            yield Finding(message=message, place=_place(hook_job.job), hint="rename the formation's")


def _job_name(hook_job: HookJob) -> str:
    return str(hook_job.job.value["metadata"].get("name"))


def _placed(item: ChartObject) -> tuple[Any, Origin]:
    place = _place(item)
    return item.value, Origin(file=item.file, places={(): place})


def _with_images(
    source: ChartSource, formation: Formation, words: Placeholders, values: dict[str, Any]
) -> tuple[dict[str, Any], list[Finding]]:
    findings: list[Finding] = []
    whole = chart_values.merged(source.defaults, values)
    for word, paths in source.chart.images.items():
        place = formation.at("charts", source.chart.release, "images", word)
        reference = words.values.get(f"image.{word}")
        if reference is None:
            known = [name.removeprefix("image.") for name in words.values if name.startswith("image.")]
            message = f"there is no image {word}"
            findings.append(Finding(message=message, place=place, hint=did_you_mean(word, known)))
            continue
        words.used.add(f"image.{word}")
        for path in paths:
            try:
                placed = chart_values.image_at(whole, chart_values.path_of(path), str(reference))
            except chart_values.NoImage as problem:
                message = f"the chart's values have no image at {path}: {problem}"
                hint = did_you_mean(path, chart_values.image_paths(whole))
                findings.append(Finding(message=message, place=place, hint=hint))
            else:
                values = chart_values.merged(values, placed)
    return values, findings


def _written(source: ChartSource, path: tuple[str, ...]) -> Place | None:
    """The place of a value: the last file that sets it counts."""
    for stencil in reversed(source.values):
        if path in stencil.document.values and path:
            return stencil.document.values[path]
    return source.own.place(path) if source.own else None


def _place(item: ChartObject) -> Place:
    return Place(file=item.file, line=item.line, column=1)


def _named(item: ChartObject) -> str:
    value: Mapping[str, Any] = item.value if isinstance(item.value, Mapping) else {}
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return f"{value.get('kind', 'what it renders')} {name or ''}".strip()
