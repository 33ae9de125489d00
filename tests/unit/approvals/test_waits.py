"""Every state that waits names itself and its way on: the table of them all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sealane.approvals import blockers, run_blockers
from sealane.approvals.blockers import BlockerInput, DeploymentFacts
from sealane.approvals.explanation import Explanation, Waits
from sealane.approvals.run_blockers import WorkerLoad
from sealane.environments.windows import WindowStatus
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState, GateWord

from .deployments import NOON, deployment, group_state, hold, rule, run_view

QUEUED = deployment(id="d-7", state=DeploymentState.QUEUED)
GOING = deployment(id="d-6", sequence=2, state=DeploymentState.ROLLING_OUT)
ASKED = GateWord(
    deployment_id="d-7", key="0", gate="latency", message="no data.", asked=NOON, until=NOON + timedelta(minutes=5)
)
ALONE = deployment(id="d-7", formation="eu", release_group_id="cv-1", run_id="r-9")
OTHER = deployment(id="d-8", formation="us", release_group_id="cv-1", run_id="r-9")
SHUT = WindowStatus(open=False, reason="stocktaking", changes=NOON + timedelta(hours=3), break_glass=("oncall",))


def of(subject: Deployment, **around: object) -> Explanation:
    return blockers.deployment(subject, BlockerInput(**around))  # type: ignore[arg-type]


STATES = {
    "held": (
        of(deployment(id="d-7"), holds=(hold(),)),
        Waits.HOLD,
        "a hold on shop #3",
        "rollback shop/production --lift-hold",
    ),
    "held elsewhere": (
        of(deployment(id="d-7", unasked=True), holds=(hold("eu"),)),
        Waits.HOLD,
        "a hold on shop #3",
        "rollback shop/eu --lift-hold",
    ),
    "window shut": (
        of(deployment(id="d-7"), window=SHUT),
        Waits.WINDOW,
        "the window of production",
        'approve d-7 --break-glass "REASON"',
    ),
    "approval": (
        of(deployment(id="d-7", rules=(rule("sre", count=2),))),
        Waits.APPROVAL,
        "the approval of 2 more of sre",
        "approve d-7",
    ),
    "gate": (
        of(replace(GOING, id="d-7"), questions=(ASKED,)),
        Waits.GATE,
        "a person's word on gate latency",
        "gate shop/production latency --pass",
    ),
    "not allowed any more": (
        of(deployment(id="d-7"), refused_now="shop may not come to production"),
        Waits.OPERATORS,
        "the operators to allow it again: shop may not",
        "cancel d-7",
    ),
    "another rollout": (of(QUEUED, ahead=(GOING,)), Waits.TURN, "shop #2 to production to end", "watch d-6"),
    "earlier formation": (
        of(deployment(id="d-7", after=("d-6",)), after=(replace(GOING, formation="dev"),)),
        Waits.EARLIER,
        "shop/dev to be deployed",
        "watch d-6",
    ),
    "goes back first": (
        of(deployment(id="d-7"), going_back=(replace(GOING, kind=DeploymentKind.ROLLBACK),)),
        Waits.EARLIER,
        "shop #2 to production to be rolled back",
        "watch d-6",
    ),
    "release group, another's window": (
        of(ALONE, group_state=group_state(ALONE, OTHER), others=((OTHER, DeploymentFacts(window=SHUT)),)),
        Waits.WINDOW,
        "(for us, which goes with it)",
        'approve d-8 --break-glass "REASON"',
    ),
    "nobody knows who may approve": (
        of(
            deployment(id="d-7"),
            trouble="the operators' file of people can't be read: it is empty",
        ),
        Waits.APPROVAL,
        "file of people can't be read",
        "validate",
    ),
    "run behind its app's others": (
        run_blockers.run(run_view(), WorkerLoad(going=1, slots=4, own=1, share=1)),
        Waits.ROOM,
        "a slot of its app",
        "cancel",
    ),
    "release group, not offered": (
        of(ALONE, group_state=group_state(ALONE)),
        Waits.RELEASE_GROUP,
        "us, which goes with it",
        "watch r-9",
    ),
    "no worker": (of(QUEUED, workers=0), Waits.WORKER, "a worker: none is alive", "serve"),
    "run without a worker": (
        run_blockers.run(run_view(), WorkerLoad(workers=0)),
        Waits.WORKER,
        "a worker: none is alive",
        "serve",
    ),
    "run behind others": (
        run_blockers.run(run_view(), WorkerLoad(going=3, slots=2)),
        Waits.ROOM,
        "3 runs are at it",
        "cancel",
    ),
}


@pytest.mark.parametrize("name", STATES)
def test_a_state_that_waits_names_itself_and_its_way_on(name: str) -> None:
    """What it is as a fact, what it is in words, first in the sentence, and the command that fixes or follows it."""
    why, kind, itself, way_on = STATES[name]

    (condition,) = why.waiting
    assert condition.kind is kind
    assert itself in condition.what
    assert itself in why.sentence
    assert f"sealane {way_on}" in condition.who


def test_the_table_has_every_kind() -> None:
    """A new kind of waiting has to be in it."""
    assert {kind for _, kind, _, _ in STATES.values()} == set(Waits)


def test_a_rollout_that_was_called_off_says_so() -> None:
    """It does not look as if it went on."""
    why = of(replace(GOING, cancelled_by="eve", waiting_for="1 of 2 new pods ready"))

    assert why.sentence == "shop #2 to production is being stopped: called off by eve"
