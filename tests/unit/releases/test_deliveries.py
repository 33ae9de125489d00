"""What became of a run's deliveries, taken together, and as its run tells it."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from sealane.approvals import run_blockers
from sealane.images.model import Image
from sealane.pipelines.model import Kind, RunStatus, StepStatus
from sealane.records.deployments import DeploymentState
from sealane.records.runs import RunStep
from sealane.releases import deliveries
from sealane.releases.deliveries import BAD, OPEN, Delivery, DeliveryOutcome
from sealane.releases.model import Release
from sealane.server.pages.presenters import states
from sealane.verdicts.model import VerdictKind
from tests.unit.approvals.deployments import run_view

IMAGE = Image(name="web", repository="registry/shop/web", tag="1", digest=f"sha256:{'1' * 64}")
BAD_STEP = RunStep(
    key="step/lint", kind="step", name="lint", needs=(), status=StepStatus.FAILED, reason="exit code 2", exit_code=2
)


def test_every_state_and_verdict_is_one() -> None:
    ends = {kind.value for kind in VerdictKind}
    states_of = {state.value for state in DeploymentState} - {DeploymentState.ENDED.value}
    assert {outcome.value for outcome in DeliveryOutcome} == ends | states_of


@pytest.mark.parametrize(
    ("outcomes", "folded"),
    [
        ([], None),
        (["deployed", "deployed"], "deployed"),
        (["deployed", "rolled_back"], "rolled_back"),
        (["rolled_back", "waiting"], "rolled_back"),
        (["rolled_back", "cancelled"], "rolled_back"),
        (["rollback_failed", "rolled_back", "failed"], "rollback_failed"),
        (["deployed", "waiting"], "waiting"),
        (["rolling_out", "queued"], "rolling_out"),
        (["deployed", "cancelled"], "cancelled"),
        (["superseded", "deployed"], "superseded"),
    ],
)
def test_all_of_them_as_one(outcomes: list[str], folded: str | None) -> None:
    assert deliveries.fold(DeliveryOutcome(outcome) for outcome in outcomes) == folded


def test_it_is_deployed_only_where_all_are_and_bad_where_one_is() -> None:
    """Of any two, in either order."""
    for pair in itertools.product(DeliveryOutcome, repeat=2):
        folded = deliveries.fold(pair)
        assert (folded is DeliveryOutcome.DEPLOYED) == (set(pair) == {DeliveryOutcome.DEPLOYED})
        assert (folded in BAD) == bool(BAD & set(pair))
        if not BAD & set(pair):
            assert (folded in OPEN) == bool(OPEN & set(pair))


@pytest.mark.parametrize("status", RunStatus)
@pytest.mark.parametrize("delivered", [None, *DeliveryOutcome])
def test_a_run_is_green_only_where_its_release_is(status: RunStatus, delivered: DeliveryOutcome | None) -> None:
    pill = states.run(replace(run_view().run, status=status, delivered=delivered))
    green = status is RunStatus.PASSED and delivered in {None, DeliveryOutcome.DEPLOYED}
    assert (pill.tone == "ok") is green
    if status is RunStatus.PASSED and delivered in BAD:
        assert (pill.tone, pill.words) == ("bad", delivered.words)


def test_why_names_every_delivery() -> None:
    """In the sentence shortly, and each with its own sentence."""
    came = tuple(
        Delivery(formation=name, deployment=f"d-{name}", page=f"/deployments/d-{name}", state=state, sentence="…")
        for name, state in (("qa", DeliveryOutcome.DEPLOYED), ("europe", DeliveryOutcome.ROLLBACK_FAILED))
    )
    view = run_view()
    passed = replace(view.run, status=RunStatus.PASSED)
    why = run_blockers.run(replace(view, run=passed, deliveries=came))
    assert why.sentence == "shop #3: its steps passed; qa deployed; europe rollback failed"
    assert why.deliveries == came


def test_why_tells_what_became_of_what_was_built_not_that_it_was_built() -> None:
    """The causes stand in it, whichever step came last; what is simply there is told in a word."""
    said = (
        ("dev", DeliveryOutcome.ROLLED_BACK, "rolled back: container api ended twice."),
        ("eu", DeliveryOutcome.DEPLOYED, "deployed: 3 workloads are ready."),
        ("us", DeliveryOutcome.WAITING, "waits for the approval of 1 more of sre"),
    )
    came = tuple(
        Delivery(formation=name, deployment="d-1", page="/deployments/d-1", state=state, sentence="…", short=short)
        for name, state, short in said
    )
    view = run_view()
    images = Release(
        id="rel-1", app="shop", commit="a" * 40, deploy_tag="t", images={"web": IMAGE}, created=view.run.created
    )
    passed = replace(view, run=replace(view.run, status=RunStatus.PASSED), deliveries=came)
    outcome = "; dev rolled back: container api ended twice; eu deployed; us waits for the approval of 1 more of sre"
    assert run_blockers.run(passed).sentence == f"shop #3: its steps passed{outcome}"
    assert run_blockers.run(replace(passed, release=images)).sentence == f"shop #3 built{outcome}"
    failed = replace(passed, run=replace(view.run, status=RunStatus.FAILED), steps=(BAD_STEP,))
    assert run_blockers.run(failed).sentence == f"shop #3 failed at lint: exit code 2{outcome}"
    assert run_blockers.run(failed).deliveries == came


def test_a_run_that_passed_and_delivered_nothing_says_why() -> None:
    """Who pushes `master` where `main` delivers would look for the deployment otherwise."""
    kept = replace(BAD_STEP, kind=Kind.DELIVER, name="dev", status=StepStatus.SKIPPED, reason="only main delivers")
    view = replace(run_view(), steps=(kept,))
    for status, told in (
        (RunStatus.PASSED, "shop #3 passed; nothing is delivered: only main delivers"),
        (RunStatus.CANCELLED, "shop #3 cancelled"),
    ):
        assert run_blockers.run(replace(view, run=replace(view.run, status=status))).sentence == told
