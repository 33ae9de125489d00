"""Ready for an instant is not healthy; and what isn't seen any more proves nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from sealane.verdicts import evaluate, model
from sealane.verdicts.judgement import Judgement, Memory, Rules

START = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def ready(since: float | None = 5, *, hold: float = 0, settled: bool = False) -> model.Workload:
    return model.Workload(
        object="Deployment/web",
        health=model.Health.READY,
        desired=1,
        updated=1,
        ready=1,
        old=0,
        ready_since=None if since is None else at(since),
        message="1 of 1 pod ready",
        hold=timedelta(seconds=hold),
        settled=settled,
    )


def judged(*workloads: model.Workload, now: float, healthy_for: float = 10, **more: object) -> Judgement:
    seen = model.Observation(at=at(now), workloads=workloads, **more)
    rules = Rules(started=START, healthy_for=timedelta(seconds=healthy_for))
    return evaluate.judge(seen, rules, now=at(now))


def test_ready_must_hold_from_when_the_last_pod_became_so() -> None:
    """A second more than asked: the cluster's times are cut off to whole seconds."""
    early = judged(ready(3), ready(5), now=15.9)
    assert (early.state, early.again) == ("progressing", at(16))
    assert early.waiting_for == "everything is ready and has to stay so for 1 s more"
    assert judged(ready(3), ready(5), now=16).state == "healthy"


def test_nothing_is_waited_for_when_nothing_has_to_hold() -> None:
    assert judged(ready(5), now=5, healthy_for=0).state == "healthy"


def test_a_workload_may_itself_want_longer() -> None:
    """`minReadySeconds` counts where it is longer than `healthy_for`."""
    assert judged(ready(5, hold=30), now=35.9).state == "progressing"
    assert judged(ready(5, hold=30), now=36).state == "healthy"


def test_what_is_done_needs_not_hold() -> None:
    assert judged(ready(5, settled=True), now=5).state == "healthy"


def test_a_formation_of_configuration_only_is_healthy_once_applied() -> None:
    assert judged(now=0).state == "healthy"


def test_nothing_is_healthy_and_nothing_fails_while_the_destination_is_away() -> None:
    """Neither the hold nor patience nor the deadline ends on what was seen before."""
    unready = replace(ready(None), health=model.Health.CONVERGING, ready=0)
    probe = model.Fact(kind=model.FactKind.NOT_READY, object="Pod/web-1", workload="Deployment/web", since=at(1))
    for seen in (judged(ready(5), now=5000, blind_since=at(8)),
                 judged(unready, now=5000, facts=(probe,), blind_since=at(8))):  # fmt: skip
        assert seen.state == "progressing"
        assert seen.waiting_for == "the destination has not answered since 03:00:08"


def test_the_time_it_was_away_does_not_count() -> None:
    probe = model.Fact(kind=model.FactKind.NOT_READY, object="Pod/web-1", workload="Deployment/web", since=at(0))
    unready = replace(ready(None), health=model.Health.CONVERGING, ready=0)
    seen = model.Observation(at=at(90), workloads=(unready,), facts=(probe,))
    rules = Rules(started=START)
    memory = Memory(blind=timedelta(seconds=60))
    assert evaluate.judge(seen, rules, now=at(90), memory=memory).again == at(120)
    assert evaluate.judge(seen, rules, now=at(90)).state == "failed"


@given(since=st.integers(0, 50), healthy_for=st.integers(0, 20), now=st.floats(0, 100))
def test_healthy_never_comes_before_ready_held(since: int, healthy_for: int, now: float) -> None:
    """Whatever the times: healthy means that the hold is over; and then it stays healthy."""
    judgement = judged(ready(since), now=now, healthy_for=healthy_for)
    assert (judgement.state == "healthy") == (healthy_for == 0 or now >= since + healthy_for + 1)


@given(now=st.floats(0, 700))
def test_a_rollout_always_says_when_to_look_again(now: float) -> None:
    """As long as it is on its way there is a next time to judge, and it lies ahead."""
    unready = replace(ready(None), health=model.Health.CONVERGING, ready=0)
    judgement = judged(unready, now=now)
    if judgement.state == "progressing":
        assert judgement.again is not None
        assert judgement.again > at(now)
    else:
        assert now >= 600
