"""Messages that git's client prints after a push: the addresses of its runs, and an early refusal.

A push waits at most a few seconds; its run shows everything later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress

from sealane import controls, inputs
from sealane.errors import SealaneError
from sealane.findings import Finding, Severity
from sealane.pipelines.model import RunStatus
from sealane.records.views import RunView
from sealane.server import dependencies

_MOST_RUNS = 5
_MOST_FINDINGS = 10


async def words(server: dependencies.Server, runs: Sequence[str]) -> list[str]:
    """The lines for a push that started these runs."""
    with suppress(TimeoutError):
        async with asyncio.timeout(server.settings.git.push_words):
            await asyncio.gather(*(_looked_at(server, run) for run in runs[:_MOST_RUNS]))
    lines: list[str] = []
    for run in runs[:_MOST_RUNS]:
        lines += await _told(server, run)
    if more := runs[_MOST_RUNS:]:
        lines.append(f"sealane: and {len(more)} more runs: {server.settings_url}/runs")
    return [inputs.storable(controls.removed(line)) for line in lines]


async def _looked_at(server: dependencies.Server, run: str) -> None:
    """Returns once it is known whether the run is refused."""
    async with aclosing(server.followers.follow({f"run:{run}"})) as changes:
        async for _ in changes:
            if _is_known(await server.views.run(run)):
                return


def _is_known(view: RunView) -> bool:
    return bool(view.run.ended or view.steps)


async def _told(server: dependencies.Server, run: str) -> list[str]:
    try:
        view = await server.views.run(run)
        waits = (await server.views.why(run)).waiting if view.run.status is RunStatus.WAITING else ()
    except SealaneError:  # the run is stored, whatever could not be read now
        return [f"sealane: {server.settings_url}/runs/{run}"]
    lines = list(_outcome(view))
    lines += [f"sealane: it waits for {wait.what}; {wait.who}" for wait in waits]
    lines.append(f"sealane: {server.settings_url}/runs/{run}")
    if not view.run.ended:
        lines.append(f"sealane: `sealane watch {run}` follows it to the end")
    return lines


def _outcome(view: RunView) -> list[str]:
    """Why it was refused, otherwise its warnings."""
    refused = view.run.status is RunStatus.FAILED and not view.steps
    if refused:
        head = f"sealane: {view.run.label} is refused, and nothing of it runs:"
    elif view.run.ended and view.run.reason:
        head = f"sealane: {view.run.label} {view.run.status}: {view.run.reason}"
    elif not _is_known(view):
        head = f"sealane: {view.run.label} is stored; whether it is refused is not known yet"
    else:
        head = f"sealane: {view.run.label} {'warns:' if view.findings else 'begins'}"
    shown = [line for finding in view.findings[:_MOST_FINDINGS] for line in _finding(finding)]
    more = len(view.findings) - _MOST_FINDINGS
    return [head, *shown, *([f"  and {more} more"] if more > 0 else [])]


def _finding(finding: Finding) -> list[str]:
    severity = "" if finding.severity is Severity.ERROR else "warning: "
    lines = [f"  {finding.place}: {severity}{finding.message}"]
    return [*lines, f"    {finding.hint}"] if finding.hint else lines
