"""Waivers hold for an app, until a day."""

from __future__ import annotations

from datetime import date

from sealane.environments import waivers
from sealane.environments.model import Waiver
from sealane.findings import Place
from sealane.policies.model import Decision, Effect, Subject


def decision(policy: str, effect: Effect = Effect.DENY) -> Decision:
    return Decision(
        effect=effect,
        policy=policy,
        message="m",
        hint="n",
        subject=Subject(kind="Pod", namespace="a", name="b"),
        written=Place(file="x"),
    )


def test_a_waiver_holds_for_its_app_until_its_day() -> None:
    """Including that day, and for no other app or policy."""
    listed = [
        Waiver(policy="one", reason="r1", app="shop", until=date(2026, 5, 1)),
        Waiver(policy="two", reason="r2"),
        Waiver(policy="three", reason="r3", app="other"),
    ]
    decisions = [decision("one"), decision("two"), decision("three")]

    def waived(day: date, app: str = "shop") -> list[str]:
        judged = waivers.judge(decisions, listed, app=app, today=day)
        assert [waived_decision.decision for waived_decision in judged] == decisions
        assert waivers.standing(judged) == [
            waived_decision.decision for waived_decision in judged if waived_decision.waiver is None
        ]
        return [waived_decision.decision.policy for waived_decision in judged if waived_decision.waiver]

    assert waived(date(2026, 5, 1)) == ["one", "two"]
    assert waived(date(2026, 5, 2)) == ["two"]
    assert waived(date(2026, 5, 2), app="other") == ["two", "three"]


def test_a_note_needs_no_waiver() -> None:
    """Nothing follows from it."""
    judged = waivers.judge([decision("one", Effect.WARN)], [Waiver(policy="one", reason="r")], app="a", today=date.max)
    assert judged[0].waiver is None
