"""What a deployment found before its first write, from its plan."""

from __future__ import annotations

from collections.abc import Mapping

from sealane.deployments import model
from sealane.deployments.gates import select
from sealane.deployments.hooks_and_gates import HooksAndGates
from sealane.destinations.stages import Survey
from sealane.formations.gates import NewLines


def start(
    plan: model.DeploymentPlan,
    beside: HooksAndGates,
    *,
    previous: str | None,
    survey: Survey,
    finished: Mapping[str, tuple[str, ...]],
) -> model.Start:
    """The start of a plan whose targets are shaped; `previous` names what a failure is rolled back to."""
    course = tuple(stage.mark for stage in plan.target.in_stages())
    chosen = {stage.name: select.chosen(beside.gates, stage, course) for stage in course}
    return model.Start(
        stored=plan.stored,
        previous=previous,
        stays=plan.stays,
        survey=survey,
        finished=finished,
        stages=course,
        gates={name: tuple(gate.name for gate in gates) for name, gates in chosen.items() if gates},
        hooks=tuple(sorted({hook.when for hook in beside.hooks})),
        compares=beside.new_errors is not NewLines.IGNORE and previous is not None,
        annotates=bool(beside.annotations),
    )
