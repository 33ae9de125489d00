"""Jobs of gates and hooks: taken from the stencils, or made from an image and a command. Pure.

A Job from an image runs like the app itself: if a workload of the formation has a container with that image, the Job takes
over its environment, limits, security settings, service account and configuration files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sealane.configfiles.documents import Path
from sealane.destinations.kubernetes import one_shot
from sealane.findings import Finding, Place, did_you_mean
from sealane.formations.gates import Hook, Task
from sealane.formations.model import Formation
from sealane.stencils import placeholders as words_
from sealane.stencils.model import Origin, Rendered
from sealane.stencils.placeholders import Placeholders
from sealane.stencils.platform import ExtractedJobs, gate_key, hook_key, undo_key

_POD = ("imagePullSecrets", "nodeSelector", "securityContext", "serviceAccountName", "tolerations")
_CONTAINER = ("env", "envFrom", "imagePullPolicy", "resources", "securityContext", "workingDir")
_FILES = ("configMap", "downwardAPI", "emptyDir", "projected", "secret")
RESOURCES: Mapping[str, Any] = {
    "requests": {"cpu": "100m", "memory": "128Mi"},
    "limits": {"cpu": "1", "memory": "512Mi"},
}
"""Resources of a Job whose image no workload of the formation has."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Wanted:
    key: str
    task: Task
    path: Path
    undo: tuple[str, ...] = ()


def make(formation: Formation, rendered: Sequence[Rendered], words: Placeholders) -> ExtractedJobs:
    """The Jobs that the formation's gates and hooks ask for."""
    jobs: dict[str, Rendered] = {}
    findings: list[Finding] = []
    taken: set[tuple[str, str, str, str]] = set()
    for wanted in _wanted(formation):
        job, problems = _job(wanted, formation, rendered, words)
        findings.extend(problems)
        if job is None:
            continue
        if wanted.task.stencil:
            taken.add(job.key)
        jobs[wanted.key] = job
        if wanted.undo:
            commanded, problems = _words(wanted.undo, words, formation, (*wanted.path, "reversible", "command"))
            findings.extend(problems)
            hook = wanted.key.partition(" ")[2]
            jobs[undo_key(hook)] = _with_command(job, commanded)
    rest = tuple(item for item in rendered if item.key not in taken)
    return ExtractedJobs(jobs=jobs, rest=rest, findings=tuple(findings))


def _wanted(formation: Formation) -> Iterator[_Wanted]:
    for index, gate in enumerate(formation.strategy.gates):
        if gate.job:
            yield _Wanted(key=gate_key(gate.name), task=gate.job, path=("strategy", "gates", index, "job"))
    for hook in formation.hooks:
        path = ("hooks", hook.when.value, _position(hook, formation.hooks))
        yield _Wanted(key=hook_key(hook.name), task=hook.task, path=path, undo=hook.undo)


def _position(hook: Hook, hooks: Sequence[Hook]) -> int:
    return [other.name for other in hooks if other.when is hook.when].index(hook.name)


def _job(
    wanted: _Wanted, formation: Formation, rendered: Sequence[Rendered], words: Placeholders
) -> tuple[Rendered | None, list[Finding]]:
    if wanted.task.stencil:
        return _of_stencils(wanted, wanted.task.stencil, formation, rendered)
    images, findings = _words([wanted.task.image or ""], words, formation, (*wanted.path, "image"))
    command, problems = _words(wanted.task.command, words, formation, (*wanted.path, "command"))
    findings.extend(problems)
    if findings:
        return None, findings
    references = _references(words)
    like = _like(images[0], rendered)
    manifest = _manifest(wanted, images[0], command, like, references)
    metadata = {**manifest["metadata"], "namespace": formation.namespace}
    place = formation.at(*wanted.path)
    origin = Origin(file=place.file, places={(): place})
    return Rendered(object={**manifest, "metadata": metadata}, origin=origin), []


def _of_stencils(
    wanted: _Wanted, name: str, formation: Formation, rendered: Sequence[Rendered]
) -> tuple[Rendered | None, list[Finding]]:
    there = {job.name: job for job in rendered if job.key[:2] == ("batch", "Job")}
    if name in there:
        job = there[name]
        if key := one_shot.stands_still(job.object):
            message = f"{job} never ends: it starts nothing by itself"
            return None, [Finding(message=message, place=job.origin.place(("spec", key)), hint=f"leave {key} out")]
        if isinstance(job.object.get("spec"), dict) and _containers(job.object["spec"].get("template")):
            return job, []
        return None, [Finding(message=f"{job} has no containers", place=job.origin.place(("spec",)))]
    place = formation.at(*wanted.path, "stencil")
    hint = did_you_mean(name, there) or "write it as a Job below deploy/stencils"
    return None, [Finding(message=f"the stencils have no Job {name}", place=place, hint=hint)]


def _words(
    texts: Sequence[str], words: Placeholders, formation: Formation, path: Path
) -> tuple[list[str], list[Finding]]:
    """Texts of the formation's file with their placeholders replaced."""
    replaced, findings = [], []
    for text in texts:

        def at(_token: str, _nth: int) -> Place:
            return formation.at(*path)

        value, problems = words_.replace_inside(text, words, at)
        replaced.append(value)
        findings.extend(problems)
    return replaced, findings


def _references(words: Placeholders) -> list[dict[str, Any]]:
    """The formation's Secret and ConfigMap, as a container's environment."""
    kinds = {"secrets": "secretRef", "config": "configMapRef"}
    there = [name for name in kinds if name in words.values]
    words.used.update(there)
    return [{kinds[name]: {"name": words.values[name]}} for name in there]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Like:
    """The parts that a Job takes over from a workload with the same image."""

    pod: Mapping[str, Any]
    container: Mapping[str, Any]


def _like(image: str, rendered: Sequence[Rendered]) -> _Like:
    for item in rendered:
        template = (
            (item.object.get("spec") or {}).get("template") if isinstance(item.object.get("spec"), dict) else None
        )
        for container in _containers(template):
            if container.get("image") == image:
                assert isinstance(template, dict)
                return _taken(template["spec"], container)
    return _Like(pod={}, container={"resources": RESOURCES})


def _taken(pod: Mapping[str, Any], container: Mapping[str, Any]) -> _Like:
    volumes = [volume for volume in pod.get("volumes") or () if any(kind in volume for kind in _FILES)]
    names = {volume.get("name") for volume in volumes}
    mounts = [mount for mount in container.get("volumeMounts") or () if mount.get("name") in names]
    taken = {key: container[key] for key in _CONTAINER if key in container}
    return _Like(
        pod={**{key: pod[key] for key in _POD if key in pod}, **({"volumes": volumes} if mounts else {})},
        container={**taken, **({"volumeMounts": mounts} if mounts else {})},
    )


def _manifest(
    wanted: _Wanted, image: str, command: Sequence[str], like: _Like, references: list[dict[str, Any]]
) -> dict[str, Any]:
    kind, _, name = wanted.key.partition(" ")
    own = list(like.container.get("envFrom") or ())
    more = [reference for reference in references if reference not in own]
    container = {
        **like.container,
        "name": name,
        "image": image,
        "command": list(command),
        **({"envFrom": [*own, *more]} if own or more else {}),
    }
    labels = {"app.kubernetes.io/component": kind, "app.kubernetes.io/name": name}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "template": {
                "metadata": {"labels": labels},
                "spec": {**like.pod, "restartPolicy": "Never", "containers": [container]},
            },
        },
    }


def _with_command(job: Rendered, command: Sequence[str]) -> Rendered:
    """The same Job with another command in its first container."""
    spec = job.object["spec"]
    pod = spec["template"]["spec"]
    first, *others = pod["containers"]
    kept = {key: value for key, value in first.items() if key != "args"}
    containers = [{**kept, "command": list(command)}, *others]
    template = {**spec["template"], "spec": {**pod, "containers": containers}}
    metadata = {**job.object["metadata"], "name": f"undo-{job.name}"}
    manifest = {**job.object, "metadata": metadata, "spec": {**spec, "template": template}}
    return Rendered(object=manifest, origin=job.origin)


def _containers(template: Any) -> list[Mapping[str, Any]]:
    pod = template.get("spec") if isinstance(template, Mapping) else None
    containers = pod.get("containers") if isinstance(pod, Mapping) else None
    return (
        [container for container in containers if isinstance(container, Mapping)]
        if isinstance(containers, list)
        else []
    )
