"""A deployment from this machine, without a server: the ledger beside the objects remembers what a server would.

One deployment of a formation at a time: the ledger says who deploys, and every write checks it first. A killed command
leaves its deployment open; the next one may take over once the first can no longer be under way.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from sealane import clock
from sealane.cli.local import deployment_start
from sealane.cli.local.deploy_request import DeployOutcome, DeployRequest, Screen
from sealane.deployments import deploy as story
from sealane.deployments import ledger_entries, ledger_memory, messages, prune_phase
from sealane.deployments import model as rollouts
from sealane.deployments.ledger_history import History, LedgerRecord
from sealane.deployments.ledger_memory import LedgerMemory
from sealane.deployments.steps.work import Context, Work
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.errors import Fenced, NotThere, SealaneError
from sealane.journal import Broken, Plain
from sealane.stencils.model import Revision
from sealane.verdicts import outcomes, rollback_target


async def deploy(wish: DeployRequest, destination: Destination, screen: Screen) -> DeployOutcome:
    """Deploys a revision and keeps the record of it.

    Raises `errors.Conflicting` when another one is under way, and `errors.Refused` when its namespace is being deleted.
    """
    memory, start = await deployment_start.begin(wish, destination, screen)
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
        raise NotThere(f"{label} can't be rolled back: {aim.reason}")
    return history.revision(aim.past.revision)


def fence(destination: Destination, revision: Revision, record: LedgerRecord) -> destinations.Fence:
    """Checks in the ledger whether somebody else has taken over."""

    async def look() -> None:
        ledger = await destination.read_ledger(revision.app, revision.formation, namespace=revision.namespace)
        last = ledger_entries.records(ledger).last
        if last is None or last.token != record.token:
            raise Fenced(f"another command has taken over {revision.label}", hint="look there with `sealane status`")

    return look
