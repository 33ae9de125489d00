"""Renders a formation after its charts were rendered by Helm, and its directories built by Kustomize."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from sealane.charts.model import PrintedChart, TemplateRequest
from sealane.clients import kustomize
from sealane.clients.helm import Helm
from sealane.errors import SealaneError
from sealane.findings import Finding, errors
from sealane.formations.model import Formation
from sealane.kustomize import output
from sealane.kustomize.model import Built
from sealane.stencils import chart_inputs, chart_requests, rendering
from sealane.stencils.model import Revision
from sealane.stencils.rendering import Inputs
from sealane.stencils.sources import ChartSource, Sources

if TYPE_CHECKING:
    from sealane.clients.chart_repositories import ChartRepositories


async def render(sources: Sources, inputs: Inputs, helm: Helm) -> tuple[Revision | None, list[Finding]]:
    """The revision, or everything that is wrong with it: see `rendering.render`. Raises errors.Unavailable."""
    if not sources.charts and not sources.kustomizations:
        return rendering.render(sources, inputs)
    inputs = replace(inputs, kustomized=await _built(sources))
    sources, findings = await _fetched(sources, inputs.app, helm)
    if errors(findings):
        return None, findings
    asked, findings = await asyncio.to_thread(rendering.chart_requests, sources, inputs)
    if errors(findings):
        return None, findings
    printed = {
        source.chart.release: await _printed(request, source, sources, helm)
        for source, request in zip(sources.charts, asked, strict=True)
    }
    return await asyncio.to_thread(rendering.render, sources, replace(inputs, charts=printed))


def render_now(
    sources: Sources, inputs: Inputs, helm: Helm, *, within: float | None = None
) -> tuple[Revision | None, list[Finding]]:
    """The same for callers without an event loop. Raises TimeoutError for charts that take longer, in seconds."""

    async def in_time() -> tuple[Revision | None, list[Finding]]:
        async with asyncio.timeout(within):
            return await render(sources, inputs, helm)

    return asyncio.run(in_time()) if sources.charts or sources.kustomizations else rendering.render(sources, inputs)


async def _built(sources: Sources) -> dict[str, Built]:
    """What Kustomize prints for each directory, parsed in a thread, because an untrusted one may print much."""
    found: dict[str, Built] = {}
    for asked in sources.kustomizations:
        result = await kustomize.build(asked)
        found[asked.folder] = await asyncio.to_thread(output.read, result, asked)
    return found


async def _fetched(sources: Sources, app: str, helm: Helm) -> tuple[Sources, list[Finding]]:
    """The sources with the files of remote charts, and values of buckets. Raises errors.Unavailable."""
    charts: list[ChartSource] = []
    findings: list[Finding] = []
    remote = any(source.chart.remote or source.stored for source in sources.charts)
    repositories = helm.repositories() if remote else None
    for source in sources.charts:
        whole = source
        if repositories is not None and source.chart.remote is not None:
            whole, problems = await _chart(source, sources.formation, app, repositories)
            findings += problems
        if repositories is not None and source.stored:
            whole, problems = await _with_values(whole, app, repositories)
            findings += problems
        charts.append(whole)
    return replace(sources, charts=tuple(charts)), findings


async def _chart(
    source: ChartSource, formation: Formation, app: str, repositories: ChartRepositories
) -> tuple[ChartSource, list[Finding]]:
    remote, release = source.chart.remote, source.chart.release
    assert remote is not None, "a chart of a repository"
    try:
        packed = await repositories.fetch(remote, app=app)
        whole = await asyncio.to_thread(chart_inputs.filled, source, packed.files)
    except SealaneError as error:
        if error.retry:
            raise
        place = formation.at("charts", release, "repository")
        return source, [Finding(message=error.message, place=place, hint=error.hint)]
    if packed.digest == remote.digest:
        return whole, []
    message = f"{remote.name} {remote.version} {'is not what it was' if remote.digest else 'has no digest here'}"
    hint = f"it is {packed.digest} now: look at it, and write that as its digest"
    place = formation.at("charts", release, "digest" if remote.digest else "version")
    return whole, [Finding(message=message, place=place, hint=hint)]


async def _with_values(
    source: ChartSource, app: str, repositories: ChartRepositories
) -> tuple[ChartSource, list[Finding]]:
    contents: list[bytes] = []
    findings: list[Finding] = []
    for wanted in source.stored:
        try:
            there, content = await repositories.values(wanted.object, app=app)
        except SealaneError as error:
            if error.retry:
                raise
            findings.append(Finding(message=error.message, place=wanted.place, hint=error.hint))
            continue
        contents.append(content)
        if there.digest != wanted.object.digest:
            known = wanted.object.digest is not None
            message = f"{wanted.object.address} {'is not what it was' if known else 'has no digest here'}"
            hint = f"it is {there} now: look at it, and write that"
            findings.append(Finding(message=message, place=wanted.place, hint=hint))
    return (source, findings) if findings else chart_inputs.with_stored(source, contents)


async def _printed(request: TemplateRequest, source: ChartSource, sources: Sources, helm: Helm) -> PrintedChart:
    """Helm's output, rendered twice: only so it shows when a chart depends on chance or time."""
    first, second = await asyncio.gather(*(_asked(request, source, sources, helm) for _ in range(2)))
    if errors(first.findings):
        return first
    return replace(first, findings=(*first.findings, *chart_requests.unsteady(first, second)))


async def _asked(request: TemplateRequest, source: ChartSource, sources: Sources, helm: Helm) -> PrintedChart:
    """Helm's output, parsed in a thread, because an untrusted chart may print much."""
    result = await helm.template(request)
    return await asyncio.to_thread(chart_requests.read, result, request, source, sources.formation)
