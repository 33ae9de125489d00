"""Whether a revision that degrades soon after its verdict is itself to blame, with the evidence."""

from __future__ import annotations

from dataclasses import dataclass

from sealane import clock
from sealane.deployments import conflicting_changes, failure_reports, health_watch, model, rollback_check
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.verdicts import evaluate
from sealane.verdicts import model as verdicts
from sealane.verdicts.health import FormationHealth, HealthState
from sealane.verdicts.judgement import Judgement, State
from sealane.verdicts.messages import causes


@dataclass(frozen=True, kw_only=True, slots=True)
class Blame:
    """Whether a revision that degraded is to blame."""

    cause: verdicts.Cause | None = None
    """The fault of its own instances, if it is to blame."""
    report: failure_reports.FailureReport | None = None
    """The evidence of it."""
    outside: str = ""
    """Otherwise the cause outside of it, in a sentence."""


async def blamed(
    destination: Destination,
    target: model.Target,
    inventory: destinations.Inventory,
    health: FormationHealth,
    *,
    mask: failure_reports.Mask,
    now: clock.Clock,
) -> Blame:
    """Finds out whether the revision is to blame for degrading; writes nothing. Raises Unavailable.

    `target` is the revision as it was verified, `inventory` what is there of it.
    """
    if health.state is not HealthState.DEGRADED or not health.own or health.reason is None:
        return Blame(outside=f"{causes.bare(health.cause)}, which is not the revision's own doing")
    changes = await rollback_check.again(destination, target)
    conflicts = conflicting_changes.conflicts(changes, now=now(), during="since it was deployed", mask=mask)
    if conflicts.cause or conflicts.ours:
        changed = conflicts.cause.sentence if conflicts.cause else f"{causes.name(conflicts.ours[0])} is not as it was"
        return Blame(outside=f"{causes.bare(health.cause)}, but {changed}")
    cause = verdicts.Cause(
        sentence=health.cause,
        object=health.object or health.workload or "",
        container=health.container,
        workload=health.workload or "",
        reason=health.reason,
        decisive=True,
        since=health.since,
    )
    report = await _report(destination, target, inventory, cause, mask)
    return Blame(cause=report.cause, report=report)


async def _report(
    destination: Destination,
    target: model.Target,
    inventory: destinations.Inventory,
    cause: verdicts.Cause,
    mask: failure_reports.Mask,
) -> failure_reports.FailureReport:
    wanted = await health_watch.watched(destination, target, inventory)
    seen = await anext(destination.observe(target.identity, wanted, health=target.health))
    observation = failure_reports.unseen(seen, mask)
    judgement = Judgement(state=State.FAILED, waiting_for=cause.sentence, since=cause.since, cause=cause)
    watched = model.WatchResult(judgement=judgement, observation=observation, startup=evaluate.startup(observation))
    return await failure_reports.take(destination, target, watched, mask=mask)
