"""Checks gates side by side until one fails or all are done. Thin: `samples.py` judges the samples.

Idempotent by the subject's key: a repeated call samples anew and finds the Jobs that run already. A gate that is cut
short never passes, because a pass needs all its samples.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sealane import typed_data
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateResult, GateSubject, Outcome, Report
from sealane.deployments.gates.port import GateKind
from sealane.environments import egress_allowlist
from sealane.formations.gates import Gate


async def evaluate(gates: Sequence[Gate], *, subject: GateSubject, around: GateContext) -> Report:
    """Checks the gates side by side. The first that fails ends the others: it is decisive.

    Raises Fenced, and Unavailable when the destination of a Job is away. A metric store that is away is inconclusive.
    """
    checking = {asyncio.create_task(_check(gate, subject, around)): gate for gate in gates}
    checked: list[GateResult] = []
    try:
        for done in asyncio.as_completed(checking):
            result = await done
            around.tell(result.sentence)
            checked.append(result)
            if result.outcome is Outcome.FAIL:
                break
    finally:
        for task in checking:
            task.cancel()
        await asyncio.gather(*checking, return_exceptions=True)
    return Report(checked=tuple(checked))


async def _check(gate: Gate, subject: GateSubject, context: GateContext) -> GateResult:
    if gate.stage is not None:
        return GateResult(gate=gate.name, outcome=Outcome.INCONCLUSIVE, message="the formation's strategy asks for one")
    if gate.url and (problem := egress_allowlist.refused(gate.url, context.allowed.hosts if context.allowed else None)):
        return GateResult(gate=gate.name, outcome=Outcome.FAIL, message=problem)
    kind = context.adapters.gates.get(gate.kind, GateKind)
    return await kind.check(gate, typed_data.convert(gate.check, kind.model), subject, context)
