"""What Helm is asked for each chart of a formation, and what its answers come to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sealane.charts import complaints, output
from sealane.charts import values as chart_values
from sealane.charts.model import KUBE_VERSION, ChartObject, PrintedChart, TemplateRequest, TemplateResult
from sealane.findings import Finding, Place, did_you_mean
from sealane.formations.model import Formation
from sealane.stencils import substitution
from sealane.stencils.model import ChartSource, Origin
from sealane.stencils.placeholders import Placeholders


def request(source: ChartSource, formation: Formation, words: Placeholders) -> tuple[TemplateRequest, list[Finding]]:
    """What Helm is asked; words are replaced and images put in."""
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
    )
    return asked, findings


def read(result: TemplateResult, asked: TemplateRequest, source: ChartSource, formation: Formation) -> PrintedChart:
    """What Helm printed, or what it complains of, at its place."""
    if result.problem is not None:
        message, hint = result.problem
        place = formation.at("charts", source.chart.release)
        return PrintedChart(findings=(Finding(message=message, place=place, hint=hint),))
    if result.complaint is not None:
        whole = chart_values.merged(source.defaults, asked.values)
        found = complaints.findings(result.complaint, asked, whole, lambda path: _written(source, path))
        return PrintedChart(findings=tuple(found))
    return output.read(result.printed, asked)


def unsteady(first: PrintedChart, second: PrintedChart) -> list[Finding]:
    """What the chart renders otherwise each time: nobody could approve it."""
    hint = "what is random, or the time, is no part of a commit: give it as a value, or take a Secret of `secrets:`"
    return [
        Finding(message=f"{_named(each)} is another one each time it is rendered", place=_place(each), hint=hint)
        for each in output.differing(first, second)
    ]


def objects(printed: PrintedChart) -> Iterator[tuple[Any, Origin]]:
    """The objects with where they came from."""
    for each in printed.objects:
        place = _place(each)
        yield each.value, Origin(file=each.file, places={(): place})


def refused(printed: PrintedChart) -> Iterator[Finding]:
    """What of it Sealane does not deploy."""
    for each in output.hooks(printed.objects):
        message = (
            f"{_named(each)} is a Helm hook ({output.annotation(each.value, output.HOOK)}), which Sealane doesn't run"
        )
        hint = "switch it off by a value, and say what it does under `hooks:`"
        yield Finding(message=message, place=_place(each), hint=hint)


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
    """Where a value was written: what is laid over others counts."""
    for stencil in reversed(source.values):
        if path in stencil.document.values and path:
            return stencil.document.values[path]
    return source.own.place(path) if source.own else None


def _place(each: ChartObject) -> Place:
    return Place(file=each.file, line=each.line, column=1)


def _named(each: ChartObject) -> str:
    value: Mapping[str, Any] = each.value if isinstance(each.value, Mapping) else {}
    metadata = value.get("metadata")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    return f"{value.get('kind', 'what it renders')} {name or ''}".strip()
