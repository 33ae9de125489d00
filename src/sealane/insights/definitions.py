"""Which figures count a deployment that ended: the definitions that docs/insights.md and the page tell. Pure.

A **change** brought another revision than the one verified there, forward, and wrote it. It was deployed, or it failed. A
change that was deployed has failed, too, once a person went back from it, or it was rolled back because it degraded.
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
"""A step has the same words for these."""
WAITS = ("queue", "steps", "approval", "hold", "window", "rollout")
"""Parts of a lead time."""
SLOWEST = 20
"""Tests that are kept of an attempt at a step because they took long."""
LATELY = timedelta(days=30)
MOST_LATELY = 200
"""Tests of a branch that failed in these days and are kept when they pass."""
_STANDING = (Waits.APPROVAL, Waits.HOLD, Waits.WINDOW)
_BRINGING = frozenset({DeploymentKind.DELIVERY, DeploymentKind.MANUAL})


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """What is known of a deployment that began and ended."""

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
    """When the server heard of its commit first; None where nobody knows the commit."""
    arrived: bool = False
    """Whether its commit was deployed to the formation before."""
    at: datetime
    """When it ended."""
    verdict: VerdictKind
    untouched: bool = False
    """Nothing of its workloads was written."""
    called_off: bool = False
    """A person stopped it."""
    begun: datetime | None = None
    """When the first run of its commit began."""
    waits: tuple[Wait, ...] = ()
    """What stood in its way before it began."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What a deployment counts as; times are seconds."""

    id: str
    deployed: bool = False
    failed: bool = False
    lead_time: float | None = None
    restored: float | None = None
    queue: float | None = None
    """With the five below: where its lead time went; each is None without one."""
    steps: float | None = None
    approval: float | None = None
    hold: float | None = None
    window: float | None = None
    rollout: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """A failed change after which the formation has not been well yet."""

    id: str
    since: datetime
    """When it began, or when it degraded after it had been deployed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Recount:
    """What changes of one that was counted before."""

    id: str
    restored: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """What an end comes to: the deployment's own count, and what it changes of others of its formation."""

    own: Counted
    failed: tuple[Recount, ...] = ()
    """Those that have failed, and when they were made good; they may have been good until now."""


def count(ended: Ended, open_failures: Sequence[Failure], newest: str | None) -> Count:
    """Counts an end. Of its formation: failures not made good yet, and the newest change that is not a failed one."""
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
    """Counts anew what was deployed and is rolled back because it degraded: a change has failed, and nothing is well yet."""
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
    """Where the time went from hearing of its commit to its verdict: parts that follow each other, and leave nothing out.

    What is not known, or would go back in time, took no time: the part after it takes it all. Of what stood in the way at
    once the first of approval, hold and window takes the time, and its turn what nothing else does.
    """
    seconds = dict.fromkeys(WAITS, 0.0)
    reached = received
    for part, mark in (("queue", ended.begun), ("steps", ended.asked), *_before(ended), ("rollout", ended.at)):
        until = min(max(mark or reached, reached), ended.at)
        seconds[part] += _between(reached, until)
        reached = max(reached, until)
    return replace(Counted(id=ended.id), **seconds)  # type: ignore[arg-type]


def _before(ended: Ended) -> Iterator[tuple[str, datetime]]:
    """What took the time from being asked for to the start, and until when each did."""
    stood = [(wait.kind, wait.since, wait.until or ended.started) for wait in ended.waits]
    marks = {ended.asked, ended.started, *(mark for _, since, until in stood for mark in (since, until))}
    for since, until in pairwise(sorted(mark for mark in marks if ended.asked <= mark <= ended.started)):
        kinds = {kind for kind, begun, over in stood if begun <= since and until <= over}
        yield next((kind.value for kind in _STANDING if kind in kinds), "queue"), until


def was_carried_out(status: str, started: datetime | None) -> bool:
    """Whether a run or step counts: it began, and came to an end of its own."""
    return started is not None and status in _CARRIED_OUT


def has_passed(status: str) -> bool:
    """Whether a run or step that was carried out came out well."""
    return status == RunStatus.PASSED.value


def took(started: datetime | None, ended: datetime) -> float:
    """Seconds that a run or step took."""
    return 0.0 if started is None else _between(started, ended)


@dataclass(frozen=True, kw_only=True, slots=True)
class Before:
    """What is known of tests of the same step of the same app; all are names."""

    failed: frozenset[str]
    """Those that failed on the same commit before."""
    passed: frozenset[str]
    lately: frozenset[str]
    """Those that failed on the same branch lately."""


def kept(cases: Sequence[CaseResult], before: Before) -> Iterator[CaseResult]:
    """The tests of an attempt that insights count: bounded, however many there are."""
    passed = (case for case in cases if not case.failed and case.seconds is not None)
    slowest = {case.title for case in heapq.nlargest(SLOWEST, passed, key=lambda case: case.seconds or 0.0)}
    wanted = slowest | before.failed | before.lately
    return (case for case in cases if case.failed or case.title in wanted)


def is_flaky(case: CaseResult, before: Before) -> bool:
    """Whether the test has failed and passed on the same commit, the last time now."""
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
