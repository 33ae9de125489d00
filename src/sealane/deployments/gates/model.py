"""The subjects of gates and their results. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sealane.destinations import model as destinations
from sealane.verdicts import model as verdicts
from sealane.verdicts.messages import causes


class Outcome(StrEnum):
    """The result of a gate."""

    PASS = "pass"  # noqa: S105 - an outcome, no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"  # a person has to say


@dataclass(frozen=True, kw_only=True, slots=True)
class GateJudgement:
    """A judgement on the samples so far; without an outcome it needs more."""

    outcome: Outcome | None
    message: str

    def of(self, gate: str) -> GateResult:
        """The result for the gate of that name."""
        return GateResult(gate=gate, outcome=self.outcome or Outcome.INCONCLUSIVE, message=self.message)


@dataclass(frozen=True, kw_only=True, slots=True)
class GateSubject:
    """What is checked: one deployment at one point of its rollout."""

    identity: destinations.Identity
    key: str
    """Where in the rollout, and the same again after a restart: `rolling`, `canary 2`, `preview`. Names Jobs."""
    since: datetime
    """When the deployment was applied; alerts count from here."""
    jobs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Name of each gate that is a Job to its rendered manifest (`Revision.jobs`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateResult:
    """The result of one gate, with its reason."""

    gate: str
    outcome: Outcome
    message: str
    """Why, in a few words: `3 of 20 samples failed (503), at most 1 may`."""
    failure_report: Mapping[str, Any] | None = None
    """The evidence of a Job that failed."""

    @property
    def sentence(self) -> str:
        """The result as a sentence."""
        outcome = {Outcome.PASS: "passed", Outcome.FAIL: "failed", Outcome.INCONCLUSIVE: "is inconclusive"}[
            self.outcome
        ]
        return causes.closed(f"Gate {self.gate} {outcome}: {causes.bare(self.message)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The results of all gates."""

    checked: tuple[GateResult, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """The worst outcome: one failure fails all; an inconclusive gate asks a person."""
        outcomes = {gate_result.outcome for gate_result in self.checked}
        return next((worst for worst in (Outcome.FAIL, Outcome.INCONCLUSIVE) if worst in outcomes), Outcome.PASS)

    @property
    def decisive(self) -> GateResult | None:
        """The gate that made it so; None when all passed."""
        worst = self.outcome
        return next(
            (gate_result for gate_result in self.checked if gate_result.outcome is worst is not Outcome.PASS), None
        )

    def causes(self, at: datetime) -> tuple[verdicts.Cause, ...]:
        """Why the deployment failed, when gates did: the decisive one first."""
        failed = [result for result in self.checked if result.outcome is Outcome.FAIL]
        return tuple(_cause(result, at, others=0 if index else len(failed) - 1) for index, result in enumerate(failed))

    def cause(self, at: datetime) -> verdicts.Cause | None:
        """The decisive one; None when none failed."""
        return next(iter(self.causes(at)), None)


def _cause(failed: GateResult, at: datetime, *, others: int) -> verdicts.Cause:
    name = f"Gate/{failed.gate}"
    return verdicts.Cause(
        sentence=failed.sentence,
        object=name,
        workload=name,
        reason=verdicts.FactKind.GATE_FAILED,
        decisive=True,
        since=at,
        others=others,
    )


def spoken(checked: GateResult, word: bool | None, *, who: str, reason: str = "") -> GateResult:  # noqa: FBT001
    """An inconclusive gate with a person's answer; without one it has failed."""
    because = f' ("{reason}")' if reason else ""
    if word:
        return replace(checked, outcome=Outcome.PASS, message=f"{who} said so{because}, although {checked.message}")
    sentence = f"{who} said so{because}" if word is False else "it is inconclusive, and nobody said how to take it"
    return replace(checked, outcome=Outcome.FAIL, message=f"{sentence}: {checked.message}")
