"""Every button that changes something asks first, and says what will happen."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import resources

import pytest

from sealane.access.model import Actor
from sealane.approvals.inbox import InboxItem, InboxKind
from sealane.records.deployments import Deployment, DeploymentState, Hold
from sealane.records.scopes import EVERYTHING
from sealane.server.pages import forms, templates
from sealane.server.pages.presenters import actions, needs
from sealane.server.pages.views import Action
from sealane.verdicts.model import VerdictKind
from tests.unit.approvals.deployments import NOON, deployment, ended, run_view
from tests.unit.pages.test_review import revision, view

DORA = Actor(name="dora", groups=frozenset({"developers"}), via="token", reads=EVERYTHING, deploys=EVERYTHING)
VIC = Actor(name="vic", groups=frozenset({"viewers"}), via="token", reads=EVERYTHING)
HOLD = Hold(
    id="h-1",
    app="shop",
    formation="qa",
    up_to=3,
    release_id=None,
    deployment_id="d-7",
    reason="it failed",
    created=NOON,
)


def waiting(kind: InboxKind) -> InboxItem:
    """One thing that waits for dora."""
    subject = deployment(id="d-9", formation="qa")
    return InboxItem(
        kind=kind, deployment=subject, asks="x", since=NOON, answer="", gate="rate", held_at="qa", subject="d-7"
    )


def of(subject: Deployment, by: Actor = DORA) -> tuple[Action, ...]:
    """What is offered of a deployment that follows another and is held."""
    return actions.of_deployment(replace(view(revision("old", ("ConfigMap", "a"))), deployment=subject, hold=HOLD), by)


STATES = [DeploymentState.WAITING, DeploymentState.QUEUED, DeploymentState.ROLLING_OUT]
OFFERED = (
    *(action for kind in InboxKind for action in needs.answers(waiting(kind))),
    *(action for state in STATES for action in of(deployment(id="d-7", state=state))),
    *of(ended(VerdictKind.DEPLOYED, id="d-7", formation="qa")),
    *actions.of_drift(deployment(id="d-7"), DORA),
    *actions.of_run(run_view().run, DORA),
    *actions.of_run(replace(run_view().run, ended=NOON), DORA),
)


@pytest.mark.parametrize("offered", OFFERED, ids=lambda each: f"{each.key}-{each.words}")
def test_a_question_says_what_happens_and_the_yes_is_not_a_bare_word(offered: Action) -> None:
    assert len(offered.asks.split()) > 6
    assert offered.asks.endswith(".")
    assert len(offered.yes.split()) > 1


def test_every_route_that_changes_something_is_reached_by_a_question() -> None:
    """Of the pages' own routes none is left out: neither one that is there now nor one that comes."""
    routes = {re.sub(r"\{\w+\}", "[^/]+", route.path): route.path for route in forms.router.routes}  # type: ignore[attr-defined]
    unasked = [
        path for pattern, path in routes.items() if not any(re.fullmatch(pattern, action.action) for action in OFFERED)
    ]
    assert unasked == []


def test_no_template_sends_a_form_without_a_question() -> None:
    """What posts stands in the question's macro; signing in and out change nothing of anybody's."""
    folder = resources.files(templates.__package__).joinpath("templates")
    posts = {
        template.name: forms
        for template in folder.iterdir()
        if (forms := re.findall(r'method="post" action="([^"]*)"', template.read_text()))
    }
    assert posts == {
        "base.html": ["/sign-out"],
        "parts.html": ["{{ it.action }}"],
        "sign-in.html": ["/sign-in"],
        "tokens.html": ["/tokens/{{ row.id }}/revoke"],
    }
    assert "<details><summary>Revoke</summary><form" in folder.joinpath("tokens.html").read_text()


def test_going_back_names_where_to_and_lifting_a_hold_where() -> None:
    offered = {action.action: action for action in of(ended(VerdictKind.DEPLOYED, id="d-7", formation="qa"))}
    back, lift = offered["/deployments/d-7/rollback"], offered["/deployments/d-7/release-hold"]
    assert back.words.removeprefix("Roll back to ") in back.asks
    assert "qa" in back.asks
    assert "qa" in lift.asks


def test_who_may_not_deploy_is_offered_nothing() -> None:
    subject = ended(VerdictKind.DEPLOYED, id="d-7")
    assert of(subject, VIC) == ()
    assert actions.of_drift(subject, VIC) == ()
