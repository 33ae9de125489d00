"""Several formations together: who goes back, in which order, and what is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from sealane.approvals import release_groups
from sealane.records.deployments import Deployment, DeploymentKind
from sealane.verdicts.model import VerdictKind

from .deployments import NOON, deployment, group_state
from .deployments import ended as over


def ended(kind: VerdictKind, formation: str, minute: int = 0, **values: Any) -> Deployment:
    at = NOON + timedelta(minutes=minute)
    given = {"id": f"d-{formation}", "formation": formation, "started": at, "ended": at}
    return over(kind, **{**given, "from_revision_id": "sha256:0", **values})


def back(formation: str, kind: VerdictKind) -> Deployment:
    return replace(over(kind, id=f"b-{formation}", formation=formation), kind=DeploymentKind.ROLLBACK)


DEPLOYED, FAILED, BACK = VerdictKind.DEPLOYED, VerdictKind.FAILED, VerdictKind.ROLLED_BACK


@pytest.mark.parametrize(
    "group",
    [
        group_state(),
        group_state(ended(DEPLOYED, "eu")),
        group_state(ended(DEPLOYED, "eu"), deployment(formation="us")),
        group_state(deployment(formation="eu"), ended(FAILED, "us"), parallel=True),
    ],
)
def test_while_a_member_is_on_its_way_or_to_come_nothing_is_decided(group: release_groups.GroupState) -> None:
    """Also when another has failed: what rolls out comes to its own verdict first."""
    assert release_groups.next_actions(group) == release_groups.NextActions()


def test_when_all_are_there_it_is_settled() -> None:
    """Nothing goes back."""
    actions = release_groups.next_actions(group_state(ended(DEPLOYED, "eu"), ended(DEPLOYED, "us", 1)))

    assert actions == release_groups.NextActions(settled="all of it is where it was meant to be")


def test_those_that_moved_go_back_the_last_one_first() -> None:
    """Whatever order they were written in: side by side the last to arrive is the first to leave."""
    eu, us = ended(DEPLOYED, "eu", 5), ended(DEPLOYED, "us", 2)
    failed = ended(BACK, "asia", 9)
    group = group_state(eu, us, failed, parallel=True)

    course = release_groups.next_actions(group)

    assert [member.formation for member in course.back] == ["eu", "us"]
    assert course.because == "shop/asia rolled back: the reason"
    assert course.settled is None


def test_it_is_settled_when_all_have_gone_back_or_could_not() -> None:
    """What came of each is told, and asked again it stays the same plan."""
    members = ended(DEPLOYED, "eu", 1), ended(DEPLOYED, "us", 2), ended(FAILED, "asia", 3)

    half = release_groups.next_actions(
        group_state(*members, backs={"us": back("us", DEPLOYED)}, there={"eu": "d-eu", "us": "b-us"})
    )
    assert [member.formation for member in half.back] == ["us", "eu"]
    assert half.settled is None

    newer = {"us": back("us", VerdictKind.SUPERSEDED), "eu": back("eu", DEPLOYED)}
    overtaken = release_groups.next_actions(group_state(*members, backs=newer))
    assert overtaken.settled
    assert overtaken.settled.endswith("; us is not rolled back: something newer came first; eu rolled back")

    backs = {"us": back("us", DEPLOYED), "eu": back("eu", FAILED)}
    whole = release_groups.next_actions(group_state(*members, backs=backs))
    assert whole.settled == "shop/asia failed: the reason; us rolled back; eu did not get back"


@pytest.mark.parametrize(
    ("values", "there", "why"),
    [
        ({"keep": True}, "d-eu", "it is to be kept"),
        ({"from_revision_id": None}, "d-eu", "nothing was verified there before"),
        ({"from_revision_id": "sha256:1"}, "d-eu", "it is what was there before"),
        ({}, "d-newer", "something newer is there"),
    ],
)
def test_what_is_not_rolled_back_says_why(values: dict[str, Any], there: str, why: str) -> None:
    """Kept on purpose, first of its kind, unchanged, or overtaken."""
    members = ended(DEPLOYED, "eu", 1, **values), ended(FAILED, "us", 2)

    course = release_groups.next_actions(group_state(*members, there={"eu": there}))

    assert course.back == ()
    assert course.settled == f"shop/us failed: the reason; eu stays: {why}"


def test_something_newer_on_its_way_takes_nothing_back() -> None:
    """The newer release is what is wanted there."""
    actions = release_groups.next_actions(group_state(ended(DEPLOYED, "eu"), ended(VerdictKind.SUPERSEDED, "us", 1)))

    assert actions.back == ()
    assert actions.settled == "something newer went to us, so nothing is rolled back"


def test_who_is_cancelled_after_one_that_was_passed_takes_nothing_back_but_a_failure_does() -> None:
    """Asia came after America, to which somebody had sent something newer."""
    eu, us = ended(DEPLOYED, "eu"), ended(VerdictKind.SUPERSEDED, "us", 1)

    assert release_groups.next_actions(group_state(eu, us, ended(VerdictKind.CANCELLED, "asia", 2))).back == ()
    assert [
        member.formation for member in release_groups.next_actions(group_state(eu, us, ended(FAILED, "asia", 2))).back
    ] == ["eu"]


def test_a_member_that_was_never_offered_fails_the_group_once_the_run_is_over() -> None:
    """Its limits or policies said no, or the run was cancelled."""
    moved = ended(DEPLOYED, "eu")

    assert release_groups.failure(group_state(moved)) is None
    assert release_groups.failure(group_state(moved, run_over=True)) == "nothing was offered to us"
    assert [member.formation for member in release_groups.next_actions(group_state(moved, run_over=True)).back] == [
        "eu"
    ]


def test_the_first_real_failure_is_the_reason_not_who_was_cancelled_with_it() -> None:
    """A member that was cancelled because of another is not to blame."""
    cancelled, failed = ended(VerdictKind.CANCELLED, "eu", 1), ended(FAILED, "us", 2)

    assert release_groups.failure(group_state(cancelled, failed)) == "shop/us failed: the reason"
