"""Whether a verified revision could be applied again as things are now. Looks, and writes nothing.

It is better to know of an impossible rollback before anything fails: a field is immutable, a policy has become
stricter, an API is gone, somebody else has taken a name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from sealane.deployments import finished_work, messages, model, targets
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.errors import SealaneError

_QUOTA_SECONDS = 5
"""How long a quota may still count deleted objects."""


async def again(
    destination: Destination, target: model.Target, there: model.Target | None = None
) -> tuple[destinations.ObjectChange, ...]:
    """What applying the target's revision again would change; `there` is the other revision that it would replace."""
    changes = await destination.diff(await serving(destination, target, there), identity=target.identity)
    return tuple(change for change in changes if not _is_over(destination, change, target))


async def serving(
    destination: Destination,
    target: model.Target,
    there: model.Target | None = None,
    *,
    objects: Sequence[model.Manifest] | None = None,
) -> Sequence[model.Manifest]:
    """The target's objects as its last stage writes them; `objects` are its own, ready to be applied."""
    forward = there or target
    survey = await targets.survey(destination, forward, target if there else None, as_it_serves=True)
    ahead, back = targets.shaped(forward, target if there else None, survey)
    return (back or ahead).in_stages(objects)[-1].objects


def _is_over(destination: Destination, change: destinations.ObjectChange, target: model.Target) -> bool:
    """Whether it is ended work whose object is gone: it would not be made again."""
    return change.action is destinations.Action.CREATE and finished_work.is_over(
        destination, change.ref, target.finished
    )


async def refusal(destination: Destination, target: model.Target, there: model.Target | None = None) -> str | None:
    """Why the destination would refuse the target's revision, in a sentence; None if it would not, or does not answer."""
    try:
        refusals = await _refusals(destination, target, there)
        for _ in range(_QUOTA_SECONDS):
            if not any(refusal.reason is destinations.Reason.QUOTA for refusal in refusals):
                break
            await asyncio.sleep(1)
            refusals = await _refusals(destination, target, there)
    except SealaneError:
        return None
    if not refusals:
        return None
    more = f", and {len(refusals) - 1} more" if len(refusals) > 1 else ""
    first = refusals[0]
    why = first.message.rstrip(".")
    return f"a rollback to {messages.short(target.identity.revision)} would be refused: {first.ref}: {why}{more}"


async def _refusals(
    destination: Destination, target: model.Target, there: model.Target | None
) -> list[destinations.Refusal]:
    return [change.refusal for change in await again(destination, target, there) if change.refusal]
