"""The story of a deployment over a plan that a test made, with a memory that lives in this process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sealane.deployments import model
from sealane.deployments.deploy import deploy
from sealane.deployments.process_memory import ProcessMemory
from sealane.deployments.steps.work import Context
from sealane.destinations.deletions import KeptObject
from sealane.destinations.model import Inventory
from sealane.destinations.port import Destination
from sealane.journal import Journal, Plain
from sealane.verdicts.model import Verdict


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How it ended, and what was kept."""

    verdict: Verdict
    inventory: Inventory
    startup: timedelta
    held: tuple[KeptObject, ...]
    failure_report: dict[str, Any] | None
    second_failure_report: dict[str, Any] | None
    hooks: tuple[str, ...]
    """Hooks before the rollout that count as run for its release."""


async def roll_out(
    plan: model.DeploymentPlan,
    destination: Destination,
    *,
    context: Context | None = None,
    journal: Journal | None = None,
    **memory: Any,
) -> Ended:
    """Tells it to its end; `memory` has whom it tells, hooks and gates, say."""
    held = ProcessMemory(plan=plan, destination=destination, **memory)
    start = held.start(plan.target.shape.survey)
    outcome = await deploy(start, journal or Plain(), held, context or Context())
    return Ended(
        verdict=outcome.verdict,
        inventory=outcome.inventory or (),
        startup=outcome.startup or timedelta(),
        held=outcome.held,
        failure_report=held.report.to_json() if held.report else None,
        second_failure_report=held.second_report.to_json() if held.second_report else None,
        hooks=held.hooks,
    )
