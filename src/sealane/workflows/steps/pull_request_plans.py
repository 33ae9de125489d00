"""Plans of pull requests, where destinations apply only what was planned: shown and judged, never kept or applied."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sealane import controls
from sealane.clients import git_history
from sealane.configfiles.trees import Tree
from sealane.destinations.port import Preview
from sealane.environments import limits
from sealane.environments.model import Environment
from sealane.errors import SealaneError
from sealane.events.model import Event, EventKind
from sealane.findings import Finding, Severity, errors
from sealane.formations import formation_names
from sealane.pipelines import conditions
from sealane.pipelines.model import Pipeline, StepStatus
from sealane.policies.model import Effect
from sealane.runs.model import StepEnd
from sealane.stencils import output_formations, render_inputs, rendering
from sealane.stencils.output_formations import OutputValues
from sealane.stencils.rendering import Inputs
from sealane.workflows import checkouts
from sealane.workflows.context import Tools
from sealane.workflows.steps import outputs, policies

NOT_ALLOWED = "operators let no pull request be planned at this destination"


async def wanted(tools: Tools, app: str, tree: Tree, pipeline: Pipeline, event: Event) -> Mapping[str, str | None]:
    """The formations that a pull request's plans are about, and why one is left out.

    They are those that its merge would deliver, and those that people deploy.
    """
    if event.kind is not EventKind.PULL_REQUEST:
        return {}
    return await asyncio.to_thread(_wanted, tools, app, tree, pipeline, event)


def _wanted(tools: Tools, app: str, tree: Tree, pipeline: Pipeline, event: Event) -> dict[str, str | None]:
    environments = tools.environments()
    merged = replace(event, kind=EventKind.PUSH)
    chosen: dict[str, str | None] = {}
    for name in formation_names.names(tree):
        formation, _ = render_inputs.read_formation(tree, name, tools.adapters)
        environment = environments.get(formation.environment) if formation else None
        if formation is None or environment is None or app not in environment.apps:
            continue
        if formation.destination not in environment.destinations:
            continue
        if not tools.destinations.is_planned(environment, formation.destination):
            continue
        delivery = pipeline.delivery_to(name)
        skip = conditions.undelivered(delivery, merged) if delivery else None
        if skip is None and not tools.destinations.plans_pull_requests(environment, formation.destination):
            skip = NOT_ALLOWED
        chosen[name] = skip
    return chosen


async def behind(folder: Path, pipeline: Pipeline, event: Event) -> list[Finding]:
    """The warning that plans show what was merged meanwhile as undone. Call it before steps may change the clone."""
    count = await git_history.behind(folder, event.branch or "", event.commit or "")
    if not count:
        return []
    commits = "1 commit" if count == 1 else f"{count} commits"
    message = f"it lacks {commits} of {event.branch}, so its plans show what these brought as undone"
    hint = "rebase it, or merge the branch into it"
    return [Finding(message=message, place=pipeline.place, hint=hint, severity=Severity.WARNING)]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Planned:
    environment: Environment
    preview: Preview | None = None
    findings: tuple[Finding, ...] = ()
    """Why it would not be deployed so."""


async def make(tools: Tools, run_id: str, key: str) -> StepEnd:
    """Plans one formation of a pull request. Key: run and formation; a repeat plans again and writes the same log anew."""
    started = tools.now()
    await tools.store.runs.set_step(run_id, key, at=started, status=StepStatus.RUNNING, started=started)
    run = await tools.store.runs.get(run_id)
    here = await checkouts.site(tools, run_id, run.app, run.event.commit or "")
    planned = await _planned(tools, here, key.partition("/")[2])
    result = {"environment": planned.environment.name}
    await tools.store.runs.set_step(run_id, key, at=tools.now(), result=result)
    wrong = errors(planned.findings)
    lines = [*(planned.preview.lines if planned.preview else ()), *map(_line, planned.findings)]
    with tools.logs.writer(run_id, key) as log:
        log.write("".join(f"{line}\n" for line in lines).encode())
    return StepEnd(
        status=StepStatus.FAILED if wrong else StepStatus.PASSED,
        reason=_reason(wrong) if wrong else planned.preview.summary if planned.preview else _reason(planned.findings),
        started=started,
        ended=tools.now(),
    )


async def _planned(tools: Tools, here: checkouts.Checkout, name: str) -> _Planned:
    sources, findings = await asyncio.to_thread(render_inputs.gather, here.tree, name, here.tools.adapters)
    if sources is None:
        raise SealaneError(f"{name} can't be read, though it could when the run began: {findings[0]}")
    formation = sources.formation
    environment = tools.environment(formation.environment)
    planned = _Planned(environment=environment)
    named = await outputs.of(tools, here.app.name, formation, here.tree, environment)
    pipeline = checkouts.pipeline(here)
    if named.problems:
        return replace(planned, findings=(*named.wrong, *_missing(named, name, pipeline)))
    inputs = Inputs(
        app=here.app.name,
        images={image.name: rendering.unbuilt(image.name) for image in (pipeline.images if pipeline else ())},
        key=tools.names_key,
        kind=environment.kind_of(formation.destination),
        adapters=tools.adapters,
    )
    revision, findings = await output_formations.render(sources, inputs, named, tools.helm)
    if revision is None:
        return replace(planned, findings=tuple(findings))
    kept_out = limits.check(environment, formation, revision, None, app=revision.app)
    if errors(kept_out):  # what the app may not deploy is not planned: its state may be another app's
        return replace(planned, findings=tuple(kept_out))
    previewer = tools.destinations.previewer(environment, formation.destination)
    if previewer is None:
        raise SealaneError(NOT_ALLOWED)
    preview = await previewer.preview(revision, deletes=environment.delete_budget)
    decided = await policies.decisions(tools, environment, preview.revision)
    denied = [decision.finding for decision in decided if decision.effect is Effect.DENY]
    return replace(planned, preview=preview, findings=(*findings, *preview.findings, *denied))


def _missing(named: OutputValues, name: str, pipeline: Pipeline | None) -> list[Finding]:
    """Outputs that nobody has yet; warnings where the merge brings them by a delivery before this one."""
    order = [delivery.formation for delivery in pipeline.deliver] if pipeline else []
    before = set(order[: order.index(name)]) if name in order else set()
    later = "it is planned once that is deployed"
    return [
        replace(finding, severity=Severity.WARNING, hint=later) if output.formation in before else finding
        for output, finding in named.missing
    ]


def _line(finding: Finding) -> str:
    return controls.removed(" ".join(f"{finding.severity}: {finding}".split()))


def _reason(wrong: Sequence[Finding]) -> str:
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return controls.removed(f"{wrong[0]}{more}")
