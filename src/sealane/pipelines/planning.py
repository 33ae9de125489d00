"""Plans a run for an event: its steps, their order, and why some are skipped. Pure.

Steps run in order; any `needs` among them makes them a graph. Images come after the steps, but those that a step needs
come at once. Deliveries come last, one after the other. A skipped part delays nothing: whatever needs it continues,
except that nothing is delivered without all of its images.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sealane.events.model import Event
from sealane.pipelines import conditions, dependency_graph
from sealane.pipelines.model import (
    Delivery,
    Image,
    ImageBuild,
    Kind,
    Outcome,
    Pipeline,
    Plan,
    PlannedStep,
    Step,
    Workflow,
)


def plan(pipeline: Pipeline, event: Event) -> Plan:
    """The plan of a run of a checked pipeline; everything comes after its needs."""
    event = conditions.within_reach(event, pipeline)
    work = {step.key: step for step in (*_steps(pipeline, event), *_images(pipeline, event))}
    order = dependency_graph.in_order({own: step.needs for own, step in work.items()})
    required = {key(Kind.STEP, step.name): step.requires for step in pipeline.steps}
    for own in order:
        missing = next((name for name in required.get(own, ()) if work[key(Kind.STEP, name)].skip), None)
        if missing and not work[own].skip:
            work[own] = replace(work[own], skip=f"it depends on {missing}, which is left out")
    steps = [work[own] for own in order]
    return Plan(steps=(*steps, *_deliveries(pipeline, event, steps)))


def with_plans(plan: Plan, formations: Mapping[str, str | None]) -> Plan:
    """The plan of a run that also plans these formations, each with the reason why not, if there is one."""
    made = tuple(
        PlannedStep(key=key(Kind.PLAN, name), kind=Kind.PLAN, name=name, skip=skip) for name, skip in formations.items()
    )
    deliveries = tuple(step for step in plan.steps if step.kind is Kind.DELIVER)
    return Plan(steps=(*(step for step in plan.steps if step.kind is not Kind.DELIVER), *made, *deliveries))


def key(kind: Kind, name: str) -> str:
    """The key of a planned step: its kind, a slash and its name. A retagged image has the same key as a built one."""
    return f"{Kind.IMAGE if kind is Kind.RETAG else kind}/{name}"


def _steps(pipeline: Pipeline, event: Event) -> Iterable[PlannedStep]:
    """The steps, workflow by workflow. A workflow's first steps wait for all steps of those that it needs."""
    images = {image.name for image in pipeline.images}
    workflows = pipeline.workflows or (Workflow(name="", title="", place=pipeline.place),)
    skipped = _skipped(workflows, event)
    for workflow in workflows:
        earlier = tuple(key(Kind.STEP, step.name) for step in pipeline.steps if step.workflow in workflow.needs)
        steps = [step for step in pipeline.steps if step.workflow == workflow.name]
        for planned in _chain(steps, images, event):
            yield replace(
                planned,
                needs=planned.needs or earlier,
                forgives=earlier if Outcome.FAILURE in workflow.after else (),
                after_failure=Outcome.SUCCESS not in workflow.after,
                skip=skipped[workflow.name] or planned.skip,
            )


def _chain(steps: Sequence[Step], images: set[str], event: Event) -> Iterable[PlannedStep]:
    """The steps of one workflow: one after the other, or as a graph."""
    graph = any(step.needs is not None for step in steps)
    before: tuple[str, ...] = ()
    for step in steps:
        own = key(Kind.STEP, step.name)
        yield PlannedStep(
            key=own,
            kind=Kind.STEP,
            name=step.name,
            workflow=step.workflow,
            needs=_keys(step.needs or (), images) if graph else before,
            on=conditions.accepted(step.when, event),
            skip=conditions.unmet(step.when, event),
        )
        before = (own,)


def _skipped(workflows: Sequence[Workflow], event: Event) -> dict[str, str | None]:
    """Why all steps of a workflow are skipped, by its name; None where they are not."""
    reasons = {workflow.name: conditions.unmet(workflow.when, event) for workflow in workflows}
    requires = {workflow.name: workflow.requires for workflow in workflows}
    for name in dependency_graph.in_order(requires):
        missing = next((need for need in requires[name] if reasons[need]), None)
        if missing and not reasons[name]:
            reasons[name] = f"it depends on {missing}, which is left out"
    return reasons


def _images(pipeline: Pipeline, event: Event) -> Iterable[PlannedStep]:
    names = {image.name for image in pipeline.images}
    early = _needed_by_steps(pipeline, names)
    after_all = tuple(key(Kind.STEP, step.name) for step in pipeline.steps)
    for image in pipeline.images:
        needs = image.needs if isinstance(image, ImageBuild) else None
        usual = () if image.name in early else after_all
        kind = Kind.IMAGE if isinstance(image, ImageBuild) else Kind.RETAG
        yield PlannedStep(
            key=key(kind, image.name),
            kind=kind,
            name=image.name,
            needs=usual if needs is None else _keys(needs, names),
            skip=conditions.unmet(image.when, event),
        )


def _needed_by_steps(pipeline: Pipeline, names: set[str]) -> set[str]:
    """Images that a step needs, directly or through other images."""
    images: dict[str, Image] = {image.name: image for image in pipeline.images}
    needed: set[str] = set()
    front = [need for step in pipeline.steps for need in step.needs or () if need in names]
    while front:
        name = front.pop()
        if name not in needed:
            needed.add(name)
            image = images[name]
            further = image.needs if isinstance(image, ImageBuild) else ()
            front.extend(need for need in further or () if need in names)
    return needed


def _deliveries(pipeline: Pipeline, event: Event, work: Sequence[PlannedStep]) -> Iterable[PlannedStep]:
    missing = [step for step in work if step.kind is not Kind.STEP and step.skip]
    reason = f"the image {missing[0].name} is left out: {missing[0].skip}" if missing else None
    before = tuple(step.key for step in work)
    for delivery in pipeline.deliver:
        planned = PlannedStep(
            key=key(Kind.DELIVER, delivery.formation),
            kind=Kind.DELIVER,
            name=delivery.formation,
            needs=before,
            skip=conditions.undelivered(delivery, event),
            beside=_beside(delivery),
        )
        yield planned if planned.skip else replace(planned, skip=reason)
        before = (planned.key,)


def _beside(delivery: Delivery) -> tuple[str, ...]:
    release_group = delivery.release_group
    if release_group is None or not release_group.parallel:
        return ()
    return tuple(key(Kind.DELIVER, name) for name in release_group.formations if name != delivery.formation)


def _keys(names: Iterable[str], images: set[str]) -> tuple[str, ...]:
    return tuple(key(Kind.IMAGE if name in images else Kind.STEP, name) for name in names)
