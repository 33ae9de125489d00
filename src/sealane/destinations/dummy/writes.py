"""Writes to a simulated destination: one object at a time, each atomic and in the journal."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sealane import clock, errors
from sealane.destinations import adoption, deletions, model, ownership
from sealane.destinations.dummy import apply_plan
from sealane.destinations.dummy import state as states
from sealane.destinations.kubernetes import one_shot


def without_ended(
    state: states.State, finished: Collection[str], objects: Sequence[Mapping[str, Any]], namespace: str
) -> list[Mapping[str, Any]]:
    """The objects without missing ones that ran to their end."""
    there = state.read().objects
    refs = [apply_plan.ref_in(manifest, namespace) for manifest in objects]
    return [
        manifest
        for manifest, ref in zip(objects, refs, strict=True)
        if apply_plan.text(ref) in there or not one_shot.is_over(ref, finished)
    ]


class Writes:
    """The writer."""

    def __init__(self, state: states.State, now: clock.Clock) -> None:
        self._state = state
        self._now = now

    async def delete(self, ref: model.ObjectRef, fence: model.Fence) -> None:
        """Deletes an object, if it exists."""
        await fence()
        with self._state.write() as content:
            if gone := content.objects.pop(apply_plan.text(ref), None):
                content.journal.append(states.Write(verb="delete", object=str(ref), generation=gone.generation))

    async def give_back(self, ref: model.ObjectRef, fence: model.Fence) -> deletions.KeptObject:
        """Restores an adopted object to its former state."""
        await fence()
        with self._state.write() as content:
            stored = content.objects[apply_plan.text(ref)]
            returned = adoption.returned(stored.manifest, content.before.pop(stored.uid, None))
            content.objects[apply_plan.text(ref)] = apply_plan.stored(content, stored, returned.object, self._now())
            content.journal.append(states.Write(verb="change", object=str(ref), generation=stored.generation))
        return deletions.given_back(ref, whole=returned.whole)

    async def put(
        self,
        manifest: Mapping[str, Any],
        identity: model.Identity,
        fence: model.Fence,
        *,
        adopt: bool,
        followed: frozenset[str],
    ) -> model.ObjectChange:
        """Writes one object if needed, planned again as long as it changes meanwhile. Raises Unavailable."""
        pause = float(apply_plan.annotation(manifest, apply_plan.PAUSE) or 0)
        while True:
            planned = apply_plan.plan_one(self._state.read(), manifest, identity, adopt=adopt, followed=followed)
            if planned.change.refusal or planned.change.action is model.Action.NONE:
                return planned.change
            ownership.check_resolved(planned.change.ref, planned.body)
            await fence()
            await asyncio.sleep(pause)
            ref = self._write(planned, away=int(apply_plan.annotation(manifest, apply_plan.AWAY) or 0))
            await asyncio.sleep(pause)
            if ref is not None:
                return replace(planned.change, ref=ref)

    def _write(self, planned: apply_plan.Planned, *, away: int) -> model.ObjectRef | None:
        """One atomic write; None when the object changed since it was planned."""
        ref, text = planned.change.ref, apply_plan.text(planned.change.ref)
        with self._state.write() as content:
            tries = content.tries[text] = content.tries.get(text, 0) + 1
            old = content.objects.get(text)
            if tries <= away:
                new = None
            elif (old.version if old else None) != planned.version:
                return None
            else:
                if old and planned.apart is not None:
                    content.before[old.uid] = planned.apart
                new = content.objects[text] = apply_plan.stored(content, old, planned.body, self._now())
                verb = "change" if old else "create"
                content.journal.append(states.Write(verb=verb, object=str(ref), generation=new.generation))
        if new is None:
            raise errors.Unavailable(f"the destination is away ({ref})", hint="try again")
        return ref.with_uid(new.uid)
