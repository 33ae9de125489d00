"""Which gates are checked after which stage of a rollout. Pure.

A rollout of one stage checks all of them once it is healthy. Blue-green asks the new version itself (addresses, Jobs)
before the switch, and checks metrics and alerts after it. Workloads beside others are checked after the switch. A
canary checks all of them after each pause and once it is everywhere; a canary without pauses also after each weight.
"""

from __future__ import annotations

from collections.abc import Sequence

from sealane.destinations.stages import StageKind, StageMark
from sealane.formations.gates import Gate


def chosen(gates: Sequence[Gate], stage: StageMark, course: Sequence[StageMark]) -> tuple[Gate, ...]:
    """The gates to check once the stage is healthy; `course` is all of the rollout's stages."""
    persons = tuple(gate for gate in gates if gate.stage == stage.name)
    return (*_checks([gate for gate in gates if gate.stage is None], stage, {mark.kind for mark in course}), *persons)


def _checks(gates: Sequence[Gate], stage: StageMark, kinds: set[StageKind]) -> tuple[Gate, ...]:
    if StageKind.BESIDE in kinds:  # nothing reaches the new workloads before the switch
        return tuple(gates) if stage.kind is StageKind.WHOLE else ()
    if StageKind.PREVIEW in kinds:
        return tuple(gate for gate in gates if _asks_itself(gate) is (stage.kind is StageKind.PREVIEW))
    if stage.kind is StageKind.WEIGHT and StageKind.PAUSE in kinds:
        return ()
    return tuple(gates)


def _asks_itself(gate: Gate) -> bool:
    return gate.asks_itself
