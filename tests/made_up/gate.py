"""A gate that passes on the days that it lists; any other day it blocks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import msgspec

from sealane.configfiles.fields import File
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateJudgement, GateResult, GateSubject, Outcome
from sealane.deployments.gates.port import GateKind
from sealane.formations.gates import Gate


class DaysFile(File):
    """Days on which it passes."""

    days: list[str]
    """Their names."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Days:
    """Days on which it passes."""

    days: tuple[str, ...]


def _read(name: str, written: DaysFile, wait: timedelta) -> Gate:
    check = msgspec.to_builtins(Days(days=tuple(written.days)))
    return Gate(name=name, kind="madeup", check=check, wait=wait)


async def _check(gate: Gate, check: Days, subject: GateSubject, context: GateContext) -> GateResult:
    del subject
    today = context.now().strftime("%A")
    outcome = Outcome.PASS if today in check.days else Outcome.FAIL
    return GateJudgement(outcome=outcome, message="it is one of the days" if today in check.days else "not today").of(
        gate.name
    )


ADAPTER = GateKind(file=DaysFile, doc="Days on which it passes.", read=_read, model=Days, check=_check)
