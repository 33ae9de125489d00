"""Which of two deployments of one formation ends: a table of what comes, or is there, and what has not begun."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.approvals import blockers, precedence
from sealane.approvals.blockers import BlockerInput
from sealane.records.deployments import Deployment, DeploymentKind, DeploymentState
from sealane.verdicts.model import VerdictKind

from .deployments import deployment, ended, hold

PUSH, SENT, BACK, SCALE = (
    DeploymentKind.DELIVERY,
    DeploymentKind.MANUAL,
    DeploymentKind.ROLLBACK,
    DeploymentKind.SCALE,
)


def made(kind: DeploymentKind, place: float, asked: int, *, by: str | None = None, **more: Any) -> Deployment:
    """A deployment of the commit at that place, asked for under that number."""
    given = {"by_hand": by is not None, "requested_by": by, "release_id": f"rel-{place}", "sequence": asked, **more}
    return deployment(id=f"d-{kind}-{asked}", kind=kind, place=place, asked=asked, **given)


@pytest.mark.parametrize(
    ("coming", "other", "goes"),
    [
        # coming, or there: a newer push
        (made(PUSH, 7, 7), made(PUSH, 6, 6), False),
        (made(PUSH, 7, 7), made(PUSH, 6.5, 9), False),  # a late message
        (made(PUSH, 7, 7), made(PUSH, 7, 9, by="kim"), True),  # the same, run again since
        (made(PUSH, 7, 7), made(PUSH, 7, 5, by="kim"), False),
        (made(PUSH, 7, 7), made(PUSH, 4, 9, by="kim"), True),  # an old run, run again since
        (made(PUSH, 7, 7), made(PUSH, 4, 6, by="kim"), False),  # pushed after somebody ran it again
        (made(PUSH, 7, 7), made(SENT, 4, 8, by="kim"), True),
        (made(PUSH, 7, 7), made(SENT, 4, 6, by="kim"), False),
        (made(PUSH, 7, 7), made(BACK, 4, 8, by="kim"), True),
        (made(PUSH, 7, 7), made(BACK, 4, 6, by="kim"), False),
        (made(PUSH, 7, 7), made(SCALE, 4, 8, by="kim"), False),  # it would bring the older release back
        (made(PUSH, 7, 7), made(BACK, 4, 6), False),  # a release group's member that something newer has replaced
        (made(PUSH, 7, 7), made(BACK, 4, 7), True),
        # coming, or there: going back by hand
        (made(BACK, 3, 9, by="kim"), made(PUSH, 8, 8), True),  # a fix that was being built
        (made(BACK, 3, 9, by="kim"), made(PUSH, 3.5, 4), True),  # the hold decides about that
        (made(BACK, 3, 9, by="kim"), made(PUSH, 2.5, 10), False),
        (made(BACK, 3, 9, by="kim"), made(SENT, 8, 6, by="lee"), True),
        (made(BACK, 3, 9, by="kim"), made(SENT, 2, 6, by="lee"), False),
        (made(BACK, 3, 9, by="kim"), made(BACK, 2, 8, by="lee"), False),
        (made(BACK, 3, 9, by="kim"), made(BACK, 2, 10, by="lee"), True),
        (made(BACK, 3, 9, by="kim"), made(SCALE, 5, 10, by="lee"), False),
        # coming, or there: an old run that somebody ran again, or a release that somebody sent
        (made(PUSH, 3, 9, by="kim"), made(PUSH, 7, 7), True),
        (made(SENT, 3, 9, by="kim"), made(PUSH, 7, 7), True),
        (made(SENT, 3, 9, by="kim"), made(PUSH, 2, 2), False),
        # there: scaled
        (made(SCALE, 7, 9, by="kim"), made(PUSH, 6, 6), False),
        (made(SCALE, 7, 9, by="kim"), made(PUSH, 8, 8), True),
        (made(SCALE, 7, 9, by="kim"), made(SCALE, 7, 10, by="kim"), True),
        (made(SCALE, 7, 9, by="kim"), made(BACK, 3, 8, by="kim"), True),
        (made(SCALE, 7, 9, by="kim"), made(BACK, 3, 7), True),
    ],
)
def test_what_goes_and_what_ends(coming: Deployment, other: Deployment, *, goes: bool) -> None:
    """By commits; a person's word counts against what was asked for before it."""
    assert precedence.ends(coming, other) == (not goes)
    if not goes:
        assert f"shop #{coming.sequence}" in precedence.reason(coming, other)


KINDS = st.sampled_from([*DeploymentKind])
ANY = st.builds(made, KINDS, st.integers(1, 9), st.integers(1, 9), by=st.sampled_from([None, "kim"]))


@given(ANY, ANY)
def test_no_release_that_is_newer_in_commits_ends_by_an_older_one(coming: Deployment, other: Deployment) -> None:
    """Whoever asked for which of them, and when."""
    if other.kind in precedence.REPLACEABLE and other.place > coming.place:
        assert not precedence.ends(coming, other)


@given(ANY, ANY)
def test_two_never_end_each_other(one: Deployment, other: Deployment) -> None:
    """Whichever comes first, one of them goes."""
    releases = precedence.REPLACEABLE
    if one.kind in releases and other.kind in releases and (one.place, one.asked) != (other.place, other.asked):
        assert not (precedence.ends(one, other) and precedence.ends(other, one))


@pytest.mark.parametrize("kind", [*DeploymentKind])
@pytest.mark.parametrize("verdict", [kind for kind in VerdictKind if kind is not VerdictKind.DEPLOYED])
def test_whatever_ended_without_being_there_says_how_to_get_it_out(kind: DeploymentKind, verdict: VerdictKind) -> None:
    """A command that a person can type; what is there, or on its way, needs none."""
    over = replace(ended(verdict), kind=kind)
    assert over.verdict is not None
    why = blockers.deployment(over, BlockerInput())
    assert why.hint.startswith("sealane ")
    assert over.label in why.hint
    assert over.verdict.reason in why.sentence
    assert not blockers.deployment(replace(ended(VerdictKind.DEPLOYED), kind=kind), BlockerInput()).hint
    assert not blockers.deployment(deployment(kind=kind), BlockerInput(holds=(hold(),))).hint


def test_what_is_pushed_while_somebody_goes_back_waits_for_it() -> None:
    """Then it goes, or is held; what is free of holds waits for nobody."""
    back = made(BACK, 2, 9, by="kim", state=DeploymentState.ROLLING_OUT)
    inputs = BlockerInput(going_back=(back,))
    (condition,) = blockers.conditions(made(PUSH, 8, 8), inputs)
    assert condition.what == "shop #9 to production to be rolled back first"
    assert not blockers.conditions(back, inputs)
    assert not blockers.conditions(made(SCALE, 8, 10, by="kim"), inputs)
