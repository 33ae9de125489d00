"""Why not yet? The answer names the condition and who or what lifts it."""

from __future__ import annotations

import pytest

from sealane.approvals import waiting
from sealane.approvals.waiting import Circumstances
from sealane.store.model import DeploymentState
from sealane.verdicts.model import VerdictKind

from .deployments import deployment, ended, hold, rule, vote


def test_an_open_gate_has_no_conditions() -> None:
    """Nothing asked, nothing held, nothing before it."""
    assert waiting.conditions(deployment(), Circumstances()) == ()


def test_every_condition_is_named_at_once() -> None:
    """Approval, hold and an earlier delivery, each with who lifts it."""
    asked = deployment(rules=(rule("sre"),), after=("d-0",))
    dev = deployment(id="d-0", formation="dev")
    around = Circumstances(holds=(hold(),), release_sequence=3, after=(dev,))

    found = waiting.conditions(asked, around)

    assert [condition.what for condition in found] == [
        "the approval of 1 more of sre",
        "a hold on shop #3 and older at shop/production: its container ended twice",
        "shop/dev to be deployed first",
    ]
    assert [condition.who for condition in found] == [
        "anyone of them but ann: sealane approve d-1",
        "a developer, who lifts it on the page of d-0",
        "itself: sealane why d-0",
    ]


def test_where_delivery_is_unasked_a_newer_commit_lifts_the_hold() -> None:
    """Nobody needs to do anything but repair it."""
    (condition,) = waiting.conditions(deployment(unasked=True), Circumstances(holds=(hold(),), release_sequence=2))

    assert condition.who.startswith("a newer commit that is deployed there, or a developer")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (VerdictKind.ROLLED_BACK, "dev, which comes before it, was rolled back"),
        (VerdictKind.FAILED, "dev, which comes before it, failed"),
        (VerdictKind.SUPERSEDED, "dev, which comes before it, was superseded"),
        (VerdictKind.DEPLOYED, None),
    ],
)
def test_a_delivery_is_hopeless_when_the_one_before_it_did_not_take_the_release(
    kind: VerdictKind, reason: str | None
) -> None:
    """Nobody is asked to approve what has failed one formation earlier."""
    assert waiting.hopeless(deployment(), Circumstances(after=(ended(kind, formation="dev"),))) == reason


def test_a_rejected_deployment_is_hopeless() -> None:
    """Whoever said no is named."""
    asked = deployment(rules=(rule("sre"),))

    assert waiting.hopeless(asked, Circumstances(votes=(vote("bob", "sre", approves=False),))) == "bob rejected it"
    assert waiting.hopeless(asked, Circumstances(votes=(vote("bob", "sre"),))) is None


def test_a_queued_deployment_names_what_goes_first() -> None:
    """One at a time goes to a formation."""
    first = deployment(id="d-0", sequence=2, state=DeploymentState.ROLLING_OUT)

    why = waiting.deployment(deployment(state=DeploymentState.QUEUED), Circumstances(), ahead=[first])

    assert "shop #3 to production waits for shop #2 to production to end" in why.sentence


def test_an_ended_deployment_says_how_and_what_it_holds() -> None:
    """The verdict's reason, and the hold it put."""
    failed = ended(VerdictKind.ROLLED_BACK, id="d-0")

    why = waiting.deployment(failed, Circumstances(holds=(hold(),)))

    assert why.sentence == "shop #3 to production rolled back: the reason"
    assert [condition.what[:24] for condition in why.waiting] == ["a hold on shop #3 and ol"]
