"""Roads by limits: whatever way a revision comes, it is held against the operators' file as it is now."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sealane.approvals import admission
from sealane.approvals.admission import Admission, RevisionSource
from sealane.configfiles.trees import StoredTree
from sealane.environments import reading
from sealane.findings import Place
from sealane.formations.model import Formation
from sealane.pipelines.model import Approval, Delivery
from sealane.policies.model import Decision, Effect, Subject
from sealane.records.deployments import ApprovalRule, DeploymentKind
from sealane.stencils import render_inputs, rendering
from sealane.stencils.model import Revision
from tests.unit.approvals.deployments import NOON, deployment

OPERATORS = """\
environment: live
destinations: {north: {dummy: {}}}
apps:
  mail: {namespaces: [post], secrets: ["env:*"], registries: ["images.example.org/**"], deny_kinds: []}
gates: {hosts: [check.example.org]}
"""
FORMATION = """\
formation: live
environment: live
destination: north
namespace: post
secrets: {KEY: "env:KEY"}
strategy: {gates: [{name: up, http: {url: "https://check.example.org/up"}}]}
"""
STENCIL = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: box}
spec:
  template: {spec: {containers: [{name: box, image: "images.example.org/box:2", envFrom: [{secretRef: {name: "${secrets}"}}]}]}}
"""
BY = ("post-office",)
APPROVAL = ApprovalRule(by=BY, count=2, source="approval")
SIGN_OFF = ApprovalRule(by=("approvers",), count=1, source="sign-off of sealed")

LIMITS: dict[str, tuple[str, str, str]] = {
    "app": ("  mail:", "  other:", "mail may not come to live"),
    "destination": ("{north:", "{south:", "live has no destination north"),
    "namespace": ("[post]", "[office]", "the namespace post is not open to mail in live: only office"),
    "secrets": ('["env:*"]', '["env:OTHER"]', "env:KEY is not open to mail in live: only env:OTHER"),
    "registries": (
        "images.example.org/**",
        "mirror.example.org/*",
        "the image images.example.org/box:2 is not authorised",
    ),
    "kinds": ("deny_kinds: []", "deny_kinds: [StatefulSet]", "objects of kind StatefulSet are denied to mail in live"),
    "hosts": ("[check.example.org]", "[other.example.org]", "gate up: "),
}
"""What operators change: old text, new text, and what is said of a revision that was allowed before."""

ROADS: dict[str, DeploymentKind | None] = {
    "delivery": None,
    "promotion": None,
    "again": DeploymentKind.MANUAL,
    "back by hand": DeploymentKind.ROLLBACK,
    "scaled": DeploymentKind.SCALE,
    "queued": DeploymentKind.DELIVERY,
    "back by itself": DeploymentKind.ROLLBACK,
}
AUTOMATIC = "back by itself"


def rendered() -> tuple[Formation, Revision]:
    tree = StoredTree({"deploy/formations/live.yaml": FORMATION.encode(), "deploy/stencils/box.yaml": STENCIL.encode()})
    sources, findings = render_inputs.gather(tree, "live")
    assert sources, findings
    revision, findings = rendering.render(sources, rendering.Inputs(app="mail", images={}, release="r1"))
    assert revision, findings
    return sources.formation, revision


def decision(effect: Effect) -> Decision:
    subject = Subject(kind="StatefulSet", namespace="post", name="box")
    written = Place(file="deploy/stencils/box.yaml", line=1, column=1)
    return Decision(
        effect=effect, policy="sealed", message="is not sealed", hint="seal it", subject=subject, written=written
    )


def come(road: str, operators: str, *decided: Decision, agreed: tuple[ApprovalRule, ...] = ()) -> Admission:
    """The answer on that road, under the operators' file."""
    environment, findings = reading.read(operators, "live.yaml")
    assert environment, findings
    formation, revision = rendered()
    kind = ROADS[road]
    if kind is None:
        delivery = Delivery(formation="live", approval=Approval(by=BY, count=3), place=Place(file=".sealane.yml"))
        asked = RevisionSource(formation=formation, delivery=delivery if road == "delivery" else None)
    else:
        given = (
            {"requested_by": "ann", "rules": agreed} if road != AUTOMATIC else {"requested_by": None, "agreed": agreed}
        )
        asked = admission.road(deployment(kind=kind, **given))
    return admission.admit({"live": environment}, revision, decided, asked)


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("limit", LIMITS)
def test_every_limit_holds_on_every_road(road: str, limit: str) -> None:
    """What was allowed passes; once it isn't any more it is refused with the reason and who can fix it."""
    old, new, said = LIMITS[limit]
    assert old in OPERATORS
    assert come(road, OPERATORS).refusals == ()
    refused = come(road, OPERATORS.replace(old, new))
    assert said in refused.reason
    assert "(" in refused.reason
    assert refused.rules == ()


@pytest.mark.parametrize("road", ROADS)
def test_a_policy_that_denies_it_now_holds_on_every_road(road: str) -> None:
    """Notes hold up nothing."""
    assert "sealed: StatefulSet" in come(road, OPERATORS, decision(Effect.DENY)).reason
    assert come(road, OPERATORS, decision(Effect.WARN)).refusals == ()


@pytest.mark.parametrize("road", ROADS)
def test_approvals_that_are_wanted_now_are_asked_for_where_people_ask(road: str) -> None:
    """Going back by itself waits for nobody; what was agreed to before as much need not be agreed to again."""
    wanting = OPERATORS.replace("deny_kinds: []", "deny_kinds: [], approvals: {by: [post-office], count: 2}")
    asked = come(road, wanting, agreed=(replace(APPROVAL, count=1), SIGN_OFF))
    assert asked.refusals == ()
    assert (APPROVAL in asked.rules) is (road != AUTOMATIC)
    if ROADS[road] is not None:
        assert come(road, wanting, agreed=(replace(APPROVAL, count=3),)).rules == ()
        assert come(road, wanting, agreed=(replace(APPROVAL, by=("strangers",)),)).rules == (
            () if road == AUTOMATIC else (APPROVAL,)
        )


@pytest.mark.parametrize("road", ROADS)
def test_a_sign_off_that_is_wanted_now_is_asked_for(road: str) -> None:
    """An approval is no sign-off: who gave it was not told of the policy."""
    rules = come(road, OPERATORS, decision(Effect.SIGN_OFF), agreed=(replace(APPROVAL, by=("approvers",)),)).rules
    assert (SIGN_OFF in rules) is (road != AUTOMATIC)


@pytest.mark.parametrize("road", ROADS)
def test_only_an_automatic_rollback_is_let_through_by_the_operators_word(road: str) -> None:
    """It is told what was let through; where no destination is, nothing can be."""
    outdated = OPERATORS.replace("[post]", "[office]") + "rollback: {allow_outdated: true}\n"
    admission = come(road, outdated)
    assert bool(admission.refusals) is (road != AUTOMATIC)
    assert bool(admission.outdated) is (road == AUTOMATIC)
    assert come(road, outdated.replace("{north:", "{south:")).refusals


def test_an_environment_that_is_gone_takes_nothing() -> None:
    """Stored or new."""
    formation, revision = rendered()
    for road in (RevisionSource(), RevisionSource(automatic=True), RevisionSource(formation=formation)):
        assert admission.admit({}, revision, (), road).reason.startswith("there is no environment live")


def test_approvals_are_met_once_it_has_begun() -> None:
    """Those that it came with stay met."""
    asks, came = replace(APPROVAL, count=1), APPROVAL
    waiting = deployment(rules=(asks,), agreed=(came,))
    assert admission.met(waiting) == (came,)
    assert admission.met(replace(waiting, started=NOON)) == (asks, came)


@pytest.mark.parametrize("operators_want", [0, 2, 4])
@pytest.mark.parametrize("delivery_wants", [0, 1, 3])
def test_a_release_sent_by_hand_asks_whom_its_delivery_asks(operators_want: int, delivery_wants: int) -> None:
    """And whom the operators ask, where the delivery should have: what is refused on its own way is asked for on this one."""
    more = f", approvals: {{by: [post-office], count: {operators_want}}}" if operators_want else ""
    environment, problems = reading.read(OPERATORS.replace("deny_kinds: []", f"deny_kinds: []{more}"), "live.yaml")
    assert environment, problems
    formation, revision = rendered()
    approval = Approval(by=BY, count=delivery_wants) if delivery_wants else None
    delivery = Delivery(formation="live", approval=approval, place=Place(file=".sealane.yml"))
    sent = RevisionSource(formation=formation, delivery=delivery, by_hand=True)

    admitted = admission.admit({"live": environment}, revision, [], sent)

    assert admitted.refusals == ()
    assert {rule.count for rule in admitted.rules} == {operators_want, delivery_wants} - {0}
    by_itself = admission.admit({"live": environment}, revision, [], replace(sent, by_hand=False))
    assert bool(by_itself.refusals) is (delivery_wants < operators_want)


def test_a_rollback_that_people_approve_is_not_automatic() -> None:
    """A plan of the way back is new: what was agreed to before it was made counts no longer."""
    rollback = deployment(kind=DeploymentKind.ROLLBACK, requested_by=None, agreed=(APPROVAL,))
    assert admission.road(rollback).automatic
    assert not admission.road(replace(rollback, rules=(APPROVAL,))).automatic


ONE = ApprovalRule(by=("approvers",), count=1, source="a plan of a rollback")


@pytest.mark.parametrize(
    ("former", "now", "groups", "by", "asked"),
    [
        ((), (), (), None, (ONE,)),
        ((), (), ("sre",), None, (replace(ONE, by=("sre",)),)),
        ((), (), ("sre",), "ann", ()),
        ((APPROVAL,), (), ("sre",), None, (APPROVAL,)),
        ((replace(APPROVAL, count=1),), (APPROVAL,), (), None, (APPROVAL,)),
        ((SIGN_OFF,), (APPROVAL,), (), "ann", (SIGN_OFF, APPROVAL)),
    ],
)
def test_somebody_approves_the_plan_of_a_rollback(
    former: tuple[ApprovalRule, ...],
    now: tuple[ApprovalRule, ...],
    groups: tuple[str, ...],
    by: str | None,
    asked: tuple[ApprovalRule, ...],
) -> None:
    """Those of before and those of now; where nobody is asked one person, unless a person wants it."""
    rollback = deployment(kind=DeploymentKind.ROLLBACK, requested_by=by, agreed=former)
    assert admission.plan_rules(rollback, now, groups) == asked
