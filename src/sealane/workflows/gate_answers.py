"""Answers to inconclusive gates: a person's word, kept with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from sealane import clock, inputs
from sealane.access.model import Actor
from sealane.records.deployments import GateWord
from sealane.store.all_stores import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class GateAnswers:
    """Takes people's words on gates; whether they may is decided before."""

    store: Store
    now: clock.Clock = clock.now

    async def say(self, deployment_id: str, gate: str, *, passes: bool, by: Actor, reason: str) -> GateWord:
        """Says how to take a gate. Raises NotThere when nobody is asked about it, Conflicting when somebody has said."""
        inputs.check_text(reason, "the reason")
        return await self.store.gates.say(deployment_id, gate, passes=passes, by=by.name, reason=reason, at=self.now())
