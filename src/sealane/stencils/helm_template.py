"""Renders a formation after its charts were rendered by Helm."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sealane.charts.model import PrintedChart, TemplateRequest
from sealane.clients.helm import Helm
from sealane.errors import SealaneError
from sealane.findings import Finding, errors
from sealane.stencils import chart_inputs, chart_requests, rendering
from sealane.stencils.model import ChartSource, Revision, Sources
from sealane.stencils.rendering import Inputs


async def render(sources: Sources, inputs: Inputs, helm: Helm) -> tuple[Revision | None, list[Finding]]:
    """The revision, or everything that is wrong with it: see `rendering.render`. Raises errors.Unavailable."""
    if not sources.charts:
        return rendering.render(sources, inputs)
    sources, findings = await _fetched(sources, helm)
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

    return asyncio.run(in_time()) if sources.charts else rendering.render(sources, inputs)


async def _fetched(sources: Sources, helm: Helm) -> tuple[Sources, list[Finding]]:
    """The sources with the files of remote charts. Raises errors.Unavailable."""
    charts: list[ChartSource] = []
    findings: list[Finding] = []
    for source in sources.charts:
        remote, release = source.chart.remote, source.chart.release
        if remote is None:
            charts.append(source)
            continue
        try:
            packed = await helm.repositories().fetch(remote)
            charts.append(await asyncio.to_thread(chart_inputs.filled, source, packed.files))
        except SealaneError as error:
            if error.retry:
                raise
            place = sources.formation.at("charts", release, "repository")
            findings.append(Finding(message=error.message, place=place, hint=error.hint))
            continue
        if packed.digest != remote.digest:
            message = (
                f"{remote.name} {remote.version} {'is not what it was' if remote.digest else 'has no digest here'}"
            )
            hint = f"it is {packed.digest} now: look at it, and write that as its digest"
            place = sources.formation.at("charts", release, "digest" if remote.digest else "version")
            findings.append(Finding(message=message, place=place, hint=hint))
    return replace(sources, charts=tuple(charts)), findings


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
