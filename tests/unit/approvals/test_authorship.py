"""Who may approve what: by each road, for whoever pushed, asked and wrote. Never by what a commit says alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.approvals import authorship, quorum
from sealane.approvals.authorship import Contribution
from sealane.environments import people
from sealane.environments.people import People
from sealane.events.model import Author, Pusher, Signed
from sealane.records.deployments import ApprovalRule, DeploymentKind
from sealane.records.eligibility import IneligibleReason

from .deployments import deployment, vote

KNOWN = (
    people.read(
        """people:
  kim: {github: kim-x, emails: [kim@example.com]}
  lee: {gitea: lee-g, emails: [lee@example.com, lee@home.example], names: [Lee P.]}
""",
        "people.yaml",
    )[0]
    or People()
)

OWN, APP = Pusher(signed=Signed.OWN, name="kim"), Pusher(signed=Signed.APP)
HOST, STRANGER = (
    Pusher(signed=Signed.HOST, name="Kim-X", host="github"),
    Pusher(signed=Signed.HOST, name="max", host="github"),
)
ELSEWHERE = Pusher(signed=Signed.HOST, name="kim-x", host="gitea")
KIM, LEE = Author(name="Kim K.", email="KIM@example.com"), Author(name="Lee P.", email="x@y.example")
FORGED, NOREPLY = Author(name="max", email=""), Author(name="x", email="1+kim-x@users.noreply.github.com")
DELIVERY, MANUAL, BACK = DeploymentKind.DELIVERY, DeploymentKind.MANUAL, DeploymentKind.ROLLBACK

ROADS: list[tuple[str, dict[str, Any], list[Pusher | None], list[Author], dict[str, str]]] = [
    ("pushed with an own token", {"requested_by": "kim", "pusher": OWN}, [OWN], [LEE], {"kim": "pushed", "lee": "wrote"}),
    ("an author's name changed", {"requested_by": "kim", "pusher": OWN}, [OWN], [FORGED], {"kim": "pushed", "max": "wrote"}),
    ("pushed with the app's token", {"pusher": APP}, [APP], [KIM], {"kim": "wrote"}),
    ("pushed at a host that knows them", {"requested_by": "kim", "pusher": HOST}, [HOST], [], {"kim": "pushed"}),
    ("pushed at a host as a stranger", {"pusher": STRANGER}, [STRANGER], [LEE], {"max": "pushed", "lee": "wrote"}),
    ("the same login at another host", {"pusher": ELSEWHERE}, [ELSEWHERE], [], {}),
    ("pushed, and nobody recorded it", {}, [None], [NOREPLY], {"kim": "wrote"}),
    ("run again by somebody else", {"requested_by": "sam", "by_hand": True, "pusher": OWN}, [OWN], [LEE], {"sam": "asked", "kim": "pushed", "lee": "wrote"}),
    ("run again, first by the app's token", {"requested_by": "sam", "by_hand": True, "pusher": APP}, [APP], [KIM], {"sam": "asked", "kim": "wrote"}),
    ("sent by hand", {"kind": MANUAL, "requested_by": "sam", "by_hand": True}, [], [KIM, LEE], {"sam": "asked", "kim": "wrote", "lee": "wrote"}),
    ("gone back by hand", {"kind": BACK, "requested_by": "sam", "by_hand": True}, [], [], {"sam": "asked"}),
    ("in a release group", {"requested_by": "kim", "pusher": OWN, "release_group_id": "cv-1"}, [OWN], [LEE], {"kim": "pushed", "lee": "wrote"}),
    ("gone back with a release group", {"kind": BACK}, [None], [], {}),
    ("pushed on others' pushes since what is there", {"requested_by": "kim", "pusher": OWN}, [OWN, STRANGER], [], {"kim": "pushed", "max": "pushed"}),
]  # fmt: skip
EVERYBODY = ("kim", "lee", "sam", "max", "zoe")


@pytest.mark.parametrize(("road", "given", "pushers", "authors", "barred"), ROADS, ids=[each[0] for each in ROADS])
@pytest.mark.parametrize("approver", EVERYBODY)
def test_roads_pushers_authors_approvers(
    road: str,
    given: dict[str, Any],
    pushers: list[Pusher | None],
    authors: list[Author],
    barred: dict[str, str],
    approver: str,
) -> None:
    """Whoever asked, pushed or wrote does not approve; whoever else is signed in and in the group does."""
    rule = ApprovalRule(by=("sre",), count=1, source="approval")
    asked = deployment(**{"kind": DELIVERY, "requested_by": None, "rules": (rule,), **given})
    bar = authorship.barred(asked, Contribution(pushers=tuple(pushers), authors=tuple(authors)), KNOWN)

    met = quorum.missing(asked, [vote(approver, "sre")], bar) == ()
    refusal = quorum.refusal(asked, approver, frozenset({"sre"}), bar)
    assert met == (approver not in barred) == (refusal is None), road
    if refusal and barred[approver] != "pushed":  # who pushed with an own token asked by that
        assert barred[approver] in refusal


@pytest.mark.parametrize(
    ("pusher", "by_hand", "unknown"),
    [(OWN, False, False), (HOST, False, False), (APP, False, True), (STRANGER, False, True), (ELSEWHERE, False, True),
     (None, False, True), (APP, True, False), (None, True, False)],
)  # fmt: skip
@pytest.mark.parametrize("count", [1, 2])
def test_where_nobody_knows_who_pushed_operators_may_want_one_more(
    pusher: Pusher | None, *, by_hand: bool, unknown: bool, count: int
) -> None:
    """So one person alone can't push with the app's token under another's name and approve: two are needed at least."""
    rule = ApprovalRule(by=("sre",), count=count, source="approval", unknown_pusher=1)
    asked = deployment(requested_by="sam" if by_hand else None, by_hand=by_hand, pusher=pusher, rules=(rule,))
    bar = authorship.barred(asked, Contribution(pushers=(pusher,), authors=(LEE,)), KNOWN)
    wanted = count + unknown
    names = ("zoe", "ida", "per")
    for so_far in range(4):
        votes = [vote(name, "sre") for name in names[:so_far]]
        assert (quorum.missing(asked, votes, bar) == ()) == (so_far >= wanted)
    if unknown:
        assert "because nobody knows who pushed" in quorum.missing(asked, [], bar)[0]


TEXTS = st.text(max_size=20)


@given(st.lists(st.builds(Author, name=TEXTS, email=TEXTS), max_size=5), st.sampled_from([OWN, HOST]))
def test_no_author_s_name_lets_the_pusher_in(authors: list[Author], pusher: Pusher) -> None:
    """Whatever commits say."""
    asked = deployment(requested_by=None, pusher=pusher)
    bar = authorship.barred(asked, Contribution(pushers=(pusher,), authors=tuple(authors)), KNOWN)
    assert bar.why("kim") is IneligibleReason.PUSHED
    assert bar.why("Kim") is IneligibleReason.PUSHED
    assert not bar.unknown
