"""People's answers to inconclusive gates, stored with their reason."""

from __future__ import annotations

from dataclasses import dataclass

from sealane import clock, inputs
from sealane.access.model import Actor
from sealane.records.deployments import GateWord
from sealane.store.all_stores import Store


@dataclass(frozen=True, kw_only=True, slots=True)
class GateAnswers:
    """Takes people's answers on gates; the caller has checked that they may."""

    store: Store
    now: clock.Clock = clock.now

    async def say(self, deployment_id: str, gate: str, *, passes: bool, by: Actor, reason: str) -> GateWord:
        """Answers a gate. Raises NotThere when nobody is asked about it, Conflicting when somebody has answered."""
        inputs.check_text(reason, "the reason")
        return await self.store.gates.say(deployment_id, gate, passes=passes, by=by.name, reason=reason, at=self.now())
