"""A deployment from this machine, without a server: the ledger beside the objects remembers what a server would.

One deployment of a formation at a time: the ledger says who deploys, and every write checks it first. A killed command
leaves its deployment open; the next one may take over once the first can no longer be under way.
"""

from __future__ import annotations

import asyncio
import getpass
import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sealane import clock
from sealane.cli.local.deploy_request import DeployOutcome, DeployRequest, Screen
from sealane.deployments import (
    apply_phase,
    failure_reports,
    finished_work,
    hooks_and_gates,
    ledger_entries,
    ledger_history,
    ledger_memory,
    masks,
    messages,
    moves,
    prune_phase,
    rollback_check,
    targets,
)
from sealane.deployments import deploy as story
from sealane.deployments import model as rollouts
from sealane.deployments.ledger_history import History, LedgerRecord
from sealane.deployments.ledger_memory import LedgerMemory
from sealane.deployments.steps.work import Context, Work
from sealane.destinations import model as destinations
from sealane.destinations import ownership
from sealane.destinations.port import Destination
from sealane.destinations.stages import Survey, every_object
from sealane.errors import Conflicting, Fenced, NotThere, Refused, SealaneError
from sealane.journal import Broken, Plain
from sealane.releases import changes
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Revision
from sealane.verdicts import model as verdicts
from sealane.verdicts import outcomes, rollback_target


async def deploy(wish: DeployRequest, destination: Destination, screen: Screen) -> DeployOutcome:
    """Deploys a revision and keeps the record of it.

    Raises `errors.Conflicting` when another one is under way, and `errors.Refused` when its namespace is being deleted.
    """
    memory, start = await _begin(wish, destination, screen)
    context = Context(
        fence=fence(destination, wish.revision, memory.record), secret=wish.secret, adapters=wish.adapters
    )
    await _told(start, memory, context)
    assert memory.outcome is not None, "its story ends with that"
    if memory.outcome.kept_for:
        await _retire(memory, context)
    return DeployOutcome(
        record=memory.record,
        outcome=memory.outcome,
        report=memory.report,
        second_report=memory.second_report,
    )


async def _begin(wish: DeployRequest, destination: Destination, screen: Screen) -> tuple[LedgerMemory, rollouts.Start]:
    """Writes its beginning to the ledger, before anything else is written."""
    revision = wish.revision
    place = (revision.app, revision.formation)
    if await destination.leaves(revision.namespace):
        raise ownership.namespace_terminating(revision.namespace)
    identity = destinations.Identity(
        app=revision.app, formation=revision.formation, namespace=revision.namespace, revision=revision.id
    )
    space = await moves.space(destination, revision, identity, adopt=wish.permitted.adopt)
    _taken(change.refusal for change in space)
    moved_ledger = await moves.ledger(destination, *place, namespace=revision.namespace, moved_from=wish.moved_from)
    also = (
        {}
        if moved_ledger.came_from
        else await moves.copies(destination, *place, namespace=revision.namespace, others=wish.places)
    )
    history = _free(ledger_entries.read(moved_ledger.ledger), wish)
    record = LedgerRecord(
        sequence=history.next_sequence,
        revision=revision.id,
        is_rollback=wish.is_rollback,
        by=getpass.getuser(),
        images=ledger_history.images(revision),
        started=clock.now(),
        token=secrets.token_hex(8),
        release=revision.release or revision.id,
    )
    plan, survey = await _plan(wish, destination, moved_ledger.ledger, history, record)
    coming = await destination.refs(every_object(plan.target.in_stages()), namespace=revision.namespace)
    both = apply_phase.union(moved_ledger.ledger.inventory, apply_phase.union(coming, plan.target.kept))
    history = history.begun(record, revision)
    begun = ledger_entries.written(
        replace(moved_ledger.ledger, inventory=both), history, reserve=ledger_history.RESERVE
    )
    await _namespace(plan, revision, destination)
    ledger = await ledger_memory.write(destination, begun, revision)
    ledger = await moves.leave(destination, ledger, *place, namespace=revision.namespace)
    screen.begin(record, revision)
    left = moved_ledger.behind(revision.namespace) if moved_ledger.came_from else ()
    moved = moves.words(moved_ledger.came_from, revision.namespace, left) if moved_ledger.came_from and left else ""
    shut = await _shut(plan, destination)
    copied = moves.copies_words(revision.label, revision.namespace, also)
    _tell(screen, moved, copied, f"should this fail, {shut}" if shut else "")
    memory = LedgerMemory(
        plan=plan,
        destination=destination,
        beside=hooks_and_gates.of(
            revision, ran=history.hooked(record.release), back=wish.is_rollback, first=not plan.verified
        ),
        listener=screen.tell,
        masking=await mask_of(wish, destination, both),
        ask=wish.ask,
        ledger=ledger,
        history=history,
        record=record,
        revision=revision,
        glass=wish.permitted.glass,
    )
    return memory, memory.start(survey)


def _tell(screen: Screen, *sentences: str) -> None:
    for says in filter(None, sentences):
        screen.tell(rollouts.Progress(phase=rollouts.Phase.APPLY, at=clock.now(), message=says, key=says))


async def _told(start: rollouts.Start, memory: LedgerMemory, context: Context) -> None:
    """Runs the story; one that is interrupted or breaks first gets a verdict of its own."""
    try:
        await story.deploy(start, Plain(), memory, context)
    except asyncio.CancelledError:
        await memory.close(outcomes.cancelled(by=memory.record.by, at=clock.now()))
        raise
    except Exception as error:
        if not isinstance(error, Fenced):
            with suppress(SealaneError):  # unavailable, for example: the next command finds it open
                await memory.close(outcomes.broken(getattr(error, "message", type(error).__name__), at=clock.now()))
        if isinstance(error, Broken) and error.__cause__:
            raise error.__cause__ from None
        raise


async def _namespace(plan: rollouts.DeploymentPlan, revision: Revision, destination: Destination) -> None:
    """Makes the formation's own namespace, when its stencils have one: the ledger goes there. Raises Refused."""
    space = await moves.space(destination, revision, plan.target.identity, adopt=plan.adopt)
    if any(change.action is destinations.Action.CREATE for change in space):
        wanted = targets.namespace_of(revision)
        made = await destination.apply(wanted, identity=plan.target.identity, fence=destinations.unfenced)
        _taken(made.refusals)


def _taken(refusals: Iterable[destinations.Refusal | None]) -> None:
    """Raises Refused with the first refusal."""
    for refusal in refusals:
        if refusal is not None:
            raise Refused(f"{refusal.ref} is refused: {refusal.message}", hint=refusal.hint)


async def _retire(memory: LedgerMemory, context: Context) -> None:
    """Waits until the earlier version may be deleted, unless it is interrupted or another command deploys meanwhile."""
    assert memory.outcome is not None, "it was deployed"
    kept_for, work = memory.outcome.kept_for, Work(start=rollouts.Start(), memory=memory, context=context)
    until = f"{clock.now() + kept_for:%H:%M:%S} UTC"
    message = f"deployed; what served before stays until {until}, interrupt to leave it there"
    await work.tell(rollouts.Phase.PRUNE, message)
    try:
        await asyncio.sleep(kept_for.total_seconds())
        target, inventory = memory.plan.target, memory.ledger.inventory
        retired = await prune_phase.retire(memory.destination, target, inventory, fence=context.fence)
        ledger = replace(memory.ledger, inventory=retired.inventory)
        await ledger_memory.write(memory.destination, ledger, memory.revision)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        assert task is not None, "it runs in one"
        task.uncancel()
        await work.tell(rollouts.Phase.PRUNE, "what served before is left to the next deployment")
    except SealaneError as error:  # another command deploys, for example
        await work.tell(rollouts.Phase.PRUNE, f"what served before is left to the next deployment: {error.message}")
    else:
        await work.tell(rollouts.Phase.PRUNE, messages.pruned_words(retired))


def target(history: History, to: str | None, *, label: str) -> Revision:
    """The target of a person's rollback: the one they name, else the last verified one that is not there now.

    A revision that a killed command has begun counts as there, however little of it is.

    Raises NotThere.
    """
    if to is not None:
        entry = history.find(to)
        if entry is None:
            known = ", ".join(messages.short(key) for key in history.revisions) or "none"
            raise NotThere(f"{label} has no verified revision {to}", hint=f"those that are kept: {known}")
        return history.revision(entry)
    there = history.running or history.there
    aim = rollback_target.before(history.pasts, now_there=there.revision if there else "")
    if aim.past is None:
        raise NotThere(f"{label} can't go back: {aim.reason}")
    return history.revision(aim.past.revision)


async def _plan(
    wish: DeployRequest, destination: Destination, ledger: destinations.Ledger, history: History, record: LedgerRecord
) -> tuple[rollouts.DeploymentPlan, Survey]:
    async def given() -> Mapping[str, SecretValue]:
        return wish.values

    async def target(revision: Revision) -> rollouts.Target:
        finished = history.finished(destination, revision)
        is_there = not finished or await finished_work.counts(
            destination,
            ledger.inventory,
            namespace=revision.namespace,
            pasts=history.pasts,
            revisions=(revision.id,),
        )
        return await targets.target(
            revision,
            destination,
            sequence=record.sequence,
            startup=history.startup,
            values=given,
            finished=finished if is_there else (),
        )

    aim = rollback_target.target(history.pasts, failed=record.revision, is_rollback=wish.is_rollback)
    old = history.revision(aim.past.revision) if aim.past else None
    keep = await targets.configuration(history.verified(), destination)
    if wish.revision.id in history.partial:  # it had Secrets whose values are not known: left as they are
        keep = (*keep, *(ref for ref in ledger.inventory if (ref.group, ref.kind) == ("", "Secret")))
    difference: tuple[Mapping[str, Any], ...] = tuple(changes.between(old, wish.revision).to_json()["objects"])
    forward, back = await target(wish.revision), await target(old) if old else None
    survey = await targets.survey(destination, forward, back, ledger.inventory)
    forward, back = targets.shaped(forward, back, survey)
    plan = rollouts.DeploymentPlan(
        target=forward,
        stored=ledger.inventory,
        previous=back,
        barred=await asyncio.to_thread(wish.permitted.bars, old) if old else "",
        stays=aim.reason,
        keep=keep,
        budget=destinations.Budget(deletes=wish.permitted.deletes, confirmed=wish.permitted.confirmed),
        adopt=wish.permitted.adopt,
        is_rollback=wish.is_rollback,
        verified=history.verified_sequence,
        difference=difference if old else (),
    )
    return plan, survey


async def _shut(plan: rollouts.DeploymentPlan, destination: Destination) -> str | None:
    """Why a rollback would be refused, by operators or by the destination."""
    if plan.previous is None:
        return None
    if plan.barred:
        return f"going back would be refused: {messages.barred(plan.previous.identity.revision, plan.barred)}"
    return await rollback_check.refusal(destination, plan.previous)


def _free(history: History, wish: DeployRequest) -> History:
    """The history with nothing under way. Raises Conflicting when a deployment may still be."""
    running = history.running
    if running is None:
        return history
    at_most = wish.revision.strategy.longest + timedelta(minutes=1)
    if not wish.permitted.take_over and clock.now() - running.started < at_most:
        raise Conflicting(
            f"#{running.sequence} has been on its way to {wish.revision.label} since {running.started:%H:%M:%S} UTC, "
            f"started by {running.by}",
            hint="wait for it; if its command was killed, --take-over fences it off",
        )
    verdict = verdicts.Verdict(
        kind=verdicts.VerdictKind.CANCELLED, reason="Its command ended without a verdict.", at=clock.now()
    )
    return history.ended(replace(running, verdict=verdict), failure_report=None)


def fence(destination: Destination, revision: Revision, record: LedgerRecord) -> destinations.Fence:
    """Checks in the ledger whether somebody else has taken over."""

    async def look() -> None:
        ledger = await destination.read_ledger(revision.app, revision.formation, namespace=revision.namespace)
        last = ledger_entries.records(ledger).last
        if last is None or last.token != record.token:
            raise Fenced(f"another command has taken over {revision.label}", hint="look there with `sealane status`")

    return look


async def mask_of(
    wish: DeployRequest, destination: Destination, inventory: destinations.Inventory
) -> failure_reports.Mask:
    """Masks the secrets of the request's revision, and those in Secrets that earlier ones left."""

    async def given(_: Revision) -> Mapping[str, SecretValue]:
        return wish.values

    return masks.mask(await masks.masker(destination, inventory, wish.revision, values=given))
