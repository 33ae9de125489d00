"""The live state before the first write, for stages or changes of workloads that depend on it. Writes nothing.

Read once at the beginning of a deployment and stored: every later step, also by another worker, uses the same
survey, although the deployment itself changes the live state.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from sealane.destinations import model as destinations
from sealane.destinations import stages as port
from sealane.destinations.kubernetes.stencils import variants
from sealane.destinations.kubernetes.stencils.variants import Manifest
from sealane.destinations.kubernetes.strategies import blue_green, model
from sealane.destinations.port import Destination
from sealane.formations.strategy import Strategy

_WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Pod", "ReplicaSet")
_LOOKED_AT = (*_WORKLOADS, "Service", "CronJob")


async def survey(
    destination: Destination,
    objects: Sequence[Manifest],
    shape: port.Shape,
    *,
    identity: destinations.Identity,
    stored: destinations.Inventory = (),
    as_it_serves: bool = False,
) -> port.Survey:
    """The live state of the revision, of the one for a rollback, and of the formation's `stored` objects, as plain data.

    Empty if neither revision has stages and no running workload is replaced. `as_it_serves` leaves out the workloads
    with new instances: the revision is compared with what serves, rather than placed beside it.
    """
    state = await _live_state(destination, objects, shape, identity, stored, as_it_serves=as_it_serves)
    seen: port.Survey = msgspec.to_builtins(state)
    return {name: value for name, value in seen.items() if value}


async def _live_state(
    destination: Destination,
    objects: Sequence[Manifest],
    shape: port.Shape,
    identity: destinations.Identity,
    stored: destinations.Inventory,
    *,
    as_it_serves: bool,
) -> model.LiveState:
    every = [*objects, *shape.before]
    if not shape.staged and not _replaces(objects, every, stored):
        return model.LiveState()
    live = await destination.read(await _refs(destination, every, identity, stored))
    colour = _colour(live, {variants.key(manifest) for manifest in variants.selecting(every)})
    serves = _serves(live)
    return model.LiveState(
        colour=colour,
        there=tuple(variants.key(manifest) for manifest in live),
        moved=() if as_it_serves else await _moved(destination, objects, shape.strategy, colour, identity),
        replicas={variants.key(manifest): _replicas(manifest) for manifest in live if manifest["kind"] in _WORKLOADS},
        serves=serves,
        leaves=tuple(_leaves(objects, shape.strategy, live, serves)),
    )


def _replaces(objects: Sequence[Manifest], every: Iterable[Manifest], stored: destinations.Inventory) -> bool:
    """Whether a running workload has a kind or name that the revision does not have."""
    wanted = {variants.key(manifest) for manifest in objects}
    ours = {variants.key(manifest) for manifest in every if manifest["kind"] in _WORKLOADS}
    ours |= {f"{ref.kind}/{ref.name}" for ref in stored if ref.group in ("", "apps") and ref.kind in _WORKLOADS}
    return bool(ours - wanted)


async def _refs(
    destination: Destination,
    objects: Iterable[Manifest],
    identity: destinations.Identity,
    stored: destinations.Inventory,
) -> destinations.Inventory:
    looked_at = [manifest for manifest in objects if manifest["kind"] in _LOOKED_AT]
    own = [
        {**manifest, "metadata": {**manifest["metadata"], "name": name}}
        for manifest in looked_at
        if variants.is_kind(manifest, "Deployment")
        for name in variants.own_names(str(manifest["metadata"]["name"]))
    ]
    refs = await destination.refs([*looked_at, *own], namespace=identity.namespace)
    known = (ref for ref in stored if ref.group in ("", "apps") and ref.kind in _LOOKED_AT)
    return tuple({ref.key: ref for ref in (*known, *refs)}.values())


def _serves(live: Sequence[Manifest]) -> dict[str, tuple[str, ...]]:
    """Each live Service with the live workloads that it selects."""
    workloads = [manifest for manifest in live if manifest["kind"] in _WORKLOADS]
    return {
        variants.key(manifest): tuple(
            variants.key(workload) for workload in workloads if variants.selects(manifest, workload)
        )
        for manifest in live
        if variants.is_kind(manifest, "Service")
    }


def _leaves(
    objects: Sequence[Manifest],
    strategy: Strategy,
    live: Sequence[Manifest],
    serves: Mapping[str, tuple[str, ...]],
) -> Iterator[str]:
    """Services of the revision that reach workloads now, but none of these once they are written."""
    there = {variants.key(manifest): manifest for manifest in live}
    switched = variants.selecting(objects) if strategy.kind == "blue_green" else ()
    for manifest in objects:
        name = variants.key(manifest)
        now = [there[key] for key in serves.get(name, ())] if variants.is_kind(manifest, "Service") else []
        if manifest in switched or not any(_replicas(key) for key in now):
            continue
        placed = {
            **manifest,
            "metadata": {**manifest["metadata"], "namespace": there[name]["metadata"].get("namespace")},
        }
        if (manifest.get("spec") or {}).get("selector") and not any(variants.selects(placed, key) for key in now):
            yield name


def _colour(live: Iterable[Mapping[str, Any]], services: set[str]) -> str | None:
    """The colour that the first Service selects; after a kill during a switch, others may select another one."""
    for manifest in live:
        selector = (manifest.get("spec") or {}).get("selector") or {}
        if variants.key(manifest) in services and variants.COLOUR in selector:
            return str(selector[variants.COLOUR])
    return None


async def _moved(
    destination: Destination,
    objects: Sequence[Manifest],
    strategy: Strategy,
    colour: str | None,
    identity: destinations.Identity,
) -> tuple[str, ...]:
    """Workloads that would get new instances, by a dry run."""
    shape = model.Shape(strategy=strategy, survey=model.LiveState(colour=colour), back=True)
    workloads = _as_they_are(objects, shape)
    changes = await destination.diff([manifest for _, manifest in workloads], identity=identity) if workloads else ()
    by_name = {f"{change.ref.kind}/{change.ref.name}": change for change in changes}
    return tuple(name for name, manifest in workloads if _moves(by_name.get(variants.key(manifest)), shape))


def _as_they_are(objects: Sequence[Manifest], shape: model.Shape) -> list[tuple[str, Manifest]]:
    """The workloads that stages concern, by their names in the revision, in the form in which they serve now."""
    if shape.strategy.kind == "blue_green":
        if shape.survey.colour is None:
            return []
        return [
            (variants.key(manifest), blue_green.deployment(manifest, shape)) for manifest in variants.served(objects)
        ]
    if shape.strategy.kind == "canary":
        kinds = ("Deployment", "StatefulSet")
        return [
            (variants.key(manifest), manifest)
            for manifest in objects
            if any(variants.is_kind(manifest, kind) for kind in kinds)
        ]
    return []


def _moves(change: destinations.ObjectChange | None, shape: model.Shape) -> bool:
    if change is None:
        return False
    if change.action is destinations.Action.CREATE:  # the serving colour lacks it; a canary has nothing to share with
        return shape.strategy.kind == "blue_green"
    return change.refusal is not None or any(field.path.startswith("spec.template") for field in change.fields)


def _replicas(live: Mapping[str, Any]) -> int:
    """The number of instances that it asks for; for one per node, the number of nodes."""
    if live["kind"] == "DaemonSet":
        return int((live.get("status") or {}).get("desiredNumberScheduled") or 0)
    number = (live.get("spec") or {}).get("replicas")
    return 1 if number is None else int(number)
