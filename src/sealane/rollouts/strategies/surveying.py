"""Looking at what is there before the first write, for strategies that have to know. Writes nothing.

Asked once at the beginning of a deployment and kept: every later step, also of a worker that takes over, goes by the same
survey although the deployment itself has changed meanwhile what is there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.rollouts import model as rollouts
from sealane.rollouts.strategies import colouring, model, staging
from sealane.stencils import variants
from sealane.stencils.variants import Manifest

_LOOKED_AT = ("Deployment", "StatefulSet", "DaemonSet", "Service", "CronJob", "Pod", "ReplicaSet")


async def survey(destination: Destination, goal: rollouts.Goal, previous: rollouts.Goal | None) -> model.Survey:
    """What is there of the revision, and of the one to go back to; nothing where neither has stages."""
    strategies = [each.shape.strategy for each in (goal, previous) if each is not None]
    if not any(staging.staged(each) for each in strategies):
        return model.Survey()
    objects = [*goal.manifests, *(previous.manifests if previous else ())]
    found = await destination.read(await _refs(destination, goal, objects))
    colour = _colour(found, {variants.key(each) for each in variants.selecting(objects)})
    return model.Survey(
        colour=colour,
        there=tuple(variants.key(each) for each in found),
        moved=await _moved(destination, goal, colour),
        replicas={
            variants.key(each): _replicas(each) for each in found if each["kind"] in ("Deployment", "StatefulSet")
        },
    )


async def _refs(destination: Destination, goal: rollouts.Goal, objects: Iterable[Manifest]) -> destinations.Inventory:
    looked_at = [each for each in objects if each["kind"] in _LOOKED_AT]
    own = [
        {**each, "metadata": {**each["metadata"], "name": name}}
        for each in looked_at
        if variants.is_kind(each, "Deployment")
        for name in variants.own_names(str(each["metadata"]["name"]))
    ]
    refs = await destination.refs([*looked_at, *own], namespace=goal.identity.namespace)
    return tuple({ref.key: ref for ref in refs}.values())


def _colour(found: Iterable[Mapping[str, Any]], services: set[str]) -> str | None:
    """The colour that the first Service selects: after a kill in the middle of a switch not all may select the same."""
    for each in found:
        selector = (each.get("spec") or {}).get("selector") or {}
        if variants.key(each) in services and variants.COLOUR in selector:
            return str(selector[variants.COLOUR])
    return None


async def _moved(destination: Destination, goal: rollouts.Goal, colour: str | None) -> tuple[str, ...]:
    """Workloads whose instances would be others, as a dry run says."""
    shape = model.Shape(strategy=goal.shape.strategy, survey=model.Survey(colour=colour), back=True)
    workloads = _as_they_are(goal.manifests, shape)
    changes = await destination.diff([each for _, each in workloads], identity=goal.identity) if workloads else ()
    by_name = {f"{change.ref.kind}/{change.ref.name}": change for change in changes}
    return tuple(name for name, each in workloads if _moves(by_name.get(variants.key(each)), shape))


def _as_they_are(objects: Sequence[Manifest], shape: model.Shape) -> list[tuple[str, Manifest]]:
    """The workloads that stages are about, by their names in the revision, as they would be where they serve now."""
    if shape.strategy.kind == "blue_green":
        if shape.survey.colour is None:
            return []
        return [
            (variants.key(each), colouring.deployment(each, shape, follows=False)) for each in variants.served(objects)
        ]
    if shape.strategy.kind == "canary":
        kinds = ("Deployment", "StatefulSet")
        return [(variants.key(each), each) for each in objects if any(variants.is_kind(each, kind) for kind in kinds)]
    return []


def _moves(change: destinations.ObjectChange | None, shape: model.Shape) -> bool:
    if change is None:
        return False
    if change.action is destinations.Action.CREATE:  # new to the colour that serves; a canary shares with nothing
        return shape.strategy.kind == "blue_green"
    return change.refusal is not None or any(each.path.startswith("spec.template") for each in change.fields)


def _replicas(found: Mapping[str, Any]) -> int:
    number = (found.get("spec") or {}).get("replicas")
    return 1 if number is None else int(number)
