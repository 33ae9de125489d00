"""The simulated destination: objects in memory or in a file, workloads that behave as `behavior` says.

Annotations of any object control what happens when it is written:

    dummy.sealane.dev/refuse: words    the destination refuses it with these words
    dummy.sealane.dev/away: "2"        the destination is not reachable for its first two writes
    dummy.sealane.dev/pause: "0.1"     its write pauses for that many seconds, before and after
    dummy.sealane.dev/leaves: "1"      a Namespace that is being deleted
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from typing_extensions import override

from sealane import clock
from sealane.destinations import deletions, diff, model, observed, stages, usage
from sealane.destinations.dummy import apply_plan, behavior, ledgers, live, writes
from sealane.destinations.dummy import state as states
from sealane.destinations.kubernetes import autoscalers, deletion_rules, one_shot, provided_refs, tasks
from sealane.destinations.kubernetes.messages import read_only
from sealane.destinations.kubernetes.stencils import config_objects
from sealane.destinations.kubernetes.strategies import inspect
from sealane.destinations.kubernetes.strategies import stages as shaping
from sealane.destinations.port import Destination
from sealane.formations.health_checks import HealthCheck
from sealane.secrets.values import SecretValue
from sealane.verdicts import model as verdicts

LOOK_EVERY = 0.1
"""Seconds between two looks of a watcher; time alone changes the state."""


class DummyDestination(Destination):
    """Simulates a destination."""

    def __init__(self, state: states.State | None = None, *, now: clock.Clock = clock.now) -> None:
        self._state = state or states.State()
        self._now = now
        self._writes = writes.Writes(self._state, now)
        self._ledgers = ledgers.Ledgers(self._state)

    def journal(self) -> tuple[states.Write, ...]:
        """All writes so far, by all processes, in order."""
        return tuple(self._state.read().journal)

    @property
    @override
    def where(self) -> str:
        return "a destination that pretends"

    @override
    async def refs(self, objects: Sequence[Mapping[str, Any]], *, namespace: str) -> model.Inventory:
        return tuple(apply_plan.ref_in(manifest, namespace) for manifest in apply_plan.ordered(objects))

    @override
    async def diff(
        self,
        objects: Sequence[Mapping[str, Any]],
        *,
        identity: model.Identity,
        adopt: bool = False,
        to_delete: model.Inventory = (),
    ) -> tuple[model.ObjectChange, ...]:
        return tuple(planned.change for planned in apply_plan.plan(self._state.read(), objects, identity, adopt=adopt))

    @override
    async def survey(
        self,
        objects: Sequence[Mapping[str, Any]],
        shape: stages.Shape,
        *,
        identity: model.Identity,
        stored: model.Inventory = (),
        as_it_serves: bool = False,
    ) -> stages.Survey:
        return await inspect.survey(self, objects, shape, identity=identity, stored=stored, as_it_serves=as_it_serves)

    @override
    def in_stages(self, objects: Sequence[Mapping[str, Any]], shape: stages.Shape) -> tuple[stages.Stage, ...]:
        return shaping.shaped(objects, shape)

    @override
    async def apply(
        self,
        objects: Sequence[Mapping[str, Any]],
        *,
        identity: model.Identity,
        fence: model.Fence,
        adopt: bool = False,
        finished: Collection[str] = (),
    ) -> model.Applied:
        objects = writes.without_ended(self._state, finished, objects, identity.namespace)
        planned = apply_plan.plan(self._state.read(), objects, identity, adopt=adopt)
        if refusals := tuple(item.change.refusal for item in planned if item.change.refusal):
            return model.Applied(inventory=tuple(p.change.ref for p in planned if p.mine), refusals=refusals)
        inventory: list[model.ObjectRef] = []
        changed: list[model.ObjectRef] = []
        followed = frozenset(autoscalers.of(objects))
        for manifest in apply_plan.ordered(objects):
            change = await self._writes.put(manifest, identity, fence, adopt=adopt, followed=followed)
            if change.refusal:
                return model.Applied(inventory=tuple(inventory), changed=tuple(changed), refusals=(change.refusal,))
            inventory.append(change.ref)
            if change.action is not model.Action.NONE:
                changed.append(change.ref)
        return model.Applied(inventory=tuple(inventory), changed=tuple(changed))

    @override
    async def end(self, refs: model.Inventory, *, fence: model.Fence) -> None:
        """Nothing runs."""
        del refs, fence

    @override
    async def prune(
        self,
        stored: model.Inventory,
        wanted: model.Inventory,
        *,
        identity: model.Identity,
        fence: model.Fence,
        budget: deletions.Budget,
    ) -> deletions.Pruned:
        there = self._state.read().objects
        candidates = {
            ref.key: apply_plan.text(ref) for ref in deletions.candidates(stored, wanted, deletion_rules.KINDS)
        }
        live = {
            key: deletions.there(there[text].manifest, uid=there[text].uid)
            for key, text in candidates.items()
            if text in there
        }
        plan = deletions.plan(stored, wanted, live=live, identity=identity, budget=budget, kinds=deletion_rules.KINDS)
        for ref in plan.delete:
            await self._writes.delete(ref, fence)
        returned = [await self._writes.give_back(ref, fence) for ref in plan.give_back]
        freed = any(autoscalers.is_one(ref) for ref in plan.delete)
        return replace(deletions.pruned(stored, plan, deleted=plan.delete, held=returned), freed=freed)

    @override
    async def observe(
        self,
        identity: model.Identity,
        wanted: model.Inventory,
        *,
        health: Sequence[HealthCheck] = (),
    ) -> AsyncIterator[verdicts.Observation]:
        last: verdicts.Observation | None = None
        while True:
            seen = live.observation(self._lives(), wanted, at=self._now())
            if last is None or replace(seen, at=last.at) != last:
                last = seen
                yield seen
            await asyncio.sleep(LOOK_EVERY)

    @override
    async def written(self, wanted: model.Inventory) -> AsyncIterator[None]:
        last: list[object] | None = None
        content: states.Content | None = None
        while True:
            if content is not (content := self._state.look()):
                stored = [content.objects.get(apply_plan.text(ref)) for ref in wanted]
                seen: list[object] = [
                    object_ and (object_.uid, msgspec.json.encode(object_.manifest)) for object_ in stored
                ]
                if seen != last:
                    last = seen
                    yield
            await asyncio.sleep(LOOK_EVERY)

    @override
    def task(
        self, given: Mapping[str, Any], *, name: str, timeout: timedelta, variables: Mapping[str, str]
    ) -> Mapping[str, Any]:
        return tasks.job(given, name=name, timeout=timeout, variables=variables)

    @override
    def with_values(self, manifest: Mapping[str, Any], values: Mapping[str, SecretValue]) -> Mapping[str, Any]:
        return config_objects.with_values(manifest, values)

    @override
    def is_one_shot(self, ref: model.ObjectRef) -> bool:
        return one_shot.is_one_shot(ref)

    @override
    def ends(self, manifest: Mapping[str, Any]) -> bool:
        return one_shot.ends(manifest)

    @override
    def is_fleeting(self, manifest: Mapping[str, Any]) -> bool:
        return one_shot.is_fleeting(manifest)

    @override
    def provides(self, objects: Sequence[Mapping[str, Any]]) -> Mapping[str, tuple[str, ...]]:
        return provided_refs.made(objects)

    @override
    def hint(self, objects: Sequence[Mapping[str, Any]], cause: verdicts.Cause, printed: Sequence[str]) -> str | None:
        return read_only.hint(objects, cause.workload, cause.container or "", printed)

    @override
    async def evidence(self, identity: model.Identity, observation: verdicts.Observation) -> Mapping[str, Any]:
        return live.evidence(self._lives(), observation)

    @override
    async def tail(
        self,
        refs: model.Inventory,
        *,
        namespace: str,
        container: str | None,
        lines: int,
        follow: bool,
        instance: str | None = None,
    ) -> AsyncIterator[str]:
        """Every workload prints one line, and its containers' configured output."""
        for line in live.lines(self._lives(), refs, container=container, instance=instance):
            yield line
        if follow:
            await asyncio.Event().wait()

    @override
    async def read(self, refs: model.Inventory) -> tuple[Mapping[str, Any], ...]:
        there = self._state.read().objects
        return tuple(diff.shown(there[apply_plan.text(ref)].manifest) for ref in refs if apply_plan.text(ref) in there)

    @override
    async def secrets(self, refs: model.Inventory) -> tuple[Mapping[str, Any], ...]:
        there = self._state.read().objects
        wanted = (apply_plan.text(ref) for ref in refs if ref.is_secret)
        return tuple(there[text].manifest for text in wanted if text in there)

    @override
    async def observed(self, namespace: str) -> observed.Observed:
        there = [stored.manifest for stored in self._state.read().objects.values()]
        annotations = [
            manifest["metadata"].get("annotations") or {}
            for manifest in there
            if (manifest["kind"], manifest["metadata"]["name"]) == ("Namespace", namespace)
        ]
        here = (manifest for manifest in there if manifest["metadata"].get("namespace") == namespace)
        return observed.of(here, annotations[0] if annotations else {})

    @override
    async def usage(self, objects: Sequence[Mapping[str, Any]], *, namespace: str) -> tuple[usage.WorkloadUsage, ...]:
        return live.usage_of(self._lives(), objects, namespace=namespace)

    @override
    async def namespace_created(self, namespace: str) -> datetime | None:
        """A simulated namespace always exists."""
        del namespace
        return None

    @override
    async def leaves(self, namespace: str) -> bool:
        return namespace in apply_plan.terminating(self._state.read())

    @override
    async def read_ledger(self, app: str, formation: str, *, namespace: str) -> model.Ledger:
        return self._ledgers.read(app, formation, namespace=namespace)

    @override
    async def ledgers(self, app: str, formation: str, *, among: Sequence[str]) -> tuple[str, ...]:
        return self._ledgers.places(app, formation)

    @override
    async def write_ledger(
        self, ledger: model.Ledger, app: str, formation: str, *, namespace: str, fence: model.Fence
    ) -> model.Ledger:
        await fence()
        return self._ledgers.write(ledger, app, formation, namespace=namespace)

    def _lives(self) -> list[behavior.Life]:
        return live.lives(self._state.look().objects)
