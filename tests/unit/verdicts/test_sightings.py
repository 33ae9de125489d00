"""A destination under load tells late: late news prove nothing for the time before they came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sealane.verdicts import evaluate, model, sightings
from sealane.verdicts.judgement import Memory, Rules, State

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
RULES = Rules(started=START, healthy_for=timedelta(seconds=2))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def seen(now: float, *, ready: float | None = None, ends: int = 0, told: float = 0, **detail: str) -> model.Observation:
    """One pod of a version, ready since then, or not; its container ended so often, the last time at `told`."""
    workload = model.Workload(
        object="Deployment/web",
        health=model.Health.CONVERGING if ready is None else model.Health.READY,
        desired=1,
        updated=1,
        ready=int(ready is not None),
        old=0,
        ready_since=None if ready is None else at(ready),
        message="1 pod",
    )
    instance = model.Instance(
        object="Pod/web-1",
        workload="Deployment/web",
        desired=True,
        terminating=False,
        ready=ready is not None,
        ready_since=workload.ready_since,
        created=at(0),
        state="ready",
    )
    fact = model.Fact(
        kind=model.FactKind.ENDED,
        object="Pod/web-1",
        workload="Deployment/web",
        container="web",
        since=at(told),
        created=at(0),
        run=at(told),
        last=at(told),
        times=ends,
        detail=detail,
    )
    return model.Observation(
        at=at(now), workloads=(workload,), instances=(instance,), facts=(fact,) if ends else (), unit="pod"
    )


def ended_with(observations: Sequence[model.Observation]) -> tuple[str, float]:
    """How a watcher that judges every tenth of a second ends, and when; each observation stays until the next."""
    memory, left, latest = Memory(), list(observations), observations[0]
    for tenth in range(1200):
        while left and left[0].at <= at(tenth / 10):
            latest = left.pop(0)
            memory = replace(memory, first_seen=sightings.noted(memory, latest))
        judged = evaluate.judge(latest, RULES, now=at(tenth / 10), memory=memory)
        if judged.state is not State.PROGRESSING:
            return judged.state.value, tenth / 10
    raise AssertionError("it never ended")


def test_a_crash_loop_that_a_busy_node_tells_late_is_not_healthy() -> None:
    """The container ends at once, each time; the node told the start after 4 s, the ends after 7 s and more."""
    story = [seen(0), seen(5, ready=1), seen(9, ready=9, ends=1, told=2), seen(16, ends=2, told=10)]
    assert ended_with(story) == ("failed", 16)


def test_ready_again_after_an_end_is_not_believed_for_some_seconds() -> None:
    """The first end was told in time; the restart, too; the second end came 8 s later."""
    story = [seen(0), seen(1, ready=1), seen(2, ready=2, ends=1, told=1), seen(10, ends=2, told=2)]
    assert ended_with(story) == ("failed", 10)


@pytest.mark.parametrize(
    ("told", "healthy"),
    [(5, 5 + 2 + 1), (6, 5 + 2 + 1), (8, 5 + 2 * 2 + 2 + 1), (12, 5 + 2 * 6 + 2 + 1), (60, 60)],
    ids=["at once", "within the resolution", "late", "later", "the most that counts is over"],
)
def test_late_news_hold_longer(told: float, healthy: float) -> None:
    assert ended_with([seen(0), seen(told, ready=5)]) == ("healthy", healthy)


def test_a_watcher_that_took_over_does_not_believe_what_it_did_not_see_come() -> None:
    """It sees at once that the pod was ready 4 s ago, and that may have been told just now."""
    assert ended_with([seen(0), seen(9, ready=5)])[1] > ended_with([seen(0), seen(5, ready=5)])[1]


def test_what_was_ready_before_the_rollout_was_not_told_late() -> None:
    assert ended_with([seen(0, ready=-500)]) == ("healthy", 0)


def test_the_same_news_are_not_newer_when_they_come_again() -> None:
    memory = Memory(first_seen=sightings.noted(Memory(), seen(5, ready=1)))
    again = sightings.noted(memory, seen(9, ready=1))
    assert again == memory.first_seen
    assert sightings.noted(memory, seen(10, ready=8)) != again


def test_the_event_that_names_the_probe_is_waited_for_from_when_the_end_was_told() -> None:
    """The end was told 8 s late, the event 3 s after it: without it, nobody knows that the probe killed the container."""
    told = seen(20, ends=2, told=12, perhaps_by_probe="yes", exit_code="137")
    named = replace(told, at=at(23), facts=(replace(told.facts[0], kind=model.FactKind.KILLED_BY_PROBE),))
    memory = Memory(first_seen=sightings.noted(Memory(), told))
    assert evaluate.judge(told, RULES, now=at(34.9), memory=memory).state == "progressing"
    assert evaluate.judge(told, RULES, now=at(35), memory=memory).state == "failed"
    judged = evaluate.judge(named, RULES, now=at(23), memory=memory)
    assert judged.cause is not None
    assert judged.cause.reason == "killed_by_probe"
