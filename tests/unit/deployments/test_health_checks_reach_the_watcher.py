"""What a formation says of its custom resources reaches whoever looks at them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sealane.deployments import rollout
from sealane.destinations.dummy.destination import DummyDestination
from sealane.stencils.health_checks import HealthCheck
from tests.unit.deployments import parts

CHECK = HealthCheck(kind="Widget", ready="object.status.phase == 'Running'")


async def test_the_checks_of_the_revision_are_handed_to_the_destination(monkeypatch: pytest.MonkeyPatch) -> None:
    destination = DummyDestination()
    seen: list[object] = []
    observe = destination.observe

    def noted(*given: object, health: object = ()) -> object:
        seen.append(health)
        return observe(*given, health=health)

    monkeypatch.setattr(destination, "observe", noted)
    wanted = replace(parts.revision("one", parts.deployment()), health=(CHECK,))
    plan = rollout.model.DeploymentPlan(goal=await parts.goal(wanted, destination))
    outcome = await rollout.roll_out(plan, rollout.Context(destination=destination))
    assert outcome.verdict.kind == "deployed"
    assert seen == [(CHECK,)]
