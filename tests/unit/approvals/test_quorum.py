"""Whether enough different people out of the right groups agreed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.approvals import quorum

from .deployments import barred, deployment, rule, vote


def test_two_people_out_of_both_groups_meet_a_rule_for_two() -> None:
    """The groups of a rule are one circle of people."""
    asked = deployment(rules=(rule("release-managers", "sre", count=2),))

    assert quorum.missing(asked, [vote("bob", "sre")], barred(asked)) == ("1 more of release-managers, sre",)
    assert quorum.missing(asked, [vote("bob", "sre"), vote("eve", "release-managers")], barred(asked)) == ()


def test_one_person_counts_once_however_often_and_in_however_many_groups() -> None:
    """Two votes and two groups are still one person."""
    asked = deployment(rules=(rule("release-managers", "sre", count=2),))
    cast = [vote("bob", "sre", "release-managers"), vote("bob", "sre")]

    assert quorum.missing(asked, cast, barred(asked)) == ("1 more of release-managers, sre",)


def test_who_asked_does_not_approve() -> None:
    """Not even when in the groups."""
    asked = deployment(requested_by="bob", rules=(rule("sre"),))

    assert quorum.missing(asked, [vote("bob", "sre")], barred(asked)) == ("1 more of sre",)
    assert (
        quorum.refusal(asked, "bob", frozenset({"sre"}), barred(asked))
        == "bob asked for it, and who asks does not approve"
    )


def test_a_vote_on_another_revision_does_not_count() -> None:
    """Any change asks again."""
    asked = deployment(rules=(rule("sre"),), revision_id="sha256:2")

    assert quorum.missing(asked, [vote("bob", "sre", revision="sha256:1")], barred(asked)) == ("1 more of sre",)


def test_the_operators_and_the_deliverys_rules_must_both_be_met() -> None:
    """What a commit adds comes on top of what the operators want."""
    asked = deployment(rules=(rule("release-managers"), rule("sre")))

    assert quorum.missing(asked, [vote("bob", "sre")], barred(asked)) == ("1 more of release-managers",)


@pytest.mark.parametrize(
    ("rules", "groups", "reason"),
    [
        ((), {"sre"}, "nobody's approval is asked for"),
        ((rule("sre", "release-managers"),), {"developers"}, "in none of the groups asked: release-managers, sre"),
    ],
)
def test_who_may_not_decide_is_told_why(rules: tuple, groups: set[str], reason: str) -> None:
    """The refusal names the groups that are asked."""
    asked = deployment(rules=rules)
    assert reason in (quorum.refusal(asked, "bob", frozenset(groups), barred(asked)) or "")


def test_a_no_ends_it() -> None:
    """The first no to the revision as it is now."""
    asked = deployment(rules=(rule("sre"),))

    assert quorum.rejected(asked, [vote("bob", "sre", approves=False, revision="sha256:0")]) is None
    assert quorum.rejected(asked, [vote("bob", "sre", approves=False)]) == vote("bob", "sre", approves=False)


PEOPLE = st.sampled_from(["ann", "bob", "cid", "dan"])
GROUPS = st.frozensets(st.sampled_from(["sre", "release-managers", "developers"]))


@given(st.lists(st.tuples(PEOPLE, GROUPS)), st.integers(1, 4))
def test_never_met_by_fewer_people_than_asked(cast: list[tuple[str, frozenset[str]]], count: int) -> None:
    """Whatever votes are cast, a met rule has that many different people who may count, none of them the requester."""
    asked = deployment(rules=(rule("sre", count=count),))
    votes = [vote(user, *groups) for user, groups in cast]
    counted = {user for user, groups in cast if "sre" in groups and user != "ann"}

    assert (quorum.missing(asked, votes, barred(asked)) == ()) == (len(counted) >= count)
