"""Facts lead on to what they name, and nothing is said twice."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sealane.access.model import Actor
from sealane.approvals.explanation import Condition, Explanation, Waits
from sealane.events.commits import CommitRange
from sealane.records.deployments import DeploymentKind, DeploymentState, Hold, TimelineEntry
from sealane.records.release_groups import GroupReport, GroupStage, MemberReport
from sealane.records.scopes import EVERYTHING
from sealane.records.views import DeploymentView
from sealane.releases.origin import Origin
from sealane.server.pages import templates
from sealane.server.pages.presenters import actions, deployments, facts
from sealane.verdicts.model import Verdict, VerdictKind
from tests.unit.approvals.deployments import NOON
from tests.unit.pages.test_review import OBJECTS, revision, view

ADMINISTRATOR = Actor(
    name="ada", groups=frozenset({"administrators"}), via="session", reads=EVERYTHING, deploys=EVERYTHING
)
VIEWER = Actor(name="vic", groups=frozenset(), via="session", reads=EVERYTHING)
SINCE = CommitRange(there="0123456789", commits=(), count=0, complete=True, gone=0)
HOLD = Hold(
    id="h", app="shop", formation="dev", up_to=4, release_id=None, deployment_id="d", reason="it ended", created=NOON
)


def ended(kind: VerdictKind, reason: str = "so it was", **more: Any) -> DeploymentView:
    """A deployment that is over, of a formation where something was before."""
    deployment_view = view(revision("old", *OBJECTS), SINCE)
    verdict = Verdict(kind=kind, reason=reason, at=NOON)
    deployment = replace(
        deployment_view.deployment, state=DeploymentState.ENDED, verdict=verdict, ended=NOON, formation="dev"
    )
    return replace(deployment_view, deployment=deployment, **more)


def test_going_back_names_the_commit_where_it_is_known() -> None:
    for since, to in ((SINCE, "0123456"), (None, "revision old")):
        offered = actions.of_deployment(ended(VerdictKind.DEPLOYED, since=since), ADMINISTRATOR)
        (back,) = (action for action in offered if "rollback" in action.action)
        assert back.words == f"Roll back to {to}"
        assert back.asks.startswith(f"What was verified there before, {to}, is deployed to dev")


def test_facts_lead_to_what_they_name() -> None:
    came = Origin(
        run="r-1",
        label="shop #3",
        page="/runs/r-1",
        commit="abcdef0123",
        branch="main",
        subject="A fix",
        author="Mia",
    )
    members = tuple(MemberReport(formation=name) for name in ("eu", "dev", "us"))
    group = GroupReport(
        id="c", run="r-1", parallel=False, stage=GroupStage.DEPLOYED, outcome="all of it is there", members=members
    )
    told = dict(facts.listed(ended(VerdictKind.DEPLOYED, origin=came, groups=(group,))))
    assert [(link.words, link.href) for link in told["Goes with"]] == [
        ("eu", "/deployments?app=shop&formation=eu"),
        ("us", "/deployments?app=shop&formation=us"),
    ]
    assert [told[name][0].href for name in ("Commit", "Author", "Run", "Formation", "Environment")] == [
        "/deployments?app=shop&commit=abcdef0",
        "/deployments?app=shop&author=Mia",
        "/runs/r-1",
        "/deployments?app=shop&formation=dev",
        "/deployments?environment=production",
    ]
    by_hand = ended(VerdictKind.DEPLOYED)
    by_hand = replace(by_hand, deployment=replace(by_hand.deployment, kind=DeploymentKind.ROLLBACK, requested_by="ada"))
    assert dict(facts.listed(by_hand))["Started as"][0].words == "rollback by hand by ada"


@pytest.mark.parametrize("reason", ["it ended", "It was something else."])
def test_nothing_is_said_twice_and_names_stay_as_they_are(reason: str) -> None:
    """What a hold stops is told without the reason that stands above; what is waited for, without the headline's words."""
    held = ended(VerdictKind.ROLLED_BACK, reason=reason, hold=HOLD)
    page = deployments.deployment(held, ADMINISTRATOR, now=NOON, why=Explanation(sentence=""), pending=())
    assert page.explanation == "dev is back on 0123456, which was verified there before."
    assert page.hold.startswith(
        "A hold keeps shop #4 and older out of dev" + ("." if reason == "it ended" else " (it ended).")
    )
    waits = replace(held, hold=None, deployment=replace(held.deployment, state=DeploymentState.WAITING, verdict=None))
    window = Condition(kind=Waits.WINDOW, what="the window of dev to open: lunch", who="itself", when="opens at one")
    turn = Condition(kind=Waits.TURN, what="shop #2 to end", who="itself")
    page = deployments.deployment(
        waits, VIEWER, now=NOON, why=Explanation(sentence="", waiting=(window, turn)), pending=()
    )
    assert page.headline == "Waits for the window of dev to open: lunch."
    assert page.explanation == "It opens at one. Who lifts it: itself. Shop #2 to end. Who lifts it: itself."


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "push, or: sealane deploy a/b --x, and then: sealane why.",
            "push, or: <c>sealane deploy a/b <o>--x</o></c>, and then: <c>sealane why</c>.",
        ),
        (
            'itself, or one of sre: sealane approve d-1 --break-glass "WHY".',
            "itself, or one of sre: <c>sealane approve d-1 <o>--break-glass</o> &#34;WHY&#34;</c>.",
        ),
        (
            "a developer: sealane gate a/b errors --pass, or --fail.",
            "a developer: <c>sealane gate a/b errors <o>--pass</o></c>, or --fail.",
        ),
        ("<b>sealane</b> & \x1b[31m nothing", "&lt;b&gt;sealane&lt;/b&gt; &amp;  nothing"),
        ("", ""),
    ],
)
def test_commands_in_a_sentence_look_like_commands(said: str, shown: str) -> None:
    """The words around them do not, and markup stays text; an option is not broken behind its hyphens."""
    for short, tag in {"<c>": "<code>", "</c>": "</code>", "<o>": '<span class="option">', "</o>": "</span>"}.items():
        shown = shown.replace(short, tag)
    assert str(templates.commands(said)) == shown


@pytest.mark.parametrize(
    ("kind", "tone"),
    [(VerdictKind.SUPERSEDED, "none"), (VerdictKind.CANCELLED, "none"), (VerdictKind.FAILED, "bad")],
)
def test_only_what_failed_ends_its_story_in_red(kind: VerdictKind, tone: str) -> None:
    told = (TimelineEntry(phase="verdict", text=kind.value, detail=None, at=NOON),)
    found = ended(kind, timeline=told)
    why = Explanation(sentence="")
    page = deployments.deployment(found, ADMINISTRATOR, now=NOON, why=why, pending=())
    assert page.milestones[-1].tone == tone
