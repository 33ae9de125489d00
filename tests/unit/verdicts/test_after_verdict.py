"""After a good verdict: for how long it is watched, what is a revision's own doing, and what it is rolled back to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sealane.formations.strategy import Strategy
from sealane.verdicts import health, model, outcomes, rollback_target
from sealane.verdicts.rollback_target import PastDeployment
from tests.unit.verdicts.test_health import RULES, at, ended, fact, seen

K = model.FactKind
DEPLOYED, BACK = model.VerdictKind.DEPLOYED, model.VerdictKind.ROLLED_BACK


@pytest.mark.parametrize(
    ("said", "production", "minutes"),
    [(None, False, 0), (None, True, 10), (0, True, 0), (3, True, 3), (3, False, 3)],
)
def test_production_is_watched_unless_its_formation_says_otherwise(
    said: int | None, production: bool, minutes: int
) -> None:
    strategy = Strategy(watch_for=None if said is None else timedelta(minutes=said))
    assert Strategy.from_json(strategy.to_json()) == strategy
    assert strategy.watched_for(production=production) == timedelta(minutes=minutes)


LOST = fact(K.NOT_READY, detail={"lost": "yes"})


@pytest.mark.parametrize(
    ("facts", "own"),
    [
        ((ended(2, run=-5, last=0),), True),
        ((replace(ended(2, run=-5, last=0), kind=K.OUT_OF_MEMORY),), True),
        ((fact(K.PROBE_FAILING),), True),
        ((LOST,), True),
        ((replace(ended(2, run=-5, last=0), kind=K.BAD_COMMAND),), True),
        ((LOST, fact(K.NODE_NOT_RESPONDING, since=1)), False),
        ((fact(K.NODE_NOT_RESPONDING),), False),
        ((fact(K.REGISTRY_UNREACHABLE),), False),
        ((fact(K.IMAGE_MISSING),), False),
        ((fact(K.UNSCHEDULABLE),), False),
        ((fact(K.EVICTED),), False),
        ((fact(K.VOLUME_PENDING),), False),
        ((fact(K.REFERENCE_MISSING, detail={"reference": "Secret/keys"}),), False),
        ((fact(K.QUOTA),), False),
        ((fact(K.CREATE_ERROR),), False),
        ((fact(K.NOT_ANSWERING),), False),
    ],
)
def test_only_what_its_own_instances_do_is_its_own(facts: tuple[model.Fact, ...], own: bool) -> None:
    """A node that is gone, a registry that is away and whoever removed something are not the revision."""
    before = health.FormationHealth(state=health.HealthState.PROGRESSING, since=at(0))
    judged = health.judge(seen(*facts, ready=None, now=90), RULES, now=at(90), before=before).health
    assert judged.state is health.HealthState.DEGRADED, judged
    assert judged.own is own


def past(sequence: int, revision: str, kind: model.VerdictKind = DEPLOYED) -> PastDeployment:
    return PastDeployment(sequence=sequence, revision=revision, verdict=kind)


@pytest.mark.parametrize(
    ("history", "back"),
    [
        ([past(3, "c")], None),
        ([past(1, "a"), past(2, "b"), past(3, "c")], 2),
        ([past(1, "a"), past(2, "b", BACK), past(3, "c")], 1),
        ([past(1, "c"), past(2, "b"), past(3, "c")], None),
        ([past(2, "b"), past(3, "c"), past(4, "d")], 2),
    ],
    ids=["the first", "the one before", "not what failed", "verified before", "nothing newer"],
)
def test_it_is_rolled_back_to_what_was_verified_before_it(history: list[PastDeployment], back: int | None) -> None:
    target = rollback_target.after_verdict(history, sequence=3, revision="c")
    assert (target.sequence if target else None) == back


@pytest.mark.parametrize(("seconds", "words"), [(0, "1 s"), (89, "89 s"), (180, "3 minutes"), (590, "10 minutes")])
def test_it_says_how_soon_it_was_rolled_back(seconds: int, words: str) -> None:
    cause = model.Cause(
        sentence="It ended.", object="Pod/web-1", workload="Deployment/web", reason=K.ENDED, decisive=True, since=at(0)
    )
    verdict = outcomes.rolled_back_late(cause, at=at(seconds), verified=at(0))
    assert verdict.reason == f"Rolled back {words} after the verdict: It ended."
