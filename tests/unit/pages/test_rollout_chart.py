"""A rollout on a line of time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from sealane.records.deployments import DeploymentState, TimelineEntry
from sealane.records.instance_counts import InstanceCount
from sealane.records.views import DeploymentView
from sealane.server.pages.presenters import gate_cards, rollout_chart
from sealane.verdicts import gate_requests
from sealane.verdicts.gate_requests import GateRequest, GateRequests
from sealane.verdicts.model import Verdict, VerdictKind
from tests.unit.approvals.deployments import NOON
from tests.unit.pages.test_review import view


def line(seconds: float, phase: str, stage: str = "") -> TimelineEntry:
    detail = {"stage": stage} if stage else None
    return TimelineEntry(phase=phase, text=f"{phase} says so", detail=detail, at=NOON + timedelta(seconds=seconds))


def count(seconds: float, ready: int, updated: int, old: int, *, back: bool = False) -> InstanceCount:
    return InstanceCount(at=NOON + timedelta(seconds=seconds), ready=ready, updated=updated, old=old, back=back)


def ended(kind: VerdictKind, seconds: float, **more: Any) -> DeploymentView:
    base, end = view(None), NOON + timedelta(seconds=seconds)
    verdict = Verdict(kind=kind, reason="so", at=end)
    over = replace(base.deployment, state=DeploymentState.ENDED, started=NOON, ended=end, verdict=verdict)
    return replace(base, deployment=over, **more)


def test_what_has_not_begun_has_no_picture() -> None:
    assert rollout_chart.chart(view(None), NOON) is None
    assert rollout_chart.instances(view(None), NOON) is None


def test_a_rollback_is_told_part_by_part() -> None:
    """Writing and watching are one part; each is as wide as it took; lines after its end are none of it."""
    story = (
        line(-60, "approval"),
        line(1, "apply"),
        line(2, "watch"),
        line(40, "failure_report"),
        line(50, "revert"),
        line(99, "prune"),
        line(100, "verdict"),
        line(900, "prune"),
    )
    chart = rollout_chart.chart(ended(VerdictKind.ROLLED_BACK, 100, timeline=story), NOON)
    assert chart is not None
    assert [(row.name, row.time, row.tone, row.bars[0].x, row.bars[0].width) for row in chart.rows] == [
        ("rollout", "40 s", "bad", 0.0, 40.0),
        ("evidence", "10 s", "none", 40.0, 10.0),
        ("rollback", "49 s", "back", 50.0, 49.0),
        ("clean-up", "1.0 s", "ok", 99.0, 1.0),
    ]


def test_stages_have_a_part_each_and_the_last_one_is_live() -> None:
    story = (line(0, "apply", "canary 10"), line(1, "watch"), line(10, "pause", "hold"), line(40, "apply", "canary 50"))
    base = view(None)
    going = replace(base.deployment, state=DeploymentState.ROLLING_OUT, started=NOON, waiting_for="1 of 2 ready")
    chart = rollout_chart.chart(replace(base, deployment=going, timeline=story), NOON + timedelta(seconds=80))
    assert chart is not None
    assert [(row.name, row.state, row.tone, row.bars[0].width) for row in chart.rows] == [
        ("rollout canary 10", "", "ok", 12.5),
        ("pause hold", "", "ok", 37.5),
        ("rollout canary 50", "1 of 2 ready", "run", 50.0),
    ]


def test_instances_are_stacked_and_the_way_back_turns_them_around() -> None:
    """The version before is the old one, on the way there and back again."""
    counts = (count(0, 0, 0, 2), count(10, 0, 1, 2), count(50, 1, 1, 1, back=True), count(90, 2, 2, 0, back=True))
    seen = rollout_chart.instances(ended(VerdictKind.ROLLED_BACK, 100, instances=counts), NOON)
    assert seen is not None
    assert [(row.new, row.coming, row.old) for row in seen.numbers] == [(0, 0, 2), (0, 1, 2), (0, 1, 1), (0, 0, 2)]
    assert [(column.x, column.width) for column in seen.columns] == [(0, 10), (10, 40), (50, 40), (90, 10)]
    assert seen.most == 3
    assert seen.columns[1].parts == (("old", 28.0, 56.0), ("coming", 0.0, 28.0))
    assert seen.words == "New instances that are ready: 0. Old instances: 2, 1, 2."


def test_requests_of_gates_are_marks_and_cards() -> None:
    """Each answer stands where it was asked; the newest is read first, and what is not kept is counted."""
    gate = gate_requests.first("rolling", "answers", "http://web/healthz")
    for at in range(300):
        good = at != 299
        gate = gate_requests.added(
            gate,
            GateRequest(
                at=NOON + timedelta(seconds=at), seconds=0.5, answer="status 200" if good else "status 503", good=good
            ),
        )
    assert isinstance(gate, GateRequests)
    chart = rollout_chart.chart(ended(VerdictKind.FAILED, 1000, requests=(gate,)), NOON)
    assert chart is not None
    (row,) = chart.rows
    assert (row.name, row.kind, row.state, row.tone) == ("answers", "gate", "299 of 300 answers good", "bad")
    assert (row.marks[0].x, row.marks[-1].x, row.marks[-1].good) == (10.0, 29.9, False)
    (card,) = gate_cards.cards((gate,))
    assert (card.place, card.asked, card.pill.words, card.earlier) == ("", gate.asked, row.state, 100)
    assert card.answers[0][1:] == ("status 503", "0.5 s", False)
