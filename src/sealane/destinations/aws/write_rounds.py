"""Writes an object in rounds: a look, and the next write if one is needed, until nothing is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sealane import errors
from sealane.clients.aws.account import Rejected
from sealane.destinations import model
from sealane.destinations.aws.pace import Pace

Manifest = Mapping[str, Any]

_MOST_LOST = 5
"""Lost answers to writes before it gives up."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Brought:
    """The result for one object, so far."""

    ref: model.ObjectRef
    changed: bool = False
    refusal: model.Refusal | None = None
    was_there: bool = False
    """Whether nothing had to be written for it, or the service itself had restored it."""
    over: bool = True
    wait: model.Wait | None = None
    """Somebody else's update that must end first."""
    lost: errors.Unavailable | None = None
    """Why it is unknown whether the write succeeded; the next look tells."""


async def until_over(do_round: Callable[[], Awaitable[Brought]], pace: Pace) -> Brought:
    """Repeats a round until it is over, or has to wait for somebody else. Raises Unavailable after too many lost answers."""
    changed, lost = False, 0
    began = pace.now()
    while True:
        brought = await do_round()
        changed = changed or brought.changed
        if brought.over:
            return replace(brought, changed=changed)
        lost += brought.lost is not None
        if brought.lost and lost > _MOST_LOST:
            raise brought.lost
        await pace.between(began)
        if brought.wait:
            return replace(brought, changed=changed)


async def bring_all(objects: Iterable[Manifest], bring: Callable[[Manifest], Awaitable[Brought]]) -> model.Applied:
    """Brings one object after the other, until one is refused or has to wait."""
    inventory: list[model.ObjectRef] = []
    changed: list[model.ObjectRef] = []
    was_there = True
    for manifest in objects:
        brought = await bring(manifest)
        changed.extend([brought.ref] if brought.changed else [])
        if brought.refusal:
            return model.Applied(inventory=tuple(inventory), changed=tuple(changed), refusals=(brought.refusal,))
        if brought.wait:
            return model.Applied(inventory=tuple(inventory), changed=tuple(changed), wait=brought.wait)
        inventory.append(brought.ref)
        was_there = was_there and brought.was_there
    return model.Applied(inventory=tuple(inventory), changed=tuple(changed), was_there=was_there)


def rejected(ref: model.ObjectRef, error: Rejected) -> Brought:
    """The service rejected a write."""
    reason = model.Reason.FORBIDDEN if error.denied else model.Reason.INVALID
    return Brought(ref=ref, refusal=model.Refusal(ref=ref, reason=reason, message=error.message))
