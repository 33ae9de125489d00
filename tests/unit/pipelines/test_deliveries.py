"""What is wrong with deliveries once formations and groups are known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from sealane.events.model import Event, EventKind
from sealane.pipelines import planning, reading
from sealane.pipelines.checks import delivery
from sealane.pipelines.model import Approval, ReleaseGroup

PIPELINE, _ = reading.read(
    """\
app: shop
deliver:
  - dev
  - {formation: qa, approval: {by: testers}}
  - {formation: production, approval: {by: [testers, sre], count: 3}}
""",
    "f",
)


def texts(findings):
    return [str(finding) for finding in findings]


def test_a_formation_without_a_file_is_a_finding():
    assert delivery.unknown_formations(PIPELINE, {"dev", "qa", "production"}) == []
    assert texts(delivery.unknown_formations(PIPELINE, {"dev", "qa", "productive"})) == [
        "f:5:5: no formation is called production (did you mean productive?)"
    ]
    assert texts(delivery.unknown_formations(PIPELINE, ()))[0] == (
        "f:3:5: no formation is called dev (describe it in deploy/formations/dev.yaml)"
    )


def test_approvals_that_nobody_can_give_are_findings():
    """A person in both groups counts once."""
    groups = {"testers": {"ann", "bob"}, "sre": {"bob", "cem"}}

    assert delivery.impossible_approvals(PIPELINE, groups) == []
    assert texts(delivery.impossible_approvals(PIPELINE, groups | {"sre": {"bob"}})) == [
        "f:5:5: production asks for 3 people of testers and sre, who have 2 (lower count, or ask an administrator to add people)"
    ]
    assert texts(delivery.impossible_approvals(PIPELINE, {"sre": {"a", "b", "c"}, "tester": set()})) == [
        "f:4:5: qa asks the group testers, which doesn't exist (did you mean tester?)",
        "f:5:5: production asks the group testers, which doesn't exist (did you mean tester?)",
    ]


RELEASE_GROUP = """\
app: shop
deliver:
  - dev
  - formations: [eu, {formation: us, keep: true}]
    approval: {by: sre}
    parallel: PARALLEL
  - later
"""
PUSH = Event(
    kind=EventKind.PUSH, app="shop", branch="main", trunk="main", received=datetime(2026, 3, 1, 12, tzinfo=UTC)
)


def test_members_of_a_release_group_are_deliveries_that_know_each_other():
    """What is said of all of them holds for each; each has its own place."""
    pipeline, findings = reading.read(RELEASE_GROUP.replace("PARALLEL", "false"), "f")

    assert findings == []
    eu, us = pipeline.delivery("eu"), pipeline.delivery("us")
    assert eu.release_group == us.release_group == ReleaseGroup(formations=("eu", "us"))
    assert (eu.keep, us.keep) == (False, True)
    assert eu.approval == us.approval == Approval(by=("sre",))
    assert texts(delivery.unknown_formations(pipeline, {"dev", "eu", "later"}))[0].startswith("f:4:22: no formation")
    assert pipeline.delivery("dev").release_group is None


@pytest.mark.parametrize(("parallel", "beside"), [("false", ()), ("true", ("deliver/eu",))])
def test_members_are_planned_one_after_the_other_or_side_by_side(parallel, beside):
    """Offered in order either way; what they wait for differs."""
    pipeline, _ = reading.read(RELEASE_GROUP.replace("PARALLEL", parallel), "f")

    plan = planning.plan(pipeline, PUSH)

    assert [step.key for step in plan.steps] == ["deliver/dev", "deliver/eu", "deliver/us", "deliver/later"]
    assert plan.step("deliver/us").beside == beside
    assert plan.step("deliver/later").beside == ()


@pytest.mark.parametrize(
    ("deliver", "finding"),
    [
        ("[{formations: [eu]}]", "2:24: formations"),
        ("[{formations: [eu, eu]}]", "f:2:29: eu is delivered to in line 2 already (keep one of them)"),
        ("[eu, {formations: [us, eu]}]", "f:2:33: eu is delivered to in line 2 already"),
        ("[{formations: [eu, {formation: us, kepp: true}]}]", "kepp"),
        ("[{formations: [eu, us], approval: {by: [sre, sre]}}]", "sre is named twice"),
        ("[{formations: [eu, us], formation: eu}]", "formation"),
    ],
)
def test_slips_in_a_release_group_are_findings(deliver, finding):
    """One each, at its place."""
    pipeline, findings = reading.read(f"app: shop\ndeliver: {deliver}\n", "f")

    assert pipeline is None
    (problem,) = texts(findings)
    assert finding in problem


def test_plans_of_a_pull_request_come_before_deliveries_and_wait_for_nothing():
    """They are shown even where steps fail."""
    pipeline, _ = reading.read("app: shop\nsteps: [{name: a, image: i, commands: [x]}]\ndeliver: [dev]\n", "f")
    event = replace(PUSH, kind=EventKind.PULL_REQUEST)

    plan = planning.with_plans(planning.plan(pipeline, event), {"dev": None, "qa": "not allowed"})

    assert [(step.key, step.needs, step.skip) for step in plan.steps] == [
        ("step/a", (), None),
        ("plan/dev", (), None),
        ("plan/qa", (), "not allowed"),
        ("deliver/dev", ("step/a",), "a pull request delivers nothing"),
    ]
