"""Through the gates without a server: an inconclusive gate asks the person at the command, or has failed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from sealane.deployments.gates import evaluate
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateResult, GateSubject, Outcome, Report
from sealane.stencils.gates import Gate

Ask = Callable[[GateResult], Awaitable[bool | None]]
"""Asks a person whether an inconclusive gate passes; None when there is nobody."""


async def nobody(checked: GateResult) -> bool | None:
    """Nobody is there to be asked."""
    del checked
    return None


async def run_gates(gates: Sequence[Gate], *, subject: GateSubject, around: GateContext, ask: Ask = nobody) -> Report:
    """Checks the gates, and asks a person about inconclusive ones. The report passes or fails."""
    report = await evaluate.evaluate(gates, subject=subject, around=around)
    if report.outcome is not Outcome.INCONCLUSIVE:
        return report
    said = []
    for each in report.checked:
        said.append(each if each.outcome is not Outcome.INCONCLUSIVE else spoken(each, await ask(each), who="a person"))
        around.tell(said[-1].sentence)
    return Report(checked=tuple(said))


def spoken(checked: GateResult, word: bool | None, *, who: str, reason: str = "") -> GateResult:  # noqa: FBT001
    """A gate that could not tell, with a person's word; without one it has failed."""
    because = f' ("{reason}")' if reason else ""
    if word:
        return replace(checked, outcome=Outcome.PASS, message=f"{who} said so{because}, although {checked.message}")
    said = f"{who} said so{because}" if word is False else "it is inconclusive, and nobody said how to take it"
    return replace(checked, outcome=Outcome.FAIL, message=f"{said}: {checked.message}")
