"""Steps and services of a Woodpecker file. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sealane.configfiles import fields
from sealane.configfiles.documents import Path
from sealane.findings import did_you_mean
from sealane.pipelines import dependency_graph
from sealane.pipelines.dialects import workflows
from sealane.pipelines.dialects.woodpecker import conditions, variables
from sealane.pipelines.dialects.woodpecker.notation import Notation
from sealane.pipelines.model import Service, Step

_KNOWN = {"name", "image", "commands", "environment", "settings", "secrets"}
_STEP = _KNOWN | {"entrypoint", "directory", "when", "depends_on", "failure", "group", "detach", "pull", "privileged"}
_SERVICE = _KNOWN | {"pull", "privileged"}
_REFUSED = {
    "volumes": "steps share the workspace only: put files there",
    "devices": "containers get no devices of the machine",
    "network_mode": "every run has a network of its own",
    "networks": "every run has a network of its own",
    "dns": "the engine's own name servers are used",
    "dns_search": "the engine's own name servers are used",
    "extra_hosts": "write a service of that name, or the address itself",
    "tmpfs": "write to /tmp of the container, or to the workspace",
    "runtime": "operators choose the runtime",
    "sysctls": "operators choose the limits",
    "ulimits": "operators choose the limits",
    "cap_add": "operators choose the capabilities",
    "cap_drop": "operators choose the capabilities",
}
_IGNORED = {
    "backend_options": "operators set the limits of steps",
    "ports": "every port is open within the run",
    "mem_limit": "operators set the limits of steps",
    "shm_size": "operators set the limits of steps",
    "cpu_quota": "operators set the limits of steps",
    "cpu_shares": "operators set the limits of steps",
    "cpu_set": "operators set the limits of steps",
}
_ONLY_STEPS = {
    "entrypoint": "a service runs its image's own entry point, or commands",
    "directory": "say `cd` in commands",
    "detach": "a service always runs beside the steps: take it out",
    "depends_on": "all services start before the steps",
}
_SERVICE_IGNORED = {
    "when": "it starts for every event",
    "failure": "a service that ends does not fail the run by itself",
}
_SERVICE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


def services(notation: Notation, written: Any, path: Path) -> tuple[Service, ...]:
    """The services; without a health check of their image, they count as ready once they run."""
    return tuple(_services(notation, written, path))


def _services(notation: Notation, written: Any, path: Path) -> Iterator[Service]:
    for name, part, where in notation.named(written, path, "service"):
        if not _SERVICE_NAME.fullmatch(name) or name == "localhost":
            notation.wrong(
                where, f"a service can't be called {name[:80]}", "it is reached by its name: letters and digits"
            )
        refused, ignored = {**_REFUSED, **_ONLY_STEPS}, {**_IGNORED, **_SERVICE_IGNORED}
        notation.keys(part, where, _SERVICE, refused, ignored)
        _rights(notation, part, where)
        given = variables.read(notation, part, where)
        commands = notation.texts(part.get("commands"), (*where, "commands"))
        yield Service(
            name=name,
            image=_image(notation, part, where),
            command=("/bin/sh", "-e", "-c", "\n".join(commands)) if commands else (),
            environment=given.plain,
            secret_variables=given.secret,
            place=notation.document.key_place(where),
        )


def steps(notation: Notation, written: Any, path: Path) -> tuple[Step, ...]:
    """The steps: one after the other, unless one has `depends_on` or they stand in groups."""
    read: list[Step] = []
    groups: list[str | None] = []
    names: dict[str, str] = {}
    for name, part, where in notation.named(written, path, "step"):
        notation.keys(part, where, _STEP, _REFUSED, _IGNORED)
        own = workflows.slug(name) or f"step-{len(read)}"
        if own in {step.name for step in read}:
            notation.wrong(where, f"{name} is already the name of a step", "choose another name")
        names[name] = own
        read.append(_step(notation, own, part, where))
        groups.append(notation.text(part.get("group"), (*where, "group")))
    if len(read) > workflows.MOST_STEPS:
        notation.wrong(path, f"{len(read)} steps are too many", f"at most {workflows.MOST_STEPS}")
    if any(step.needs is not None for step in read):
        return _graph(notation, read, names)
    return _grouped(read, groups) if any(groups) else tuple(read)


def _step(notation: Notation, name: str, part: Mapping[str, Any], path: Path) -> Step:
    _rights(notation, part, path)
    if notation.flag(part.get("detach"), (*path, "detach")):
        hint = "move it to services, which run beside the steps; they have no workspace"
        notation.wrong((*path, "detach"), "detach is not supported", hint)
    given = variables.read(notation, part, path)
    commands = notation.texts(part.get("commands"), (*path, "commands"))
    entrypoint = notation.texts(part.get("entrypoint"), (*path, "entrypoint"))
    needs_of, requires = needs(notation, part.get("depends_on"), (*path, "depends_on"))
    return Step(
        name=name,
        image=_image(notation, part, path),
        commands=commands,
        entrypoint=entrypoint,
        environment=given.plain,
        secret_variables=given.secret,
        directory=notation.text(part.get("directory"), (*path, "directory")),
        needs=needs_of,
        requires=requires,
        ignores_failure=_failure(notation, part.get("failure"), (*path, "failure")),
        when=conditions.read(notation, part.get("when"), (*path, "when")),
        place=notation.document.key_place(path),
    )


def _image(notation: Notation, part: Mapping[str, Any], path: Path) -> str:
    image = notation.text(part.get("image"), (*path, "image"))
    if not image:
        notation.wrong(path, "image is missing", "the image that it runs")
    elif "$$" in image or not ("${" in image or fields.is_image(image)):
        notation.wrong((*path, "image"), f"{image[:200]} is no image reference", "as in alpine:3.20", value=True)
    return image or ""


def _rights(notation: Notation, part: Mapping[str, Any], path: Path) -> None:
    if notation.flag(part.get("privileged"), (*path, "privileged")):
        hint = "no step gets rights over the machine; images are built under images: of .sealane.yml"
        notation.wrong((*path, "privileged"), "privileged is not supported", hint)
    if notation.flag(part.get("pull"), (*path, "pull")):
        hint = "an image is fetched where it is missing: name it by its digest, or by a tag that does not move"
        notation.wrong((*path, "pull"), "pull is ignored", hint, warning=True)


def _failure(notation: Notation, written: Any, path: Path) -> bool:
    text = notation.text(written, path)
    if text not in {None, "fail", "ignore"}:
        notation.wrong(path, f"failure: {text} is not supported", "fail or ignore")
    return text == "ignore"


def needs(notation: Notation, written: Any, path: Path) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The names as they are written, of all and of those that are not optional."""
    if written is None:
        return None, ()
    listed, requires = [], []
    for index, item in enumerate(written if isinstance(written, list) else [written]):
        where = (*path, index) if isinstance(written, list) else path
        name = notation.text(item.get("name") if isinstance(item, dict) else item, where)
        if name is None:
            continue
        listed.append(name)
        if not (isinstance(item, dict) and notation.flag(item.get("optional"), (*where, "optional"))):
            requires.append(name)
    return tuple(listed), tuple(requires)


def _graph(notation: Notation, read: Sequence[Step], names: Mapping[str, str]) -> tuple[Step, ...]:
    done = []
    for step in read:
        unknown = [need for need in step.needs or () if need not in names]
        for need in unknown:
            message = f"{step.name} depends on {need}, which is no step here"
            notation.findings.append(notation.at(step.place, message, did_you_mean(need, names)))
        needs = None if step.needs is None else tuple(names[need] for need in step.needs if need in names)
        requires = tuple(names[need] for need in step.requires if need in names)
        done.append(replace(step, needs=needs, requires=requires))
    for circle in dependency_graph.circles({step.name: list(step.needs or ()) for step in done}):
        place = next(step.place for step in done if step.name == circle[0])
        message = f"depends_on goes in a circle: {' → '.join([*circle, circle[0]])}"
        notation.findings.append(notation.at(place, message, "take one of them out"))
    return tuple(done)


def _grouped(read: Sequence[Step], groups: Sequence[str | None]) -> tuple[Step, ...]:
    """Steps beside each other with the same `group` run at the same time, after all those before them."""
    done: list[Step] = []
    before: tuple[str, ...] = ()
    current: list[str] = []
    last: str | None = None
    for step, group in zip(read, groups, strict=True):
        if current and (group is None or group != last):
            before, current = tuple(current), []
        done.append(replace(step, needs=before))
        current.append(step.name)
        last = group
    return tuple(done)
