"""A run and its log. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from sealane import controls
from sealane.access.model import Actor
from sealane.approvals import authorship
from sealane.environments.people import People
from sealane.pipelines.model import Kind, RunStatus, StepStatus
from sealane.records.filters import ALL, Filter
from sealane.records.runs import Run, RunStep
from sealane.records.views import LogPart, RunView
from sealane.releases import deliveries, origin
from sealane.releases.deliveries import Delivery
from sealane.server.pages import text
from sealane.server.pages.list_views import ListRow
from sealane.server.pages.presenters import actions, group_cards, lists, reports, run_graph, states, versions
from sealane.server.pages.run_views import DeliveryRow, RunPage, StepRow
from sealane.server.pages.views import Link
from sealane.verdicts.messages import causes

MOST_BYTES = 256 * 1024
"""Most bytes of a log on a page; `Raw` has all of it."""

_WRONG = {RunStatus.FAILED, RunStatus.BROKEN}
_WRONG_STEPS = {StepStatus.FAILED, StepStatus.BROKEN}
_OVER = {"passed", "failed", "broken", "skipped", "cancelled", "refused"}


def lines(data: bytes) -> tuple[str, ...]:
    """A log's lines for a page, without escape sequences, control characters and overwritten text."""
    last_parts = (line.rstrip("\r").rsplit("\r", 1)[-1] for line in data.decode(errors="replace").split("\n"))
    shown = tuple(controls.removed(line) for line in last_parts)
    return shown[:-1] if shown and not shown[-1] else shown


def run(
    view: RunView, log: LogPart | None, actor: Actor, *, chosen: str | None, log_from: int, now: datetime
) -> RunPage:
    """One run for one reader; `chosen` is the key of the step whose log is shown, from byte `log_from` on."""
    rows = tuple(_step(view, step, chosen=step.key == chosen, now=now) for step in view.steps)
    event = view.run.event
    over = view.run.status.value in _OVER
    hints = {delivery.deployment: delivery.hint for delivery in view.deliveries}
    result = next((step.result for step in view.steps if step.key == chosen), None) or {}
    return RunPage(
        id=view.run.id,
        app=view.run.app,
        label=view.run.label,
        subject=origin.subject(event.message),
        pill=states.run(view.run),
        steps_pill=states.run(replace(view.run, delivered=None))
        if states.run(view.run).words != view.run.status
        else None,
        event=_event(view.run),
        commit=_commit(view.run),
        time=_time(view.run, now),
        since=view.run.started if view.run.ended is None else None,
        reason=_reason(view),
        findings=tuple(dict.fromkeys(str(finding) for finding in view.findings)),
        wrong=view.run.status in _WRONG,
        deliveries=tuple(_delivery(delivery) for delivery in view.alone),
        groups=tuple(group_cards.card(group, hints=hints) for group in view.groups),
        graph=run_graph.chart(view, now),
        steps=rows,
        chosen=next((row for row in rows if row.chosen), None),
        delivery=next((_delivery(delivery) for delivery in view.deliveries if chosen == _key(delivery)), None),
        image=str(result.get("image", "") if isinstance(result.get("image"), str) else ""),
        log=lines(log.data) if log else (),
        log_from=log.next_offset if log else 0,
        log_cut=log_from > 0,
        live=not over
        or any(delivery.state in deliveries.OPEN for delivery in view.deliveries)
        or any(group.stage in group_cards.OPEN for group in view.groups),
        actions=actions.of_run(view.run, actor),
        tests=reports.card(view.reports, chosen),
    )


def row(run: Run, only: Filter = ALL) -> ListRow:
    """One line of the list of runs, filtered by `only`."""
    event = run.event
    cause, where = event.kind.value.replace("_", " "), event.branch or (event.ref or "").removeprefix("refs/tags/")
    to = f"{cause} to {where}" if where else cause
    facts = [Link(words=to, href=lists.address("/runs", only, branch=event.branch) if event.branch else "")]
    if event.author:
        facts.append(Link(words=f"by {event.author}", href=lists.address("/runs", only, author=event.author)))
    if run.requested_by and run.requested_by != event.author:
        facts.append(Link(words=f"asked for by {run.requested_by}"))
    return ListRow(
        key=run.id,
        pill=states.run(run),
        href=f"/runs/{run.id}",
        what=run.label,
        version=(event.commit or "")[:7],
        subject=origin.subject(event.message),
        facts=tuple(facts),
        because=run.because or "",
        at=run.created,
        took=text.duration((run.ended - run.started).total_seconds()) if run.ended and run.started else "",
        since=run.started if run.ended is None else None,
    )


def choose(view: RunView, asked: str | None) -> str | None:
    """The step to show: the requested one, else a failed step or delivery, a running one, or the last one."""
    keys = [step.key for step in view.steps]
    if asked in keys:
        return asked
    deliver = {
        f"{Kind.DELIVER}/{delivery.formation}" for delivery in view.deliveries if delivery.state in deliveries.BAD
    }
    wrong = [step.key for step in view.steps if step.status in _WRONG_STEPS]
    runs = [step.key for step in view.steps if step.status is StepStatus.RUNNING]
    not_there = [step.key for step in view.steps if step.key in deliver]
    passed = [step.key for step in view.steps if step.status is StepStatus.PASSED and step.kind != Kind.DELIVER]
    return next(iter([*wrong, *runs, *not_there, *passed[-1:], *keys]), None)


def _event(run: Run) -> str:
    event = run.event
    where = event.branch or (event.ref or "").removeprefix("refs/tags/")
    cause = f"{event.kind.value.replace('_', ' ')} to {where}" if where else event.kind.value.replace("_", " ")
    who = run.requested_by or (authorship.pusher_words(event.pusher, People()) if event.pusher else event.author)
    wrote = f", commit by {event.author}" if event.author and event.author != who else ""
    return f"{cause} by {who}{wrote}" if who else cause


def _commit(run: Run) -> Link:
    """Its commit, with a link to its deployments."""
    commit = (run.event.commit or "")[: versions.SHORT]
    return Link(words=commit, href=lists.address("/deployments", Filter(app=run.app, commit=commit)))


def _time(run: Run, now: datetime) -> str:
    if run.started is None:
        return "waiting to start" if run.ended is None else "never started"
    return text.duration(((run.ended or now) - run.started).total_seconds())


def _reason(view: RunView) -> str:
    """The run's result, without the findings, which are shown below."""
    reason = view.run.reason or ""
    return reason.partition(str(view.findings[0]))[0].rstrip(": ") if view.findings else reason


def _delivery(delivery: Delivery) -> DeliveryRow:
    reason = delivery.short.removeprefix(f"{delivery.state.words}: ")  # it may begin with an app's name, as it is
    return DeliveryRow(
        pill=states.delivered(delivery.state),
        formation=delivery.formation,
        href=delivery.page,
        words=causes.capital(reason) if reason == delivery.short else reason,
        hint=delivery.hint,
    )


def _key(delivery: Delivery) -> str:
    """The key of the step that requested it."""
    return f"{Kind.DELIVER}/{delivery.formation}"


def _step(view: RunView, step: RunStep, *, chosen: bool, now: datetime) -> StepRow:
    tone, state = states.step(step.status), step.status.value
    time = text.duration(((step.ended or now) - step.started).total_seconds()) if step.started else ""
    if step.status is StepStatus.SKIPPED and step.reason:
        state = step.reason
    elif step.failure_ignored:
        tone, state = states.FAILURE_IGNORED
    elif step.status is StepStatus.WAITING and step.needs:
        state = f"after {step.needs[-1].split('/', 1)[-1]}"
    elif step.kind == Kind.PLAN and step.status is StepStatus.PASSED and step.reason:
        state = step.reason
    delivery = next((delivery for delivery in view.deliveries if step.key == _key(delivery)), None)
    if delivery is not None:  # the step only requests it, so the delivery's result counts
        tone, state, time = states.delivered(delivery.state).tone, delivery.state.words, ""
    tests, tests_wrong = reports.beside(view.reports, step.key)
    return StepRow(
        key=step.key,
        name=step.name,
        kind={"step": ""}.get(step.kind, step.kind),
        tone=tone or "none",
        state=state,
        time=time,
        since=step.started if step.status is StepStatus.RUNNING and delivery is None else None,
        href=f"/runs/{view.run.id}?step={quote(step.key, safe='')}",
        chosen=chosen,
        tests=tests,
        tests_wrong=tests_wrong,
    )
