"""A run and its log. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sealane import controls
from sealane.access.model import Actor
from sealane.approvals import authorship
from sealane.environments.people import People
from sealane.pipelines.model import Kind, RunStatus, StepStatus
from sealane.releases import deliveries
from sealane.releases.deliveries import Delivery
from sealane.server.ui import words
from sealane.server.ui.presenting import actions, reports, states
from sealane.server.ui.views import DeliveryRow, ListRow, RunPage, StepRow
from sealane.store.model import Run, RunStep
from sealane.store.view_model import LogPart, RunView

MOST_BYTES = 256 * 1024
"""How much of a log a page shows; the rest is behind `Raw`."""

_WRONG = {RunStatus.FAILED, RunStatus.BROKEN}
_OVER = {"passed", "failed", "broken", "skipped", "cancelled", "refused"}


def lines(data: bytes) -> tuple[str, ...]:
    """A log's lines for a page: escape sequences and control characters are left out, overwritten text too."""
    kept = (line.rstrip("\r").rsplit("\r", 1)[-1] for line in data.decode(errors="replace").split("\n"))
    shown = tuple(controls.removed(line) for line in kept)
    return shown[:-1] if shown and not shown[-1] else shown


def run(
    view: RunView, log: LogPart | None, actor: Actor, *, chosen: str | None, log_from: int, now: datetime
) -> RunPage:
    """One run for one reader; `chosen` is the key of the step whose log is shown, `log_from` where that log's part began."""
    rows = tuple(_step(view, step, chosen=step.key == chosen, now=now) for step in view.steps)
    event = view.run.event
    over = view.run.status.value in _OVER
    result = next((step.result for step in view.steps if step.key == chosen), None) or {}
    return RunPage(
        id=view.run.id,
        app=view.run.app,
        title=f"{view.run.label} {event.message}".strip(),
        pill=states.run(view.run),
        steps_pill=states.run(replace(view.run, delivered=None))
        if states.run(view.run).words != view.run.status
        else None,
        event=_event(view.run),
        commit=(event.commit or "")[:7],
        time=_time(view.run, now),
        reason=_reason(view),
        findings=tuple(dict.fromkeys(str(finding) for finding in view.findings)),
        wrong=view.run.status in _WRONG,
        deliveries=tuple(_delivery(each) for each in view.deliveries),
        steps=rows,
        chosen=next((row for row in rows if row.chosen), None),
        image=str(result.get("image", "") if isinstance(result.get("image"), str) else ""),
        log=lines(log.data) if log else (),
        log_from=log.next_offset if log else 0,
        log_cut=log_from > 0,
        live=not over or any(each.state in deliveries.OPEN for each in view.deliveries),
        actions=actions.of_run(view.run, actor),
        tests=reports.card(view.reports, chosen),
    )


def row(found: Run) -> ListRow:
    """One line of the list of runs."""
    return ListRow(
        pill=states.run(found),
        href=f"/runs/{found.id}",
        what=found.label,
        version=(found.event.commit or "")[:7],
        words=f"{found.event.message} · {_event(found)}" if found.event.message else _event(found),
        at=found.created,
    )


def choose(view: RunView, asked: str | None) -> str | None:
    """The step whose log is worth seeing: the one asked for, else what failed, what runs, what came last."""
    keys = [step.key for step in view.steps]
    if asked in keys:
        return asked
    order = (
        {StepStatus.FAILED, StepStatus.BROKEN},
        {StepStatus.RUNNING},
        {StepStatus.PASSED},
    )
    for wanted in order:
        with_it = [step.key for step in view.steps if step.status in wanted and step.kind != "deliver"]
        if with_it:
            return with_it[-1] if StepStatus.PASSED in wanted else with_it[0]
    return keys[0] if keys else None


def _event(found: Run) -> str:
    event = found.event
    where = event.branch or (event.ref or "").removeprefix("refs/tags/")
    what = f"{event.kind.value.replace('_', ' ')} to {where}" if where else event.kind.value.replace("_", " ")
    who = found.requested_by or (authorship.told(event.pusher, People()) if event.pusher else event.author)
    wrote = f", commit by {event.author}" if event.author and event.author != who else ""
    return f"{what} by {who}{wrote}" if who else what


def _time(found: Run, now: datetime) -> str:
    if found.started is None:
        return "waiting to start" if found.ended is None else "never started"
    return words.duration(((found.ended or now) - found.started).total_seconds())


def _reason(view: RunView) -> str:
    """What the run came to; the findings, which stand below, are left out of it."""
    said = view.run.reason or ""
    return said.partition(str(view.findings[0]))[0].rstrip(": ") if view.findings else said


def _delivery(found: Delivery) -> DeliveryRow:
    return DeliveryRow(
        pill=states.delivered(found.state),
        formation=found.formation,
        href=found.page,
        words=found.sentence,
        mend=found.mend,
    )


def _step(view: RunView, step: RunStep, *, chosen: bool, now: datetime) -> StepRow:
    tone = states.step(step.status)
    if step.started:
        time = words.duration(((step.ended or now) - step.started).total_seconds())
    elif step.status is StepStatus.SKIPPED:
        time = step.reason or "skipped"
    elif step.needs:
        time = f"after {step.needs[-1].split('/', 1)[-1]}"
    else:
        time = step.status.value
    href = f"/runs/{view.run.id}?step={step.key}"
    delivery = next((each for each in view.deliveries if step.key == f"{Kind.DELIVER}/{each.formation}"), None)
    if delivery is not None:  # asking for it is all that the step does: what became of it counts
        tone, time, href = states.delivered(delivery.state).tone, delivery.state.words, delivery.page
    tests, tests_wrong = reports.beside(view.reports, step.key)
    return StepRow(
        key=step.key,
        name=step.name,
        kind={"step": ""}.get(step.kind, step.kind),
        tone=tone or "none",
        time=time,
        href=href,
        chosen=chosen,
        tests=tests,
        tests_wrong=tests_wrong,
    )
