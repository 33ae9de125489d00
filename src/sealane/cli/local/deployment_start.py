"""The beginning of a deployment from this machine: its plan, and its entry in the ledger before anything is written."""

from __future__ import annotations

import asyncio
import getpass
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sealane import clock
from sealane.cli.local.deploy_request import DeployRequest, Screen
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
    rollback_check,
    targets,
)
from sealane.deployments import model as rollouts
from sealane.deployments.ledger_history import History, LedgerRecord
from sealane.deployments.ledger_memory import LedgerMemory
from sealane.destinations import deletions, ownership
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.destinations.stages import Survey, every_object
from sealane.errors import Conflicting, Refused
from sealane.releases import changes
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Revision
from sealane.verdicts import model as verdicts
from sealane.verdicts import rollback_target


async def begin(wish: DeployRequest, destination: Destination, screen: Screen) -> tuple[LedgerMemory, rollouts.Start]:
    """Writes its beginning to the ledger, before anything else is written.

    Raises `errors.Conflicting` when another one is under way, and `errors.Refused` when its namespace is being deleted.
    """
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
    record = _record(wish, history)
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


def _record(wish: DeployRequest, history: History) -> LedgerRecord:
    """Its line in the ledger."""
    revision = wish.revision
    return LedgerRecord(
        sequence=history.next_sequence,
        revision=revision.id,
        is_rollback=wish.is_rollback,
        by=getpass.getuser(),
        images=ledger_history.images(revision),
        started=clock.now(),
        token=secrets.token_hex(8),
        release=revision.release or revision.id,
    )


def _tell(screen: Screen, *sentences: str) -> None:
    for says in filter(None, sentences):
        screen.tell(rollouts.Progress(phase=rollouts.Phase.APPLY, at=clock.now(), message=says, key=says))


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
    old = history.revision(aim.past.revision) if aim.past and not wish.stays else None
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
        stays=wish.stays or aim.reason,
        keep=keep,
        budget=deletions.Budget(deletes=wish.permitted.deletes, confirmed=wish.permitted.confirmed),
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
        return f"a rollback would be refused: {messages.barred(plan.previous.identity.revision, plan.barred)}"
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


async def mask_of(
    wish: DeployRequest, destination: Destination, inventory: destinations.Inventory
) -> failure_reports.Mask:
    """Masks the secrets of the request's revision, and those in Secrets that earlier ones left."""

    async def given(_: Revision) -> Mapping[str, SecretValue]:
        return wish.values

    return masks.mask(await masks.masker(destination, inventory, wish.revision, values=given))
