"""The health of a formation of this folder, from its destination by the rules of a server's watch; it is not stored."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sealane import clock
from sealane.cli.local import deploy_session, ledger, local_formation
from sealane.cli.local.local_formation import Project
from sealane.deployments import health_watch, ledger_entries, masks, targets
from sealane.deployments.failure_reports import Mask
from sealane.deployments.health_watch import HealthContext
from sealane.deployments.ledger_history import History
from sealane.destinations.model import Ledger
from sealane.destinations.port import Destination
from sealane.environments.model import DestinationConfig
from sealane.errors import SealaneError, Unavailable
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Revision
from sealane.verdicts import health
from sealane.verdicts.health import FormationHealth
from sealane.verdicts.messages import causes

LOOK_WITHIN = timedelta(seconds=20)
"""How long one look may take before it counts as not answered."""
LEDGER_EVERY = timedelta(seconds=5)
"""The pause between two looks for new deployments during a watch. Changes of health are told at once."""
_AGAIN_AFTER = timedelta(seconds=3)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What is known of a formation."""

    history: History = field(default_factory=History)
    health: FormationHealth | None = None
    """The health; None where no verified revision is there."""
    error: SealaneError | None = None
    """Why its destination could not be asked."""


Tell = Callable[[Seen], Awaitable[bool]]
"""Told each change; False ends the watch."""


async def look(project: Project, where: DestinationConfig) -> Seen:
    """The health now. It is unknown where the destination can't be asked, never an older value."""
    latest = Seen()

    async def tell(seen: Seen) -> bool:
        nonlocal latest
        latest = seen
        return False

    try:
        async with asyncio.timeout(LOOK_WITHIN.total_seconds()):
            await _follow(project, where, tell, None)
    except TimeoutError:
        return _unasked(Unavailable(f"{where.name} did not answer within {LOOK_WITHIN.total_seconds():.0f} s"), latest)
    except SealaneError as error:
        if not error.ours:
            raise
        return _unasked(error, latest)
    return latest


async def watch(project: Project, where: DestinationConfig, tell: Tell) -> None:
    """Tells each change of health, each deployment, and when it can't be asked, until `tell` ends it."""
    last, going = Seen(), True

    async def told(seen: Seen) -> bool:
        nonlocal last, going
        last = seen
        going = await tell(seen)
        return going

    while going:
        try:
            await _follow(project, where, told, last.health)
        except SealaneError as error:
            if not error.ours:
                raise
            await told(_unasked(error, last))
            await asyncio.sleep(_AGAIN_AFTER.total_seconds())


def _unasked(error: SealaneError, seen: Seen) -> Seen:
    unknown = health.unknown(clock.now(), seen.health, f"It could not be asked: {causes.bare(error.message)}")
    return Seen(history=seen.history, health=unknown, error=error)


async def _follow(project: Project, where: DestinationConfig, tell: Tell, before: FormationHealth | None) -> None:
    """Follows it until `tell` ends it. Raises SealaneError when the destination doesn't answer."""
    async with local_formation.destination(where, project.adapters) as destination:
        while True:
            kept = (await ledger.read(project, destination)).ledger
            last = ledger_entries.records(kept).last
            watching = asyncio.create_task(_one(project, destination, kept, tell, before))
            try:
                while True:
                    done, _ = await asyncio.wait({watching}, timeout=LEDGER_EVERY.total_seconds())
                    if done:
                        return watching.result()
                    again = await ledger.read(project, destination)
                    if ledger_entries.records(again.ledger).last != last:
                        break
            finally:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            before = None


async def _one(
    project: Project, destination: Destination, ledger: Ledger, tell: Tell, before: FormationHealth | None
) -> None:
    """The health of the revision that is there by the ledger."""
    history = ledger_entries.read(ledger)
    there = history.there
    if there is None or there.revision not in history.revisions:
        if await tell(Seen(history=history)):
            await asyncio.Event().wait()  # until something is deployed
        return
    revision = history.revision(there.revision)
    target = await targets.to_look_at(revision, destination, finished=history.finished(destination, revision))

    async def given(_: Revision) -> Mapping[str, SecretValue]:
        return await asyncio.to_thread(deploy_session.values, project)

    async def masking() -> Mask:
        return masks.mask(await masks.masker(destination, ledger.inventory, revision, values=given))

    async def told(current: FormationHealth) -> bool:
        return await tell(Seen(history=history, health=current))

    by = HealthContext(tell=told, before=before, masking=masking)
    await health_watch.follow(destination, target, ledger.inventory, by)
