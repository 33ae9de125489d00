"""Which stages a revision goes through, and what each writes. Pure: the same survey always gives the same stages.

Every stage but the last writes the new version's needs (configuration, claims, Jobs, all missing objects) and the
new version itself, as long as that takes nothing from the old one. The last writes everything, and nothing else is meant to
stay. A rollback is the last stage of the former revision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sealane.destinations import stages as port
from sealane.destinations.kubernetes import apply_order
from sealane.destinations.kubernetes.stencils import variants
from sealane.destinations.kubernetes.stencils.variants import Manifest
from sealane.destinations.kubernetes.strategies import blue_green, canary, capacity, model
from sealane.formations.strategy import Strategy
from sealane.stencils.objects import kind_of

_FIRST = {phase for phase in apply_order.Phase if phase < apply_order.Phase.SERVICES} | {apply_order.Phase.CUSTOM}
_WHEN_NEW = {apply_order.Phase.SERVICES, apply_order.Phase.WORKLOADS, apply_order.Phase.JOBS}


def shaped(objects: Sequence[Manifest], shape: port.Shape) -> tuple[port.Stage, ...]:
    """The stages, in order, with their writes; the last names the objects of strategies that don't stay."""
    own = model.Shape.of(shape)
    *earlier, last = (_with_objects(stage, objects, own) for stage in course(objects, own))
    old = _old_color(objects, own)
    last = replace(
        last, leftovers=_leftovers(last.objects, objects, own) if shape.staged else frozenset(), outgoing=old
    )
    return (*earlier, last)


def _with_objects(stage: port.Stage, objects: Sequence[Manifest], shape: model.Shape) -> port.Stage:
    written = writing(stage, objects, shape)
    unwatched = frozenset(
        _name(manifest) for manifest in written.objects if variants.key(manifest) in written.unwatched
    )
    return replace(stage, objects=written.objects, unwatched=unwatched)


def course(objects: Sequence[Manifest], shape: model.Shape) -> tuple[port.Stage, ...]:
    """The stages, in order. A first deployment, and one that replaces no instance, has only one."""
    if shape.strategy.kind == "blue_green" and _switches(objects, shape):
        made = f"{shape.colour} is made beside {shape.survey.colour or 'what is there'}"
        return (
            port.Stage(kind=port.StageKind.PREVIEW, name="preview", message=made),
            port.Stage(kind=port.StageKind.WHOLE, name="switch", message=f"traffic goes to {shape.colour}"),
        )
    if shape.strategy.kind == "canary" and canary.concerned(objects, shape.survey):
        steps = tuple(_stage(index, shape.strategy) for index in range(len(shape.strategy.steps)))
        return (
            *steps,
            port.Stage(kind=port.StageKind.WHOLE, name="promote", message="the new version goes everywhere"),
        )
    if shape.survey.leaves and not shape.back and shape.strategy.kind != "recreate":
        names = " and ".join(shape.survey.leaves)
        made = "the new workloads are made beside what serves"
        return (
            port.Stage(kind=port.StageKind.BESIDE, name="beside", message=made),
            port.Stage(kind=port.StageKind.WHOLE, name="switch", message=f"{names} goes over to them"),
        )
    return (port.ONLY,)


def writing(stage: port.Stage, objects: Sequence[Manifest], shape: model.Shape) -> model.StageWrite:
    """The writes of the stage."""
    match stage.kind:
        case port.StageKind.PREVIEW:
            return model.StageWrite(
                objects=_sized([*_early(objects, shape), *blue_green.ahead(objects, shape)], objects, shape)
            )
        case port.StageKind.BESIDE:
            return model.StageWrite(objects=_sized(_early(objects, shape), objects, shape))
        case port.StageKind.WEIGHT:
            share = canary.shared(objects, shape, stage.weight)
            early = _sized(_early(objects, shape), objects, shape)
            return model.StageWrite(objects=[*early, *share.objects], unwatched=share.unwatched)
        case port.StageKind.PAUSE:
            return model.StageWrite(objects=())
        case _:
            return model.StageWrite(objects=whole(objects, shape))


def whole(objects: Sequence[Manifest], shape: model.Shape) -> Sequence[Manifest]:
    """All objects in their final state; those that replace others have as many instances as serve now."""
    made = _made(objects, shape)
    return capacity.given(made, capacity.numbers(made, shape.survey, shape.before))


def _leftovers(whole_: Sequence[Manifest], objects: Sequence[Manifest], shape: model.Shape) -> frozenset[port.Name]:
    """Objects that a strategy may have made and that the shaped revision does not have in the end."""
    return _own_names([*objects, *shape.before], shape.strategy) - {_name(manifest) for manifest in whole_}


def _old_color(objects: Sequence[Manifest], shape: model.Shape) -> frozenset[port.Name]:
    """The Deployments that served before the switch, which stay for a while."""
    strategy, colour = shape.strategy.blue_green, shape.survey.colour
    if strategy is None or not strategy.keep_old_for or colour is None or colour == shape.colour:
        return frozenset()
    return frozenset(
        ("apps", "Deployment", variants.coloured(manifest["metadata"]["name"], colour))
        for manifest in variants.served(objects)
    )


def _made(objects: Sequence[Manifest], shape: model.Shape) -> Sequence[Manifest]:
    return blue_green.whole(objects, shape) if shape.strategy.kind == "blue_green" else objects


def _sized(written: Sequence[Manifest], objects: Sequence[Manifest], shape: model.Shape) -> list[Manifest]:
    """A stage's objects, with the number of instances from the final state of all objects."""
    return capacity.given(written, capacity.numbers(_made(objects, shape), shape.survey, shape.before))


def _switches(objects: Sequence[Manifest], shape: model.Shape) -> bool:
    if shape.survey.colour is None:
        served = any(shape.survey.serves.get(variants.key(manifest)) for manifest in variants.selecting(objects))
        return served or any(variants.key(manifest) in shape.survey.there for manifest in variants.served(objects))
    return shape.colour != shape.survey.colour


def _stage(index: int, strategy: Strategy) -> port.Stage:
    step = strategy.steps[index]
    number = f"step {index + 1} of {len(strategy.steps)}"
    if step.person is not None:
        says = f"{number}: a person says when it goes on"
        return port.Stage(kind=port.StageKind.PAUSE, name=f"{index + 1} pause", message=says)
    if step.pause is not None:
        says = f"{number}: it has to stay healthy for {step.pause.total_seconds():g} s"
        return port.Stage(kind=port.StageKind.PAUSE, name=f"{index + 1} pause", message=says, pause=step.pause)
    weight = step.weight or 100
    says = f"{number}: {weight} % for the new version"
    return port.Stage(kind=port.StageKind.WEIGHT, name=f"{index + 1} weight {weight}", message=says, weight=weight)


def _early(objects: Sequence[Manifest], shape: model.Shape) -> list[Manifest]:
    """The new version's needs that don't affect the serving version."""
    coloured = (
        {variants.key(manifest) for manifest in variants.served(objects)}
        if shape.strategy.kind == "blue_green"
        else set()
    )
    switched = {variants.key(manifest) for manifest in variants.selecting(objects)} if coloured else set()
    early: list[Manifest] = []
    for manifest in objects:
        name = variants.key(manifest)
        phase = apply_order.phase(*kind_of(manifest))
        new = phase in _WHEN_NEW and (manifest["kind"] == "Job" or name not in shape.survey.there)
        if name in coloured or blue_green.targets(manifest) or not (phase in _FIRST or new):
            continue
        early.append(blue_green.service(manifest, shape.colour) if name in switched else manifest)
    return early


def _own_names(objects: Sequence[Manifest], strategy: Strategy) -> frozenset[port.Name]:
    """All objects that any strategy may have made of these."""
    names: set[port.Name] = set()
    for manifest in objects:
        name = str(manifest["metadata"]["name"])
        if variants.is_kind(manifest, "Deployment"):
            names |= {("apps", "Deployment", own_name) for own_name in (name, *variants.own_names(name))}
        elif variants.is_kind(manifest, "Service"):
            names |= {("", "Service", variants.preview(name, own_name)) for own_name in (strategy, Strategy())}
    return frozenset(names)


def _name(manifest: Manifest) -> port.Name:
    return *kind_of(manifest), str(manifest["metadata"]["name"])
