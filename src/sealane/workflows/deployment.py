"""The story of a deployment: applied, watched, judged; and when it fails, explained and rolled back automatically.

Everything a person might want stopped was decided before: the gates are open. Every execution takes the formation for
its worker, which fences off whoever worked on it before; and no write is made that does not look at the fence first.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import msgspec
from dbos import DBOS

from sealane.destinations.stages import ONLY, Stage, StageKind
from sealane.journal import Broken
from sealane.store import rows
from sealane.verdicts import outcomes
from sealane.verdicts.model import Cause, FactKind, Verdict, VerdictKind
from sealane.workflows import context, durable
from sealane.workflows.durable import step
from sealane.workflows.steps import old_color, phases, run_hooks
from sealane.workflows.steps.phases import Rollout

Data = dict[str, Any]
"""What a step gave: plain data."""


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """How a deployment ended, and what is there now; None where what was stored before stays true."""

    verdict: Verdict
    inventory: Any = None
    startup: float | None = None
    note: str | None = None
    way_back: str | None = None
    """Why the revision before could not be redeployed."""
    kept_for: float = 0
    """Seconds for which what served before stays up."""


@DBOS.workflow(name="deployment", max_recovery_attempts=None)
async def deployment(deployment_id: str) -> None:
    """Takes a revision to its formation, and to a verdict."""
    try:
        begun = await step("start", phases.begin, deployment_id)
        end = await _accompanied(await _taken(deployment_id, begun), _stages(begun)) if begun["go"] else None
    except Broken as error:
        end = End(verdict=outcomes.broken(error.message, at=context.current().now()))
    if end is not None:
        verdict = rows.plain(end.verdict)
        await step(
            "conclude", phases.conclude, deployment_id, verdict, end.inventory, end.startup, end.note, end.way_back
        )
        if end.kept_for:
            await step("retire later", old_color.queue, deployment_id, end.kept_for)
    await step("gates", phases.look_at_gates, deployment_id)


async def _taken(deployment_id: str, begun: dict[str, Any]) -> Rollout:
    """Not a durable step, on purpose: a worker that takes over takes the formation anew."""
    bench = context.current()
    subject = await bench.store.deployments.get(deployment_id)
    fence = await durable.insisting("take", bench.fencing.take, subject.app, subject.formation)
    return Rollout(
        deployment_id=deployment_id,
        fence=fence,
        stored=begun["stored"],
        previous=begun["previous"],
        stays=begun["stays"],
        survey=begun.get("survey"),
        finished=begun.get("finished", {}),
        gates=begun.get("gates", {}),
        hooks=tuple(begun.get("hooks", ())),
        compares=begun.get("compares", False),
        annotates=begun.get("annotates", False),
        looks_again=begun.get("looks_again", False),
    )


def _stages(begun: dict[str, Any]) -> tuple[Stage, ...]:
    """The rollout's stages; deployments begun before there were any have but one."""
    return msgspec.convert(begun.get("stages") or [rows.plain(ONLY)], tuple[Stage, ...])


async def _accompanied(rollout: Rollout, stages: tuple[Stage, ...]) -> End:
    """The rollout, with hooks before it and, when it failed, after it; metric stores are told."""
    hooked: dict[str, Any] = {"cause": None, "done": []}
    if rollout.compares:
        rollout = replace(rollout, printed=tuple(await step("printed before", run_hooks.printed_before, rollout)))
    if "before" in rollout.hooks:
        hooked = await step("hooks before", run_hooks.before, rollout)
    if hooked["cause"]:
        cause = msgspec.convert(hooked["cause"], Cause)
        stays = hooked.get("stays") or ""
        verdict = outcomes.not_begun(cause, at=context.current().now(), stays=stays)
        end = End(verdict=verdict, inventory=hooked["inventory"])
    else:
        end = await _roll_out(replace(rollout, hooked=tuple(hooked["done"])), stages)
    if "failure" in rollout.hooks and end.verdict.kind is not VerdictKind.DEPLOYED:
        with suppress(Broken):  # the verdict stands, whatever becomes of them
            await step("hooks failure", run_hooks.failure, rollout, rows.plain(end.verdict))
    if rollout.annotates:
        with suppress(Broken):
            await step("annotate", run_hooks.annotate, rollout, rows.plain(end.verdict))
    return end


async def _roll_out(rollout: Rollout, stages: tuple[Stage, ...]) -> End:
    """Stage after stage, until one fails or the last one is healthy."""
    applied: dict[str, Any] = {"begun": None}
    watched: dict[str, Any] | None = None
    for stage in stages:
        body = phases.pause if stage.kind is StageKind.PAUSE else phases.apply
        applied = await step(f"apply {stage.name}".strip(), body, rollout, stage, applied["begun"])
        watched = None
        if applied["cause"]:
            break
        watched = await step(f"watch {stage.name}".strip(), phases.watch, rollout, applied["begun"])
        applied = _seen_to_end(applied, watched)
        if watched["healthy"]:
            applied, watched = await _checked(rollout, stage, applied, watched)
        if not watched["healthy"]:
            break
    else:
        assert watched is not None, "every course has a stage"
        if rollout.compares:
            said = rollout.printed
            compared = await step("printed now", run_hooks.printed_now, rollout, said, applied["begun"], watched)
            watched = compared["failed"] or watched
        if watched["healthy"] and "after" in rollout.hooks:
            hooked = await step("hooks after", run_hooks.after, rollout, watched)
            watched = hooked["failed"] or watched
        if rollout.compares or "after" in rollout.hooks:
            applied, watched = await _again("the end", rollout, applied, watched)
        if watched["healthy"]:
            return await _deployed(rollout, applied, watched)
    return await _failed(rollout, applied, watched)


def _seen_to_end(applied: Data, watched: Data) -> Data:
    """What was applied, with the work that has ended since: later stages do not make it again."""
    return {**applied, "begun": {**applied["begun"], "ended": list(watched.get("ended", ()))}}


async def _checked(rollout: Rollout, stage: Stage, applied: Data, watched: Data) -> tuple[Data, Data]:
    """What was applied and watched, as it is after the stage's gates: healthy, or failed by one of them or meanwhile."""
    names = rollout.gates.get(stage.name, ())
    if not names:
        return applied, watched
    key = stage.name or "rolling"
    checked = await step(f"check gates {key}", run_hooks.gates, rollout, key, names, applied["begun"], watched)
    return await _again(key, rollout, applied, checked["failed"] or watched)


async def _again(key: str, rollout: Rollout, applied: Data, watched: Data) -> tuple[Data, Data]:
    """Looked at once more after gates or hooks: what was healthy then may have failed meanwhile."""
    if not watched["healthy"] or not rollout.looks_again:
        return applied, watched
    seen = await step(f"watch {key} again", phases.watch_again, rollout, applied["begun"])
    return {**applied, "begun": seen["begun"]}, seen


async def _failed(rollout: Rollout, applied: dict[str, Any], watched: dict[str, Any] | None) -> End:
    """Explained, and rolled back where there is something to go back to."""
    known = applied["cause"] or (watched and watched["cause"])
    found = await step("dossier", phases.take_failure_report, rollout, applied["begun"], known, watched)
    cause = msgspec.convert(found["cause"] or known, Cause)
    if applied["cause"] and not applied["written"]:
        off = cause.reason is FactKind.CALLED_OFF
        undone = await step("hooks undo", run_hooks.undo, rollout) if off and rollout.hooked else {"stays": ""}
        return End(verdict=outcomes.not_written(cause, at=context.current().now(), stays=undone["stays"]))
    if rollout.previous is None:
        return End(verdict=outcomes.failed(cause, at=context.current().now(), because=rollout.stays))
    return await _reverted(rollout, cause, applied["begun"])


async def _deployed(rollout: Rollout, applied: dict[str, Any], watched: dict[str, Any]) -> End:
    pruned = await step("prune", phases.prune, rollout, applied["begun"])
    held = timedelta(seconds=watched["healthy_for"])
    verdict = outcomes.deployed(
        at=context.current().now(),
        workloads=watched["workloads"],
        healthy_for=held,
        notes=tuple(watched.get("notes", ())),
        finished=tuple(watched.get("ended", ())),
        unconfirmed=pruned.get("unconfirmed", False),
    )
    return End(
        verdict=verdict,
        inventory=pruned["inventory"],
        startup=watched["startup"],
        note=pruned["note"],
        way_back=pruned.get("way_back"),
        kept_for=pruned.get("kept_for", 0),
    )


async def _reverted(rollout: Rollout, cause: Cause, failed: Any) -> End:
    """Back to what was verified before: the same apply and watch, with another revision."""
    try:
        restored = await step("revert", phases.revert, rollout)
        second = restored["cause"]
        if second is None:
            watched = await step("watch revert", phases.watch_revert, rollout, restored["begun"])
            if watched["healthy"]:
                cleared = await step("clear", phases.clear, rollout, failed, restored["begun"])
                undone = await step("hooks undo", run_hooks.undo, rollout) if rollout.hooked else None
                stays = [each for each in (cleared["note"], cleared.get("ran"), (undone or {}).get("stays")) if each]
                verdict = outcomes.rolled_back(cause, at=context.current().now(), stays=stays)
                return End(verdict=verdict, inventory=cleared["inventory"], note=cleared["note"])
            second = watched["cause"]
    except Broken as error:
        return End(verdict=_stuck(cause, error.message))
    return End(verdict=_stuck(cause, second["sentence"]))


def _stuck(cause: Cause, second: str) -> Verdict:
    return outcomes.rollback_failed(cause, second, at=context.current().now())
