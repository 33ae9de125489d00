"""Joins the workflows of files into one pipeline: each has a workspace, services and a network of its own. Pure.

A single one is a pipeline like any other, and its steps keep their names; of several, each step is `WORKFLOW.STEP`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sealane.findings import Finding, Place, Severity, did_you_mean
from sealane.pipelines import dependency_graph
from sealane.pipelines.model import Clone, Outcome, Pipeline, Service, Step, VariableSet, When, Workflow

MOST_STEPS = 200
"""Most steps of all workflows together."""
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_LONGEST = 40
"""Most characters of a workflow's name, so that a step's fits where it is shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """One workflow as its document says it; its steps and services have their own short names."""

    title: str
    """What others call it in `needs`; a matrix makes several of one title."""
    prefix: bool = True
    """Whether the title is a part of its name where there are several."""
    needs: tuple[str, ...] = ()
    """Titles of workflows that it waits for."""
    requires: tuple[str, ...] = ()
    """Those of `needs` without which it is skipped, too."""
    after: tuple[Outcome, ...] = (Outcome.SUCCESS,)
    """The accepted results of those of `needs`."""
    when: When = field(default_factory=When)
    variables: Mapping[str, str] = field(default_factory=dict)
    platform: str = ""
    """Where it asks to run, such as linux/arm64; empty anywhere."""
    clone: Clone = field(default_factory=Clone)
    services: tuple[Service, ...] = ()
    steps: tuple[Step, ...] = ()
    place: Place


def joined(parts: Sequence[Part], place: Place, variables: VariableSet) -> Pipeline:
    """The pipeline of workflows that have no `problems`."""
    names = _names(parts)
    by_title = {
        title: tuple(n for n, part in zip(names, parts, strict=True) if part.title == title) for title in titles(parts)
    }
    workflows = [
        Workflow(
            name=name,
            title=part.title,
            needs=tuple(other for need in part.needs for other in by_title.get(need, ())),
            requires=tuple(other for need in part.requires for other in by_title.get(need, ())),
            after=part.after,
            when=part.when,
            variables=part.variables,
            place=part.place,
        )
        for name, part in zip(names, parts, strict=True)
    ]
    return Pipeline(
        app="",
        clone=_clone([part.clone for part in parts]),
        variables=variables,
        workflows=tuple(workflows),
        services=tuple(_service(one, name) for name, part in zip(names, parts, strict=True) for one in part.services),
        steps=tuple(_step(one, name) for name, part in zip(names, parts, strict=True) for one in part.steps),
        place=place,
    )


def problems(parts: Sequence[Part]) -> Iterator[Finding]:
    """Needs that no workflow has, circles of them, and too many steps together."""
    known = titles(parts)
    for part in parts:
        for need in dict.fromkeys(part.needs):
            if need in known:
                continue
            hint = did_you_mean(need, known - {part.title})
            if len(known) == 1:
                message = f"{part.title} does not wait for {need}, which is not read with it"
                yield Finding(message=message, place=part.place, severity=Severity.WARNING)
            else:
                yield Finding(
                    message=f"{part.title} depends on {need}, which is no workflow here", place=part.place, hint=hint
                )
    graph = {part.title: [need for need in part.needs if need in known] for part in parts}
    for circle in dependency_graph.circles(graph):
        place = next(part.place for part in parts if part.title == circle[0])
        message = f"depends_on of workflows goes in a circle: {' → '.join([*circle, circle[0]])}"
        yield Finding(message=message, place=place, hint="take one of them out")
    if len({part.platform for part in parts} - {""}) > 1:
        for part in parts:
            if part.platform:
                message = f"{part.title} is for {part.platform}, and others are for another platform"
                hint = "every step runs on the engine's platform: keep the workflows of one"
                yield Finding(message=message, place=part.place, hint=hint)
    count = sum(len(part.steps) for part in parts)
    if count > MOST_STEPS and len(parts) > 1:
        message = f"{count} steps of {len(parts)} workflows are too many"
        yield Finding(message=message, place=parts[0].place, hint=f"at most {MOST_STEPS} together")


def titles(parts: Sequence[Part]) -> set[str]:
    """The titles of workflows."""
    return {part.title for part in parts}


def slug(text: str, most: int = 63) -> str:
    """A text as a part of names: lower-case letters, digits and dashes."""
    return _NOT_IN_NAMES.sub("-", text.lower()).strip("-")[:most].strip("-")


def _names(parts: Sequence[Part]) -> list[str]:
    """A name for each workflow: its title and the values of its matrix; empty for a single one."""
    names: list[str] = []
    for part in parts:
        words = [part.title] if part.prefix or not part.variables else []
        own = slug("-".join([*words, *part.variables.values()]), _LONGEST) or "workflow"
        names.append(_unused(own, names) if len(parts) > 1 else "")
    return names


def _unused(name: str, taken: Collection[str]) -> str:
    numbered = (f"{name}-{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def _step(step: Step, workflow: str) -> Step:
    if not workflow:
        return step
    return replace(
        step,
        name=f"{workflow}.{step.name}",
        workflow=workflow,
        needs=None if step.needs is None else tuple(f"{workflow}.{need}" for need in step.needs),
        requires=tuple(f"{workflow}.{need}" for need in step.requires),
    )


def _service(service: Service, workflow: str) -> Service:
    return replace(service, name=f"{workflow}.{service.name}", workflow=workflow) if workflow else service


def _clone(clones: Sequence[Clone]) -> Clone:
    """What all of them need: one clone is made, and copied for each workflow."""
    depths = [clone.depth for clone in clones]
    return Clone(
        depth=None if None in depths else max(depth for depth in depths if depth),
        submodules=_any(clone.submodules for clone in clones),
        recursive=any(clone.recursive for clone in clones),
        lfs=_any(clone.lfs for clone in clones),
    )


def _any(wanted: Iterator[bool | None]) -> bool | None:
    """True when one wants it, unknown when one says nothing, else false."""
    listed = list(wanted)
    return True if True in listed else None if None in listed else False
