"""A release group as a card and as lines of a terminal: the same story of every member."""

from __future__ import annotations

import msgspec
import pytest

from sealane.cli.remote import release_groups
from sealane.records.release_groups import GroupReport, GroupStage, MemberReport, Part, Stays
from sealane.releases.deliveries import DeliveryOutcome
from sealane.server.pages.presenters import group_cards

DEPLOYED, WAITING, BACK = DeliveryOutcome.DEPLOYED, DeliveryOutcome.WAITING, DeliveryOutcome.ROLLED_BACK


def part(name: str, state: DeliveryOutcome, says: str = "") -> Part:
    return Part(deployment=name, page=f"/deployments/{name}", state=state, says=says)


GROUP = GroupReport(
    id="cv-1",
    run="r-1",
    parallel=False,
    stage=GroupStage.ROLLING_BACK,
    outcome=None,
    hidden=2,
    members=(
        MemberReport(
            formation="network",
            environment="base",
            destination="aws",
            forward=part("d-1", DEPLOYED),
            back=part("b-1", WAITING, "waits for the approval of 1 more of sre"),
        ),
        MemberReport(formation="eu", forward=part("d-2", DEPLOYED), stays=Stays.KEPT),
        MemberReport(formation="us", forward=part("d-3", BACK, "it ended twice")),
        MemberReport(formation="asia", unoffered="the plan has an error"),
    ),
)


def test_a_card_tells_of_each_member_and_leads_to_the_others() -> None:
    card = group_cards.card(GROUP, "d-3", hints={"d-3": "push a newer commit"})
    network, eu, us, asia = card.rows
    assert (card.pill.words, card.order, card.words) == ("rolling back", "one after the other", "")
    assert card.hidden == "and 2 members that you may not see"
    assert (network.href, network.where, network.back_href) == ("/deployments/d-1", "base, aws", "/deployments/b-1")
    assert network.back_words == "Waits for the approval of 1 more of sre"
    assert (eu.back_pill, eu.back_words) == (None, "Stays: it is to be kept")
    assert (us.href, us.words, us.hint) == ("", "It ended twice", "push a newer commit")
    assert (asia.pill.words, asia.words) == ("not offered", "The plan has an error")


def test_a_terminal_tells_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    group = msgspec.to_builtins(GROUP)
    release_groups.show(group)
    assert capsys.readouterr().out.splitlines() == [
        "  release group, one after the other: rolling back",
        "    network  deployed",
        "      its rollback b-1: waits for the approval of 1 more of sre",
        "    eu  deployed",
        "      stays: it is to be kept",
        "    us  rolled back: it ended twice",
        "    asia  not offered: the plan has an error",
        "    and 2 more that you may not see",
    ]
    assert [listed["deployment"] for listed in release_groups.parts(group)] == ["d-1", "b-1", "d-2", "d-3"]
