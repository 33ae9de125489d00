"""How a formation fares after its verdict: the rollout's own judgement, over and over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sealane.verdicts import health, model
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.verdicts.judgement import Rules

START = datetime(2026, 11, 30, 3, 0, tzinfo=UTC)
RULES = Rules(started=START - timedelta(days=3), healthy_for=timedelta(seconds=10))


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def workload(*, ready: float | None = -9000, **more: object) -> model.Workload:
    there = ready is not None
    made = model.Workload(
        object="Deployment/web",
        health=model.Health.READY if there else model.Health.CONVERGING,
        desired=1,
        updated=1,
        ready=int(there),
        old=0,
        ready_since=None if ready is None else at(ready),
        message=f"{int(there)} of 1 pod ready",
    )
    return replace(made, **more)


def instance(*, ready: float | None = -9000) -> model.Instance:
    return model.Instance(
        object="Pod/web-1",
        workload="Deployment/web",
        desired=True,
        terminating=False,
        ready=ready is not None,
        ready_since=None if ready is None else at(ready),
        created=at(-9000),
        state="",
    )


def fact(kind: model.FactKind, *, since: float = 0, **more: object) -> model.Fact:
    made = model.Fact(kind=kind, object="Pod/web-1", workload="Deployment/web", container="app", since=at(since))
    return replace(made, created=at(-9000), **more)


def ended(times: int, *, run: float, last: float) -> model.Fact:
    return fact(model.FactKind.ENDED, since=last, times=times, run=at(run), last=at(last), detail={"exit_code": "3"})


def seen(*facts: model.Fact, ready: float | None = -9000, now: float = 0, **more: object) -> model.Observation:
    return model.Observation(
        at=at(now),
        workloads=(workload(ready=ready, **more),),
        instances=(instance(ready=ready),),
        facts=facts,
        unit="pod",
    )


def judged(
    observation: model.Observation, *, now: float, before: FormationHealth | None = None
) -> health.HealthJudgement:
    return health.judge(observation, RULES, now=at(now), before=before)


WELL = FormationHealth(state=HealthState.HEALTHY, since=at(-600))
K = model.FactKind


@pytest.mark.parametrize(
    ("observation", "now", "state", "cause"),
    [
        (seen(), 0, "healthy", ""),
        (model.Observation(at=at(0)), 0, "healthy", ""),
        (seen(ended(1, run=-300, last=0), ready=None), 1, "progressing",
         "Container app of pod web-1 ended with exit code 3."),
        (seen(ended(2, run=0, last=3), ready=None), 4, "degraded",
         "Container app of pod web-1 ended twice with exit code 3."),
        (seen(ended(2, run=0, last=3), ready=4), 5, "degraded",
         "Container app of pod web-1 ended twice with exit code 3."),
        (seen(ended(9, run=-4000, last=-3000), ready=-2999), 0, "healthy", ""),
        (seen(fact(K.IMAGE_MISSING, detail={"image": "shop:9"}, words="not found"), ready=None), 0, "degraded",
         "Container app of pod web-1 cannot start: the registry does not have image shop:9 (not found)."),
        (seen(replace(fact(K.REMOVED, words="is gone"), object="Deployment/web", container=None), ready=None), 6,
         "missing", "Deployment web is gone."),
        (seen(replace(fact(K.REMOVED, words="is gone"), object="Deployment/web", container=None), ready=None), 2,
         "progressing", "Deployment web is gone."),
        (seen(suspended=True, note="is scaled to 0 pods"), 0, "suspended", "Deployment web is scaled to 0 pods."),
        (seen(ready=None), 0, "progressing", "Deployment web: 0 of 1 pod ready."),
    ],
)  # fmt: skip
def test_what_is_seen_after_a_good_verdict(observation: model.Observation, now: float, state: str, cause: str) -> None:
    health_now = judged(observation, now=now, before=WELL).health
    assert (health_now.state, health_now.cause) == (state, cause)


def test_what_waits_is_degraded_when_patience_ends_and_it_is_judged_again_then() -> None:
    probe = fact(K.PROBE_FAILING, since=0, words="503", detail={"asks": "GET /ready"})
    first = judged(seen(probe, ready=None), now=1, before=WELL)
    assert (first.health.state, first.again) == ("progressing", at(61))
    later = judged(seen(probe, ready=None), now=61, before=first.health).health
    assert (later.state, later.object, later.reason) == ("degraded", "Pod/web-1", K.PROBE_FAILING)


def test_without_any_fact_the_deadline_ends_it() -> None:
    first = judged(seen(ready=None), now=0, before=WELL).health
    health_now = judged(seen(ready=None), now=601, before=first).health
    assert (health_now.state, health_now.cause) == (
        "degraded",
        "Deployment web was not ready after 600 s: 0 of 1 pod ready.",
    )


def test_it_is_well_again_when_it_has_run_for_twice_as_long_as_before_it_fell() -> None:
    fell = judged(seen(ended(2, run=0, last=30), ready=None), now=31, before=WELL).health
    up = seen(ended(2, run=0, last=30), ready=40)
    still = judged(up, now=41, before=fell)
    assert (still.health.state, still.health.since, still.again) == ("degraded", fell.since, at(101))
    late = judged(up, now=75, before=still.health).health
    assert late.state == "degraded", "its next end may not have been told yet"
    well = judged(up, now=101, before=still.health).health
    assert (well.state, well.bad_since) == ("healthy", None)


def test_what_was_degraded_holds_before_it_counts_as_well() -> None:
    fell = judged(seen(fact(K.IMAGE_MISSING), ready=None), now=0, before=WELL).health
    assert judged(seen(ready=20), now=21, before=fell).health == fell
    assert judged(seen(ready=20), now=31, before=fell).health.state == "healthy"


def test_a_destination_that_does_not_answer_leaves_no_green() -> None:
    blind = replace(seen(), blind_since=at(5))
    away = judged(blind, now=20, before=WELL).health
    assert (away.state, away.since) == ("unknown", at(5))
    assert away.cause == "The destination has not answered since 2026-11-30 03:00:05 UTC. It was healthy then."
    assert judged(blind, now=40, before=away).health == away
    assert judged(seen(), now=50, before=away).health.state == "healthy"


def test_trouble_outlives_a_time_that_nobody_could_look() -> None:
    fell = judged(seen(fact(K.IMAGE_MISSING), ready=None), now=0, before=WELL).health
    away = judged(replace(seen(), blind_since=at(5)), now=20, before=fell).health
    back = judged(seen(fact(K.IMAGE_MISSING), ready=None), now=30, before=away).health
    assert (fell.bad_since, away.bad_since, back.bad_since) == (at(0), at(0), at(0))
    assert (back.state, back.since, back.cause) == (fell.state, fell.since, fell.cause)


def test_a_crash_loop_has_lasted_since_its_first_end_that_was_seen() -> None:
    """Also over a cut line, after which only the last end can be seen."""
    first = judged(seen(ended(1, run=-300, last=0), ready=None), now=1, before=WELL).health
    loops = judged(seen(ended(2, run=2, last=30), ready=None), now=31, before=first).health
    assert (first.state, loops.state, loops.since, loops.bad_since) == ("progressing", "degraded", at(1), at(1))
    away = judged(replace(seen(), blind_since=at(40)), now=60, before=loops).health
    later = judged(replace(seen(), blind_since=at(40)), now=90, before=away).health
    back = judged(seen(ended(7, run=590, last=600), ready=None), now=601, before=later).health
    assert (later.last, back.state, back.since, back.bad_since) == (loops, "degraded", at(1), at(1))


def test_what_was_told_as_well_in_between_begins_anew() -> None:
    first = judged(seen(ended(1, run=-300, last=0), ready=None), now=1, before=WELL).health
    well = judged(seen(ended(1, run=-300, last=0), ready=2), now=3, before=first).health
    again = judged(seen(ended(2, run=2, last=410), ready=None), now=411, before=well).health
    assert (well.state, again.state, again.since) == ("healthy", "degraded", at(410))


def test_other_trouble_than_what_it_was_on_its_way_to_begins_anew() -> None:
    first = judged(seen(ended(1, run=-300, last=0), ready=None), now=1, before=WELL).health
    other = judged(seen(fact(K.IMAGE_MISSING, since=20), ready=None), now=21, before=first).health
    assert (other.state, other.since) == ("degraded", at(20))


def test_what_was_well_before_a_time_that_nobody_could_look_is_seen_anew() -> None:
    away = judged(replace(seen(), blind_since=at(5)), now=20, before=WELL).health
    back = judged(seen(), now=600, before=away).health
    assert (away.last, back.since, back.last) == (WELL, at(600), None)
