"""What a formation says of its custom resources reaches whoever looks at them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sealane.deployments import model
from sealane.destinations.dummy.destination import DummyDestination
from sealane.formations.health_checks import HealthCheck
from tests import rollouts
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
    plan = model.DeploymentPlan(target=await parts.target(wanted, destination))
    outcome = await rollouts.roll_out(plan, destination)
    assert outcome.verdict.kind == "deployed"
    assert seen == [(CHECK,)]
