"""Lets subscribers act on events while the worker lives: each on its own, so that none waits for another.

One look a second finds new events for all of them. A failure is tried again, at growing intervals.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sealane import clock
from sealane.errors import SealaneError, trace
from sealane.outbox.subscriptions import Subscriber, Subscription
from sealane.store.outbox import Outbox

_log = logging.getLogger(__name__)
_LONGEST_PAUSE = 60.0


@dataclass(kw_only=True, slots=True)
class _Member:
    """A subscriber, and the result of its last turn."""

    subscription: Subscription
    task: asyncio.Task[None] | None = None
    failures: int = 0
    again: float = 0.0
    """The earliest next turn, by the process's own clock."""


class Lives(Protocol):
    """The worker whose loop it is."""

    @property
    def id(self) -> str:
        """A name that no other has."""
        ...

    @property
    def leaving(self) -> bool:
        """Whether it ends."""
        ...


async def run(
    worker: Lives, outbox: Outbox, subscribers: Sequence[Subscriber], *, every: float = 1.0, first_pause: float = 2.0
) -> None:
    """Goes on until the worker leaves. `every` is the seconds between two looks, `first_pause` those after a failure. Of several workers one acts for a subscriber, and another takes over from it."""
    members = [
        _Member(subscription=Subscription(subscriber=subscriber, cursors=outbox, holder=worker.id, now=clock.now))
        for subscriber in subscribers
    ]
    while members and not worker.leaving:
        try:
            newest, positions = await outbox.standing()
            for member in members:
                if _is_due(member) and positions.get(member.subscription.subscriber.name, 0) < newest:
                    member.task = asyncio.create_task(_deliver(worker, member, first_pause))
        except SealaneError as error:
            _log.info("subscribers wait: %s", error)
        await asyncio.sleep(every)
    for member in members:
        if member.task is not None:
            member.task.cancel()


def _is_due(member: _Member) -> bool:
    return (member.task is None or member.task.done()) and time.monotonic() >= member.again


async def _deliver(worker: Lives, member: _Member, first_pause: float) -> None:
    """One round; never raises. Where another worker acts for the subscriber, its lease is waited for."""
    name = member.subscription.subscriber.name
    try:
        gone_through = await member.subscription.deliver()
        member.failures = 0
        pause = 0.0 if gone_through else member.subscription.lease.total_seconds()
    except Exception as error:  # noqa: BLE001 - the next round may fare better
        if worker.leaving:
            return
        member.failures += 1
        pause = min(first_pause * 2.0 ** (member.failures - 1), _LONGEST_PAUSE)
        reason = str(error) if isinstance(error, SealaneError | TimeoutError) else trace(error)
        _log.warning("%s waits %.0f s after failure %d: %s", name, pause, member.failures, reason)
    member.again = time.monotonic() + pause
