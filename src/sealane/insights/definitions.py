"""Which figures count an ended deployment: the definitions in docs/insights.md and on the page. Pure.

A **change** moved a formation forward to another revision than the verified one, and wrote it. It was deployed or failed.
A deployed change counts as failed, too, once a person rolled it back, or it was rolled back because it degraded.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from sealane.pipelines.model import RunStatus
from sealane.records.deployments import DeploymentKind
from sealane.records.waits import Wait, Waits
from sealane.reports.model import CaseResult
from sealane.verdicts.model import VerdictKind

_BAD = frozenset({VerdictKind.FAILED, VerdictKind.ROLLED_BACK, VerdictKind.ROLLBACK_FAILED})
_CARRIED_OUT = frozenset({RunStatus.PASSED.value, RunStatus.FAILED.value, RunStatus.BROKEN.value})
"""Steps use the same words."""
WAITS = ("queue", "steps", "approval", "hold", "window", "rollout")
"""Parts of a lead time."""
SLOWEST = 20
"""The slowest tests of an attempt at a step that are kept."""
LATELY = timedelta(days=30)
MOST_LATELY = 200
"""Tests of a branch that failed lately and are kept even when they pass."""
_STANDING = (Waits.APPROVAL, Waits.HOLD, Waits.WINDOW)
_BRINGING = frozenset({DeploymentKind.DELIVERY, DeploymentKind.MANUAL})


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """The facts about a deployment that began and ended."""

    id: str
    kind: DeploymentKind
    revision: str
    from_revision: str | None
    """The revision verified there when it began."""
    older: bool = False
    """Whether its commit is older than the one verified there."""
    asked: datetime
    started: datetime
    received: datetime | None = None
    """When the server first heard of its commit; None for an unknown commit."""
    arrived: bool = False
    """Whether its commit was already deployed to the formation."""
    at: datetime
    """When it ended."""
    verdict: VerdictKind
    untouched: bool = False
    """Whether none of its workloads was written."""
    called_off: bool = False
    """Whether a person cancelled it."""
    begun: datetime | None = None
    """When the first run of its commit began."""
    waits: tuple[Wait, ...] = ()
    """What it waited for before it began."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """How a deployment is counted; times are seconds."""

    id: str
    deployed: bool = False
    failed: bool = False
    lead_time: float | None = None
    restored: float | None = None
    queue: float | None = None
    """This and the five below: where its lead time went; each is None without a lead time."""
    steps: float | None = None
    approval: float | None = None
    hold: float | None = None
    window: float | None = None
    rollout: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A failed change since which the formation has not been healthy again."""

    id: str
    since: datetime
    """When it began, or when it degraded after being deployed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recount:
    """A change to an earlier count."""

    id: str
    restored: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """The result of counting an end: the deployment's own count, and changes to earlier counts of its formation."""

    own: Counted
    failed: tuple[Recount, ...] = ()
    """Deployments that now count as failed, and when they were restored; they may have counted as good until now."""


def count(ended: Ended, open_failures: Sequence[Failure], newest: str | None) -> Count:
    """Counts an end, given its formation's unrestored failures and its newest change that has not failed."""
    own = _own(ended)
    if ended.verdict is not VerdictKind.DEPLOYED:
        return Count(own=own)
    if open_failures:
        made_good = (Recount(id=failure.id, restored=_between(failure.since, ended.at)) for failure in open_failures)
        return Count(own=own, failed=tuple(made_good))
    if newest is not None and _goes_back(ended) and ended.revision != ended.from_revision:
        return Count(own=own, failed=(Recount(id=newest, restored=_between(ended.asked, ended.at)),))
    return Count(own=own)


def degraded(counted: Counted) -> Counted:
    """Recounts a deployed change that degraded and is rolled back: it has failed, and is not restored yet."""
    return replace(counted, failed=True, restored=None) if counted.deployed else counted


def _own(ended: Ended) -> Counted:
    if not _is_change(ended):
        return Counted(id=ended.id)
    if ended.verdict is VerdictKind.DEPLOYED:
        first = None if ended.arrived else ended.received
        if first is None:
            return Counted(id=ended.id, deployed=True)
        return replace(waits(ended, first), deployed=True, lead_time=_between(first, ended.at))
    back = _between(ended.started, ended.at) if ended.verdict is VerdictKind.ROLLED_BACK else None
    return Counted(id=ended.id, failed=True, restored=back)


def waits(ended: Ended, received: datetime) -> Counted:
    """Where the time from receiving its commit to its verdict went: consecutive parts without gaps.

    A part with an unknown or earlier end took no time: the next part takes it all. When several things were waited for at
    once, the first of approval, hold and window gets the time; waiting in the queue gets the rest.
    """
    seconds = dict.fromkeys(WAITS, 0.0)
    reached = received
    for part, mark in (("queue", ended.begun), ("steps", ended.asked), *_before(ended), ("rollout", ended.at)):
        until = min(max(mark or reached, reached), ended.at)
        seconds[part] += _between(reached, until)
        reached = max(reached, until)
    return replace(Counted(id=ended.id), **seconds)  # type: ignore[arg-type]


def _before(ended: Ended) -> Iterator[tuple[str, datetime]]:
    """What took the time from request to start, and the end of each part."""
    stood = [(wait.kind, wait.since, wait.until or ended.started) for wait in ended.waits]
    marks = {ended.asked, ended.started, *(mark for _, since, until in stood for mark in (since, until))}
    for since, until in pairwise(sorted(mark for mark in marks if ended.asked <= mark <= ended.started)):
        kinds = {kind for kind, begun, over in stood if begun <= since and until <= over}
        yield next((kind.value for kind in _STANDING if kind in kinds), "queue"), until


def was_carried_out(status: str, started: datetime | None) -> bool:
    """Whether a run or step counts: it began, and ended by itself."""
    return started is not None and status in _CARRIED_OUT


def has_passed(status: str) -> bool:
    """Whether a run or step that counts has passed."""
    return status == RunStatus.PASSED.value


def took(started: datetime | None, ended: datetime) -> float:
    """Seconds that a run or step took."""
    return 0.0 if started is None else _between(started, ended)


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """Names of earlier failed tests of the same step of the same app."""

    failed: frozenset[str]
    """Tests that failed on the same commit before."""
    passed: frozenset[str]
    lately: frozenset[str]
    """Tests that failed on the same branch lately."""


def counted_tests(cases: Sequence[CaseResult], before: Before) -> Iterator[CaseResult]:
    """The tests of an attempt that insights count, up to a limit."""
    passed = (case for case in cases if not case.failed and case.seconds is not None)
    slowest = {case.title for case in heapq.nlargest(SLOWEST, passed, key=lambda case: case.seconds or 0.0)}
    wanted = slowest | before.failed | before.lately
    return (case for case in cases if case.failed or case.title in wanted)


def is_flaky(case: CaseResult, before: Before) -> bool:
    """Whether the test has now both failed and passed on the same commit."""
    failed = case.failed or case.title in before.failed
    return failed and (case.passed or case.title in before.passed)


def _is_change(ended: Ended) -> bool:
    over = ended.verdict is VerdictKind.DEPLOYED or ended.verdict in _BAD
    forward = ended.kind in _BRINGING and not ended.older and ended.revision != ended.from_revision
    return over and forward and not ended.untouched and not ended.called_off


def _goes_back(ended: Ended) -> bool:
    return ended.kind is DeploymentKind.ROLLBACK or (ended.kind in _BRINGING and ended.older)


def _between(first: datetime, last: datetime) -> float:
    """Seconds; none where the clocks of two machines disagree."""
    return max((last - first).total_seconds(), 0.0)
