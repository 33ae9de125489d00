"""The report of a release group: how far it is, what became of each member, and what a reader may see of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sealane.approvals import group_report, release_groups
from sealane.approvals.release_groups import GroupState
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.records.release_groups import GroupStage, Stays
from sealane.releases.deliveries import DeliveryOutcome
from sealane.verdicts.model import Verdict, VerdictKind

from .deployments import NOON, deployment, ended, group_state

DEPLOYED, FAILED, BACK = VerdictKind.DEPLOYED, VerdictKind.FAILED, VerdictKind.ROLLED_BACK


def member(formation: str, kind: VerdictKind | None, **values: Any) -> Deployment:
    """A member of a group; without a kind one that rolls out."""
    given = {"id": f"d-{formation}", "formation": formation, "started": NOON, "from_revision_id": "sha256:0", **values}
    if kind is None:
        return deployment(state=DeploymentState.ROLLING_OUT, **given)
    return ended(kind, **{"ended": NOON, **given})


def back(formation: str, kind: VerdictKind | None) -> dict[str, Deployment]:
    rollback = member(formation, kind, id=f"b-{formation}")
    return {formation: replace(rollback, kind=DeploymentKind.ROLLBACK)}


def settled(group: GroupState, outcome: str = "so it ended") -> GroupState:
    return replace(group, release_group=replace(group.release_group, settled=NOON, outcome=outcome))


@pytest.mark.parametrize(
    ("group", "stage"),
    [
        (group_state(deployment(formation="eu")), GroupStage.WAITING),
        (group_state(member("eu", None)), GroupStage.MOVING),
        (group_state(member("eu", FAILED), member("us", None), parallel=True), GroupStage.MOVING),
        (group_state(member("eu", DEPLOYED), member("us", BACK)), GroupStage.ROLLING_BACK),
        (settled(group_state(member("eu", DEPLOYED), member("us", DEPLOYED))), GroupStage.DEPLOYED),
        (settled(group_state(member("eu", DEPLOYED), member("us", VerdictKind.SUPERSEDED))), GroupStage.SUPERSEDED),
        (
            settled(group_state(member("eu", DEPLOYED), member("us", BACK), backs=back("eu", DEPLOYED))),
            GroupStage.ROLLED_BACK,
        ),
        (
            settled(group_state(member("eu", DEPLOYED), member("us", BACK), backs=back("eu", FAILED))),
            GroupStage.PARTLY,
        ),
        (settled(group_state(member("eu", DEPLOYED, keep=True), member("us", BACK))), GroupStage.PARTLY),
        (settled(group_state(member("eu", VerdictKind.CANCELLED), member("us", FAILED))), GroupStage.PARTLY),
    ],
)
def test_the_stage_is_that_of_all_together(group: GroupState, stage: GroupStage) -> None:
    assert group_report.stage(group) is stage


def test_who_stays_says_why_also_when_something_newer_came_afterwards() -> None:
    """What was newer before the end and what is now can't be told apart later, and need not be."""
    members = member("eu", DEPLOYED), member("us", BACK)
    going = group_report.report(group_state(*members))
    assert [told.stays for told in going.members] == [None, None]
    over = group_report.report(settled(group_state(*members, there={"eu": "d-newer"})))
    assert [told.stays for told in over.members] == [Stays.NEWER, None]
    kept = group_report.report(settled(group_state(member("eu", DEPLOYED, keep=True), members[1])))
    assert kept.members[0].stays is Stays.KEPT


def test_each_member_tells_its_own_end_and_what_its_rollback_waits_for() -> None:
    group = group_state(member("eu", DEPLOYED), member("us", BACK), backs=back("eu", None))
    eu, us = group_report.report(group, says={"b-eu": "waits for an approval"}).members
    assert eu.forward
    assert eu.back
    assert us.forward
    assert (eu.forward.state, eu.forward.says) == (DeliveryOutcome.DEPLOYED, "")
    assert (eu.back.page, eu.back.says) == ("/deployments/b-eu", "waits for an approval")
    assert us.forward.says == "the reason"


def test_members_that_a_reader_may_not_see_are_only_counted() -> None:
    """The outcome names them, so it is left out as well."""
    group = settled(group_state(member("eu", DEPLOYED)), "us failed: a secret reason")
    report = group_report.report(group, shown=lambda listed: listed is not None and listed.formation == "eu")
    assert ([told.formation for told in report.members], report.hidden, report.outcome) == (["eu"], 1, None)


def test_why_nothing_was_offered_is_told() -> None:
    group = group_state(member("eu", DEPLOYED), run_over=True, unoffered={"us": "the plan has an error."})
    assert release_groups.failure(group) == "nothing was offered to us: the plan has an error"
    assert group_report.report(group).members[1].unoffered == "the plan has an error."


PLANNED = frozenset({"us"})


@pytest.mark.parametrize(
    ("values", "planned", "asked"),
    [
        ({}, PLANNED, True),
        ({}, frozenset(), False),
        ({"keep": True}, PLANNED, False),
        ({"from_revision_id": None}, PLANNED, False),
        ({"started": None}, PLANNED, False),
        ({"verdict": Verdict(kind=FAILED, reason="refused", at=NOON, untouched=True)}, PLANNED, False),
    ],
)
def test_a_failure_that_nothing_undoes_is_asked_about_and_keeps_nobody_waiting(
    values: dict[str, Any], planned: frozenset[str], asked: bool
) -> None:
    """Where only plans are applied: unless it wrote nothing, is to stay, or there is nothing to go back to."""
    members = member("eu", DEPLOYED, ended=NOON - timedelta(minutes=1)), member("us", FAILED, **values)
    actions = release_groups.next_actions(group_state(*members, planned=planned))
    assert [listed.formation for listed in actions.half_done] == (["us"] if asked else [])
    assert [listed.formation for listed in actions.back] == ["eu"]
    done = group_state(*members, planned=planned, backs=back("eu", DEPLOYED))
    assert (release_groups.next_actions(done).settled is None) is asked
