"""Waivers: policies that an app need not meet, until a day and with a reason. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sealane.environments.model import Waiver
from sealane.policies.model import Decision, Effect


@dataclass(frozen=True, kw_only=True, slots=True)
class WaivedDecision:
    """A policy's decision, and the waiver that cancels its effect."""

    decision: Decision
    waiver: Waiver | None = None


def judge(decisions: Iterable[Decision], waivers: Iterable[Waiver], *, app: str, today: date) -> list[WaivedDecision]:
    """Each decision with its waiver that is valid today; `today` is a day in UTC. Notes need none."""
    holding = [
        waiver for waiver in waivers if waiver.app in {None, app} and (waiver.until is None or today <= waiver.until)
    ]
    named = {waiver.policy: waiver for waiver in reversed(holding)}
    return [
        WaivedDecision(
            decision=decision,
            waiver=None if decision.effect is Effect.WARN else named.get(decision.policy),
        )
        for decision in decisions
    ]


def standing(judged: Iterable[WaivedDecision]) -> list[Decision]:
    """Decisions without a waiver."""
    return [decision.decision for decision in judged if decision.waiver is None]
