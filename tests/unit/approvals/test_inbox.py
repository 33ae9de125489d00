"""What waits for a person: whose word counts, until when, and which command says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sealane.access.model import Actor
from sealane.approvals import eligibility, inbox
from sealane.approvals.inbox import InboxItem, InboxKind
from sealane.environments.windows import WindowStatus
from sealane.records.deployments import BrokenGlass, DeploymentKind, DeploymentState, GateWord
from sealane.records.scopes import NOTHING, Scope
from sealane.records.views import ApprovalView
from sealane.verdicts.model import VerdictKind

from .deployments import NOON, barred, deployment, ended, hold, rule, vote

SHUT = WindowStatus(open=False, reason="the holidays", break_glass=("sre",), changes=NOON + timedelta(days=3))


def actor(name: str, *groups: str) -> Actor:
    shop = Scope(apps=frozenset({"shop"}))
    return Actor(name=name, groups=frozenset(groups), via="session", reads=shop, deploys=shop)


def approval(*votes: object) -> InboxItem:
    asked = deployment(rules=(rule("sre"), rule("qa", count=2)))
    view = ApprovalView(deployment=asked, votes=votes, missing=("1 more of qa",), barred=barred(asked))  # type: ignore[arg-type]
    return inbox.approval(view)


def question() -> InboxItem:
    asked = GateWord(
        deployment_id="d-1", key="0", gate="rate", message="no data.", asked=NOON, until=NOON + timedelta(hours=1)
    )
    return inbox.question(deployment(state=DeploymentState.ROLLING_OUT), asked)


def test_a_question_about_a_gate_is_for_those_who_may_deploy() -> None:
    """With its end, and what comes then."""
    item = question()
    assert (item.asks, item.until, item.otherwise) == (
        "gate rate is inconclusive: no data",
        NOON + timedelta(hours=1),
        "the gate has failed",
    )
    assert item.answer == "sealane gate shop/production rate --pass, or --fail"
    assert not eligibility.why_not(item, actor("x", "developers"))


@pytest.mark.parametrize(
    ("name", "group", "why_not"),
    [
        ("bob", "qa", ""),
        ("Ann", "qa", "You asked for it; somebody else approves."),
        ("cleo", "qa", "You have said yes."),
        ("dan", "sre", "It is for qa to say."),  # their rule is met
        ("eve", "developers", "It is for qa to say."),
    ],
)
def test_an_approval_is_for_those_whose_yes_still_counts(name: str, group: str, why_not: str) -> None:
    """Not for who asked, nor who has said yes, nor groups whose rule is met."""
    item = approval(vote("sam", "sre"), vote("cleo", "qa"))
    assert item.given == ("sam", "cleo")
    assert eligibility.why_not(item, actor(name, group)) == why_not


def test_a_shut_window_is_for_those_who_may_break_the_glass() -> None:
    """Nobody is asked where nobody may, or nothing would come of it."""
    item = inbox.shut(deployment(), SHUT)
    assert item is not None
    assert (item.who, item.until, item.otherwise) == (("sre",), SHUT.changes, "it opens by itself")
    assert inbox.shut(deployment(), WindowStatus(open=True)) is None
    assert inbox.shut(deployment(), WindowStatus(open=False, reason="the holidays")) is None
    assert inbox.shut(deployment(kind=DeploymentKind.ROLLBACK), SHUT) is None
    broken = BrokenGlass(by="sam", reason="INC-4711", at=NOON)
    assert inbox.shut(deployment(glass=broken), SHUT) is None
    assert inbox.shut(deployment(state=DeploymentState.ROLLING_OUT), SHUT) is None


def test_a_hold_is_somebody_s_business_once_it_stops_something() -> None:
    """Once for each hold, with the newest that it stops; answered about the deployment that failed."""
    waiting = [deployment(id=f"d-{number}", place=number + 1) for number in (1, 2, 3)]
    (item,) = inbox.held(waiting, (hold(),))
    assert (item.kind, item.deployment.id, item.subject) == (InboxKind.HOLD, "d-2", "d-0")
    assert item.answer == "sealane rollback shop/production --lift-hold"
    assert not [*inbox.held(waiting[2:], (hold(release=None),))]


def test_only_deletions_over_the_budget_wait_for_a_yes() -> None:
    """What holds data stays by itself; what failed deleted nothing."""
    over = "left ConfigMap shop/a: 4 deletions are more than the budget of 3"
    done = ended(VerdictKind.DEPLOYED, note=over)
    assert done.verdict is not None
    item = inbox.undeleted(replace(done, verdict=replace(done.verdict, unconfirmed=True)))
    assert item is not None
    assert (item.asks, item.answer) == (over, "sealane deploy shop/production --yes")
    assert inbox.undeleted(ended(VerdictKind.DEPLOYED, note="left PersistentVolumeClaim shop/a: it holds data")) is None
    assert inbox.undeleted(ended(VerdictKind.ROLLED_BACK, note=over)) is None
    assert inbox.undeleted(done) is None, "what is asked is a fact, not what the note says"
    assert inbox.undeleted(ended(VerdictKind.DEPLOYED)) is None


def test_older_approvals_of_a_formation_are_folded_behind_the_newest() -> None:
    """Gates come first, since they run out; what is not an approval stands for itself."""
    waits = [
        inbox.approval(ApprovalView(deployment=asked, votes=(), missing=("1 more of qa",)))
        for asked in (
            deployment(id="d-3", sequence=3, rules=(rule("qa"),)),
            deployment(id="d-1", sequence=1, rules=(rule("qa"),)),
            deployment(id="d-4", sequence=4, formation="eu", rules=(rule("qa"),)),
            deployment(id="d-2", sequence=2, rules=(rule("qa"),)),
        )
    ]
    items = inbox.folded([*waits, question()])
    assert [(item.newest.kind, item.newest.deployment.id) for item in items] == [
        (InboxKind.GATE, "d-1"),
        (InboxKind.APPROVAL, "d-4"),
        (InboxKind.APPROVAL, "d-3"),
    ]
    assert [[item.deployment.id for item in folded.older] for folded in items] == [[], [], ["d-2", "d-1"]]
    everything = [item for folded in items for item in (folded.newest, *folded.older)]
    assert len(everything) == len(waits) + 1


@pytest.mark.parametrize(
    ("deploys", "why_not"),
    [
        (Scope(places=frozenset({("shop", "production")})), ""),
        (Scope(places=frozenset({("shop", "dev")})), "It is for whoever may deploy shop in production to say."),
        (NOTHING, "It is for whoever may deploy shop in production to say."),
    ],
)
def test_what_is_not_for_a_group_is_for_those_who_deploy_there(deploys: Scope, why_not: str) -> None:
    """A developer who may only read it, or deploy elsewhere, is not asked."""
    reader = replace(actor("x", "developers"), deploys=deploys)
    assert eligibility.why_not(question(), reader) == why_not


@pytest.mark.parametrize(
    ("where", "why_not"),
    [("production", ""), ("dev", "Your grants do not let you approve shop in production.")],
)
def test_an_approval_is_not_for_a_group_that_may_approve_elsewhere_only(where: str, why_not: str) -> None:
    limited = replace(actor("bob", "qa"), approves={"qa": Scope(places=frozenset({("shop", where)}))})
    assert eligibility.why_not(approval(), limited) == why_not
