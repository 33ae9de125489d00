"""Rendering a formation whose charts Helm has to be asked for first."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import replace

from sealane.charts.model import PrintedChart, TemplateRequest
from sealane.clients.helm import Helm
from sealane.errors import SealaneError
from sealane.findings import Finding, errors
from sealane.stencils import chart_inputs, chart_requests, rendering
from sealane.stencils.model import ChartSource, Revision, Sources
from sealane.stencils.rendering import Inputs

_CHANCE = re.compile(rb"\b(?:now|ago|bcrypt|htpasswd|shuffle|uuidv4|encryptAES|unixEpoch|rand[A-Z]\w*|gen[A-Z]\w*)\b")
"""Functions that give something else each time."""


async def render(sources: Sources, inputs: Inputs, helm: Helm) -> tuple[Revision | None, list[Finding]]:
    """The revision, or everything that is wrong with it: see `rendering.render`."""
    sources, findings = await _fetched(sources, helm)
    if errors(findings):
        return None, findings
    asked, findings = rendering.chart_requests(sources, inputs)
    if errors(findings):
        return None, findings
    printed = {
        source.chart.release: await _printed(request, source, sources, helm)
        for source, request in zip(sources.charts, asked, strict=True)
    }
    return rendering.render(sources, replace(inputs, charts=printed))


def render_now(sources: Sources, inputs: Inputs, helm: Helm) -> tuple[Revision | None, list[Finding]]:
    """The same for callers that have no event loop; without charts no process is started."""
    return asyncio.run(render(sources, inputs, helm)) if sources.charts else rendering.render(sources, inputs)


async def _fetched(sources: Sources, helm: Helm) -> tuple[Sources, list[Finding]]:
    """With the files of charts that are in no folder of the commit. Raises errors.Unavailable."""
    charts: list[ChartSource] = []
    findings: list[Finding] = []
    for source in sources.charts:
        remote, release = source.chart.remote, source.chart.release
        if remote is None:
            charts.append(source)
            continue
        try:
            packed = await helm.repositories.fetch(remote)
            charts.append(chart_inputs.filled(source, packed.files))
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
    first = chart_requests.read(await helm.template(request), request, source, sources.formation)
    if errors(first.findings) or not _may_change(request):
        return first
    second = chart_requests.read(await helm.template(request), request, source, sources.formation)
    return replace(first, findings=(*first.findings, *chart_requests.unsteady(first, second)))


def _may_change(request: TemplateRequest) -> bool:
    """Whether something in it could make it render otherwise the next time."""
    texts = (json.dumps(request.values).encode(), *request.files.values())
    return any(_CHANCE.search(text) for text in texts)
