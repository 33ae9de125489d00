"""Tasks of gates and hooks, taken from the stencils, each with its task definition inside. Pure.

A hook may run before anything of the revision is written, so its task brings its definition along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sealane.configfiles.documents import Path
from sealane.destinations.ecs.model import DEFINITION, TASK
from sealane.findings import Finding, did_you_mean
from sealane.formations import gates
from sealane.formations.model import Formation
from sealane.stencils.model import Rendered
from sealane.stencils.platform import ExtractedJobs, gate_key, hook_key


def make(formation: Formation, rendered: Sequence[Rendered]) -> ExtractedJobs:
    """The tasks that the formation's gates and hooks ask for; one that nobody asks for is a finding."""
    there = {item.name: item for item in rendered if item.kind == TASK}
    definitions = {item.name: item for item in rendered if item.kind == DEFINITION}
    jobs: dict[str, Rendered] = {}
    findings: list[Finding] = []
    asked: set[str] = set()
    for key, task, path, undo in _wanted(formation):
        place = formation.at(*path)
        if undo:
            message = "a hook that is a task of ECS can't be undone by a command"
            findings.append(
                Finding(message=message, place=place, hint="write a hook on failure with a Task of its own")
            )
        if task.stencil is None:
            message = "a hook or gate of ECS names a Task among the stencils"
            findings.append(
                Finding(message=message, place=place, hint="write `stencil: NAME` in place of image and command")
            )
        elif task.stencil not in there:
            hint = did_you_mean(task.stencil, there) or "write it as a Task below deploy/stencils"
            findings.append(Finding(message=f"the stencils have no Task {task.stencil}", place=place, hint=hint))
        else:
            asked.add(task.stencil)
            jobs[key] = _whole(there[task.stencil], definitions)
    for name, item in there.items():
        if name not in asked:
            message, hint = f"nothing runs Task {name}", "name it in a hook or gate of the formation: `stencil: NAME`"
            findings.append(Finding(message=message, place=item.origin.place(), hint=hint))
    rest = tuple(item for item in rendered if item.kind != TASK)
    return ExtractedJobs(jobs=jobs, rest=rest, findings=tuple(findings))


def _wanted(formation: Formation) -> Iterator[tuple[str, gates.Task, Path, bool]]:
    for index, gate in enumerate(formation.strategy.gates):
        if gate.job:
            yield gate_key(gate.name), gate.job, ("strategy", "gates", index, "job"), False
    for hook in formation.hooks:
        same = [other.name for other in formation.hooks if other.when is hook.when]
        yield hook_key(hook.name), hook.task, ("hooks", hook.when.value, same.index(hook.name)), bool(hook.undo)


def _whole(task: Rendered, definitions: dict[str, Rendered]) -> Rendered:
    name = str(task.object["spec"].get("taskDefinition"))
    if name not in definitions:
        return task
    definition = definitions[name].object
    inside = {"metadata": {"name": definition["metadata"]["name"]}, "spec": definition["spec"]}
    spec = {**task.object["spec"], "taskDefinition": inside}
    return Rendered(object={**task.object, "spec": spec}, origin=task.origin)
