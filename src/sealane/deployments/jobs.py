"""One Job beside a rollout, for a gate or hook: applied, watched to its end, its last lines kept.

A Job's name is derived from a key: a repeated call with the key finds the Job and waits for it; it never runs twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sealane import clock
from sealane.deployments import apply_phase, failure_reports, model, watch_phase
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.verdicts import model as verdicts

LINES = 40
"""Lines of its log that are kept."""
_LONGEST_NAME = 46
SLACK = timedelta(seconds=5)
"""The destination ends a Job that hangs; if it doesn't, Sealane ends it this much later."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobRequest:
    """One Job to run."""

    manifest: Mapping[str, Any]
    """As rendered; its name becomes the first part of the real one."""
    key: tuple[str, ...]
    """Its purpose: the same key finds the same Job."""
    identity: destinations.Identity
    timeout: timedelta
    patience: timedelta = timedelta(seconds=60)
    variables: Mapping[str, str] = field(default_factory=dict)
    """Set in every container, beside what the manifest sets."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobResult:
    """How a Job ended."""

    name: str
    cause: verdicts.Cause | None
    """Why it failed; None when it ended well."""
    lines: tuple[str, ...] = ()
    """Its last lines, masked."""
    failure_report: Mapping[str, Any] | None = None
    """The evidence, when it failed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class JobContext:
    """What running a Job needs."""

    destination: Destination
    fence: destinations.Fence = destinations.unfenced
    mask: Callable[[str], str] = failure_reports.plain
    now: clock.Clock = field(default=clock.now)


async def run(order: JobRequest, where: JobContext) -> JobResult:
    """Runs the Job, or waits for it if it runs already. Raises Fenced and Unavailable."""
    name = name_of(str(order.manifest["metadata"]["name"]), order.key)
    job = where.destination.task(order.manifest, name=name, timeout=order.timeout, variables=order.variables)
    target = _goal(order)
    inventory, refused = await _written(job, order, where)
    if refused:
        return JobResult(name=name, cause=refused, failure_report=failure_reports.refused(refused).to_json())
    begun = model.Begun(inventory=inventory, at=where.now())
    watched = await watch_phase.watch(
        where.destination, target, begun=begun, by=watch_phase.WatchContext(mask=where.mask, now=where.now)
    )
    cause = watched.judgement.cause or _standing_still(watched)
    if cause is None:
        return JobResult(name=name, cause=None, lines=await _lines(inventory, order, where))
    failure_report = await failure_reports.take(where.destination, target, watched, mask=where.mask)
    cause = failure_report.cause or cause
    lines = tuple(line for log in failure_report.logs for line in log["lines"])[-LINES:]
    if _is_late(cause, order, waited=where.now() - begun.at):
        await where.destination.end(inventory, fence=where.fence)
        cause = replace(cause, sentence=f"Job {name} did not end within {order.timeout.total_seconds():g} s.")
    return JobResult(name=name, cause=cause, lines=lines, failure_report=failure_report.to_json())


def name_of(base: str, key: Sequence[str]) -> str:
    """A Job's name: for people in front, the key's digest behind."""
    digest = hashlib.sha256("\0".join(key).encode()).hexdigest()[:12]
    return f"{base[:_LONGEST_NAME].rstrip('-.')}-{digest}"


def as_asked(given: Mapping[str, Any], revision: str) -> dict[str, Any]:
    """The Job for a dry run, under a name that no other object has."""
    return {**given, "metadata": {**given["metadata"], "name": name_of(str(given["metadata"]["name"]), (revision,))}}


def _standing_still(watched: model.WatchResult) -> verdicts.Cause | None:
    """The cause when an unchanged Job never ran: somebody else suspended it."""
    still = next((workload for workload in watched.observation.workloads if workload.note and not workload.ended), None)
    if still is None:
        return None
    return verdicts.Cause(
        sentence=f"{still.object.replace('/', ' ')} {still.note}.",
        object=still.object,
        workload=still.object,
        reason=verdicts.FactKind.PAUSED,
        decisive=True,
        since=watched.observation.at,
    )


def _goal(order: JobRequest) -> model.Target:
    async def nothing() -> Sequence[Mapping[str, Any]]:
        return ()

    return model.Target(
        identity=order.identity,
        objects=nothing,
        healthy_for=timedelta(),
        patience=order.patience,
        deadline=order.timeout + SLACK,
    )


async def _written(
    job: Mapping[str, Any], order: JobRequest, where: JobContext
) -> tuple[destinations.Inventory, verdicts.Cause | None]:
    """Creates the Job unless it exists."""
    refs = await where.destination.refs([job], namespace=order.identity.namespace)
    for live in await where.destination.read(refs):
        if destinations.owner_of(live["metadata"].get("labels") or {}) == order.identity.owner:
            return refs, None  # a Job of another owner tells nothing about this deployment
    applied = await where.destination.apply([job], identity=order.identity, fence=where.fence)
    return applied.inventory, apply_phase.refused(applied, at=where.now(), mask=where.mask)


async def _lines(inventory: destinations.Inventory, order: JobRequest, where: JobContext) -> tuple[str, ...]:
    """The last lines of a Job that succeeded."""
    tail = where.destination.tail(
        inventory, namespace=order.identity.namespace, container=None, lines=LINES, follow=False
    )
    printed = [line.partition("  ")[2] async for line in tail]
    return tuple(failure_reports.lines(printed, where.mask))[-LINES:]


def _is_late(cause: verdicts.Cause, order: JobRequest, *, waited: timedelta) -> bool:
    """Whether it hung: the cluster ended it at its deadline, or nothing decisive was ever seen."""
    return cause.reason is verdicts.FactKind.JOB_TIMED_OUT or (not cause.decisive and waited >= order.timeout)
