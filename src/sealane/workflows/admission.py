"""Admission: opens the gates of deployments whose conditions are met, and queues them. No workflow waits at a gate."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from sealane import clock
from sealane.approvals import blockers, release_groups
from sealane.errors import Unavailable
from sealane.records import waits
from sealane.records.deployments import Deployment
from sealane.store.all_stores import Store
from sealane.workflows import group_rollback
from sealane.workflows.queues import Queues

_log = logging.getLogger(__name__)


def _never(_: Deployment) -> bool:
    """The default: no destination does."""
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Gates:
    """The gates of all deployments."""

    store: Store
    queueing: Queues
    planned: Callable[[Deployment], bool] = _never
    """Whether its destination applies only what was planned."""
    now: clock.Clock = clock.now

    async def look(self, app: str | None = None) -> None:
        """Opens every gate of the app, or of all apps, that can be opened. May be called at any time from anywhere."""
        await self._settle_release_groups(app)
        for deployment in await self.store.deployments.waiting(app):
            with _alone(deployment.label, app):
                await self._look_at(deployment)

    async def _look_at(self, deployment: Deployment) -> None:
        inputs = await self.store.views.circumstances(deployment)
        if reason := blockers.hopeless(deployment, inputs):
            await self.store.deployments.reject(deployment.id, reason=reason, at=self.now())
            return
        kinds = {condition.kind for condition in blockers.conditions(deployment, inputs)}
        queue = self.store.deployment_queue
        if kinds and kinds != waits.standing(deployment.waits):
            await queue.note_waits(deployment.id, kinds, at=self.now())
        elif not kinds and await queue.open(deployment.id, revision_id=deployment.revision_id, at=self.now()):
            await self.queue(await self.store.deployments.get(deployment.id))

    async def sweep(self) -> None:
        """Queues deployments whose opener died before it queued them."""
        for deployment in await self.store.deployment_queue.unqueued():
            await self.queue(deployment)
        await self.look()

    async def recheck(self, deployment: Deployment) -> bool:
        """Whether an admitted deployment may still begin; if not, its gate is shut again."""
        inputs = await self.store.views.circumstances(deployment)
        if not blockers.conditions(deployment, inputs) and not blockers.hopeless(deployment, inputs):
            return True
        return not await self.store.deployment_queue.shut(deployment.id, at=self.now())

    async def _settle_release_groups(self, app: str | None) -> None:
        """Rolls back the deployed members of failed groups, one after the other, and notes the results."""
        for group_state in await self.store.release_groups.unsettled(app):
            with _alone(f"the release group {group_state.release_group}", app):
                planned = frozenset(member.formation for member in group_state.members if self.planned(member))
                course = release_groups.next_actions(replace(group_state, planned=planned))
                await group_rollback.offer(self.store, group_state, course, at=self.now())
                if course.settled:
                    await self.store.release_groups.settle(
                        group_state.release_group, outcome=course.settled, at=self.now()
                    )

    async def queue(self, deployment: Deployment) -> None:
        """Queues an opened deployment. Key: its id and when it was opened; queued twice, it runs once."""
        opened = deployment.opened or deployment.created
        await self.queueing.deployment(deployment.id, deployment.label, opened.strftime("%Y%m%d%H%M%S%f"))
        await self.store.deployment_queue.mark_queued(deployment.id)


@contextmanager
def _alone(subject: str, app: str | None) -> Iterator[None]:
    """In a look at all apps, logs an error of one thing and goes on; in a look at one app, the caller gets the error.

    Raises Unavailable in both cases: without the database nothing can be looked at.
    """
    try:
        yield
    except Unavailable:
        raise
    except Exception:
        if app is not None:
            raise
        _log.exception("%s could not be looked at", subject)
