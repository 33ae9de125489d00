"""The guard: falls over all instances after they had been ready, and what is no fault of the version's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sealane.verdicts import stability
from sealane.verdicts.judgement import Judgement, State
from sealane.verdicts.model import Container, Fact, FactKind, Health, Instance, Observation, Role, Workload
from sealane.verdicts.stability import Stability, StabilityRules

START = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)
Seen = Mapping[str, tuple[bool, int]]
"""Name of each pod to whether it is ready, and its restarts."""


def observation(
    pods: Seen, *, desired: bool = True, created: datetime = START, facts: Sequence[Fact] = (), role: Role = Role.MAIN
) -> Observation:
    workload = Workload(
        object="Deployment/web",
        health=Health.READY,
        desired=len(pods),
        updated=len(pods),
        ready=len(pods),
        old=0,
        ready_since=START,
        message="",
    )
    instances = tuple(
        Instance(
            object=f"Pod/{name}",
            workload="Deployment/web",
            desired=desired,
            terminating=False,
            ready=ready,
            ready_since=None,
            created=created,
            state="",
            containers=(Container(name="web", role=role, ready=ready, restarts=restarts, state=""),),
        )
        for name, (ready, restarts) in pods.items()
    )
    return Observation(at=START, workloads=(workload,), instances=instances, facts=tuple(facts), unit="pod")


def judged(seen: Sequence[Observation], watch: StabilityRules = StabilityRules()) -> str | None:  # noqa: B008 - it is frozen
    steadiness = Stability()
    for observation in seen:
        steadiness = stability.noted(steadiness, observation, started=START)
    cause = stability.unsteady(steadiness, seen[-1], watch)
    return cause.sentence if cause else None


UP: Seen = {"a": (True, 0), "b": (True, 0), "c": (True, 0)}
ONE_RESTARTED: Seen = {**UP, "a": (True, 1)}
ALL_RESTARTED: Seen = {"a": (True, 1), "b": (True, 1), "c": (True, 1)}
DOWN: Seen = {**UP, "a": (False, 0)}


@pytest.mark.parametrize(
    ("seen", "sentence"),
    [
        ([UP], None),
        ([UP, ONE_RESTARTED], None),
        (
            [UP, ALL_RESTARTED],
            "Deployment web is not steady: after they were ready, 3 of its 3 pods have restarted 3 times.",
        ),
        ([{"a": (False, 1), "b": (False, 1), "c": (False, 1)}, ALL_RESTARTED], None),
        ([UP, DOWN, UP], None),
        ([UP, DOWN, UP, DOWN], None),
        (
            [UP, DOWN, UP, DOWN, UP],
            "Deployment web is not steady: after they were ready, 1 of its 3 pods has lost ready twice.",
        ),
        ([UP, DOWN, ONE_RESTARTED, {**UP, "a": (False, 1)}, {**UP, "a": (False, 2)}, {**UP, "a": (True, 2)}], None),
        (
            [
                UP,
                {**UP, "a": (False, 0), "b": (True, 1)},
                {**UP, "b": (True, 1), "c": (False, 0)},
                {**UP, "b": (True, 1)},
            ],
            "Deployment web is not steady: after they were ready, 3 of its 3 pods have restarted once and lost ready twice.",
        ),
    ],
)
def test_falls_after_ready_are_counted_over_all_instances(seen: Sequence[Seen], sentence: str | None) -> None:
    """One is nothing; three of three are; a restart before ready is start-up's affair."""
    assert judged([observation(shown) for shown in seen]) == sentence


def test_many_instances_may_fall_more_often() -> None:
    """Three of twenty are fewer than their share."""
    up: dict[str, tuple[bool, int]] = {f"p{n}": (True, 0) for n in range(20)}
    fallen = {**up, "p1": (True, 1), "p2": (True, 1), "p3": (True, 1)}
    assert judged([observation(up), observation(fallen)]) is None
    worse = {**up, **{f"p{n}": (True, 1) for n in range(6)}}
    assert judged([observation(up), observation(worse)])


@pytest.mark.parametrize(
    ("watch", "seen", "is_told"),
    [
        (StabilityRules(restarts=False), [UP, ALL_RESTARTED], False),
        (StabilityRules(flaps=False), [UP, DOWN, UP, DOWN, UP], False),
        (StabilityRules(flaps=False), [UP, ALL_RESTARTED], True),
    ],
)
def test_either_can_be_left_out(watch: StabilityRules, seen: Sequence[Seen], is_told: bool) -> None:
    """As the formation says."""
    assert bool(judged([observation(shown) for shown in seen], watch)) is is_told


def test_older_instances_and_other_versions_are_not_counted() -> None:
    """Whatever they do is not this deployment's doing."""
    before = START - timedelta(minutes=5)
    assert judged([observation(UP, created=before), observation(ALL_RESTARTED, created=before)]) is None
    assert judged([observation(UP, desired=False), observation(ALL_RESTARTED, desired=False)]) is None
    assert judged([observation(UP, role=Role.INIT), observation(ALL_RESTARTED, role=Role.INIT)]) is None


def test_a_machine_that_goes_away_is_not_the_version_s_fault() -> None:
    """Its instances lose ready, all at once."""
    down: Seen = dict.fromkeys(UP, (False, 0))
    facts = [
        Fact(kind=FactKind.NODE_NOT_RESPONDING, object=f"Pod/{name}", workload="Deployment/web", since=START)
        for name in UP
    ]
    assert judged([observation(UP), observation(down, facts=facts), observation(UP)]) is None
    assert judged([observation(UP), observation(down), observation(UP)])


def test_instances_that_fell_and_are_gone_still_count_for_nothing() -> None:
    """A cause blames what is there."""
    assert judged([observation(UP), observation(ALL_RESTARTED), observation({"d": (True, 0)})]) is None


def test_the_judgement_fails_with_the_cause() -> None:
    """Whatever it was before."""
    seen = [observation(UP), observation(ALL_RESTARTED)]
    steadiness = stability.noted(stability.noted(Stability(), seen[0], started=START), seen[1], started=START)
    healthy = Judgement(state=State.HEALTHY, waiting_for="everything is ready", since=START)
    judgement = stability.guarded(healthy, steadiness, seen[1], StabilityRules())
    assert judgement.state is State.FAILED
    assert judgement.cause is not None
    assert judgement.cause.reason is FactKind.UNSTEADY
    assert stability.guarded(healthy, Stability(), seen[0], StabilityRules()) is healthy


def test_pods_of_a_job_may_end_and_start_again() -> None:
    """Three completions are three pods that are ready no more, and how often it tries is the Job's to say."""

    def of_a_job(seen: Observation) -> Observation:
        return replace(
            seen,
            workloads=tuple(replace(workload, object="Job/sum", one_shot=True) for workload in seen.workloads),
            instances=tuple(replace(instance, workload="Job/sum") for instance in seen.instances),
        )

    ended: Seen = dict.fromkeys(UP, (False, 1))
    assert judged([observation(UP), observation(ended)]) is not None
    assert judged([of_a_job(observation(UP)), of_a_job(observation(ended))]) is None
