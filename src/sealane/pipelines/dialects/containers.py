"""Steps and services in the formats of Woodpecker and Drone, which Woodpecker grew from. Pure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sealane.configfiles import fields
from sealane.configfiles.documents import Path
from sealane.findings import Suggestions
from sealane.pipelines import dependency_graph
from sealane.pipelines.dialects import conditions, container_variables, workflows
from sealane.pipelines.dialects.conditions import Words
from sealane.pipelines.dialects.notation import Notation
from sealane.pipelines.model import Service, Step

MOST_SERVICES = 50
"""As in Sealane's own files."""
KNOWN = frozenset({"name", "image", "commands", "environment", "settings", "secrets", "pull", "privileged"})
"""Keys of steps and services in every format."""
STEP = KNOWN | {"entrypoint", "when", "depends_on", "failure", "detach"}
REFUSED: Mapping[str, str] = {
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
IGNORED: Mapping[str, str] = dict.fromkeys(
    ("mem_limit", "memswap_limit", "shm_size", "cpu_quota", "cpu_shares", "cpu_set"),
    "operators set the limits of steps",
)
ONLY_STEPS: Mapping[str, str] = {
    "entrypoint": "a service runs its image's own entry point, or commands",
    "detach": "a service always runs beside the steps: take it out",
    "depends_on": "all services start before the steps",
}
SERVICE_IGNORED: Mapping[str, str] = {
    "when": "it starts for every event",
    "failure": "a service that ends does not fail the run by itself",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Format:
    """What the containers of a format may say."""

    words: Words
    """Of their conditions."""
    step: frozenset[str]
    service: frozenset[str] = KNOWN
    refused: Mapping[str, str] = field(default_factory=lambda: REFUSED)
    ignored: Mapping[str, str] = field(default_factory=lambda: IGNORED)
    only_steps: Mapping[str, str] = field(default_factory=lambda: ONLY_STEPS)
    """Keys that services may not have."""
    directory: str = "directory"
    """The key for the folder in which a step begins."""
    goes_with_needs: bool = True
    """Whether a step is skipped, too, where conditions leave out one that it depends on."""
    settings_beside: bool = False
    """Whether every other key of a step is a setting of its plugin, as in Drone 0.8."""
    failures: Mapping[str, bool] = field(default_factory=lambda: {"fail": False, "ignore": True})
    """Values of `failure`, and whether the failure is ignored then."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    """Variables of all steps, as a document says them at its top."""


_PULLS = ("if-not-exists", "never")
"""Values of `pull` that mean what happens here."""
_SERVICE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?")


def services(notation: Notation, written: Any, path: Path, of: Format) -> tuple[Service, ...]:
    """The services; without a health check of their image, they count as ready once they run."""
    return tuple(_services(notation, written, path, of))


def _services(notation: Notation, written: Any, path: Path, of: Format) -> Iterator[Service]:
    for name, part, where in _at_most(notation, written, path, "service", MOST_SERVICES):
        if not _SERVICE_NAME.fullmatch(name) or name == "localhost":
            notation.wrong(
                where, f"a service can't be called {name[:80]}", "it is reached by its name: letters and digits"
            )
        refused, ignored = {**of.refused, **of.only_steps}, {**of.ignored, **SERVICE_IGNORED}
        notation.keys(part, where, of.service, refused, ignored)
        _rights(notation, part, where)
        given = container_variables.read(notation, part, where)
        commands = notation.texts(part.get("commands"), (*where, "commands"))
        command = notation.texts(part.get("command"), (*where, "command"))
        yield Service(
            name=name,
            image=_image(notation, part, where),
            command=("/bin/sh", "-e", "-c", "\n".join(commands)) if commands else command,
            environment=given.plain,
            secret_variables=given.secret,
            structures=given.structures,
            place=notation.document.key_place(where),
        )


def _at_most(
    notation: Notation, written: Any, path: Path, kind: str, most: int
) -> Iterator[tuple[str, Mapping[str, Any], Path]]:
    """The named parts; of too many only as many as are allowed, with a finding."""
    if isinstance(written, list | dict) and len(written) > most:
        notation.wrong(path, f"{len(written)} {kind}s are too many", f"at most {most}")
    return itertools.islice(notation.named(written, path, kind), most)


def steps(notation: Notation, written: Any, path: Path, of: Format) -> tuple[Step, ...]:
    """The steps: one after the other, unless one has `depends_on` or they stand in groups."""
    read: list[Step] = []
    groups: list[str | None] = []
    names: dict[str, str] = {}
    for name, written_step, where in _at_most(notation, written, path, "step", workflows.MOST_STEPS):
        part = _with_settings(written_step, of) if of.settings_beside else written_step
        notation.keys(part, where, of.step, of.refused, of.ignored)
        own = workflows.slug(name) or f"step-{len(read)}"
        if own in names.values():
            notation.wrong(where, f"{name[:80]} is already the name of a step", "choose another name")
        names[name] = own
        read.append(replace(_step(notation, own, part, where, of), title=name))
        groups.append(notation.text(part.get("group"), (*where, "group")))
    if any(step.needs is not None for step in read):
        return _graph(notation, read, names)
    return _grouped(read, groups) if any(groups) else tuple(read)


def _with_settings(part: Mapping[str, Any], of: Format) -> Mapping[str, Any]:
    """The step with every key that is no key of steps under `settings`; a plugin has no commands."""
    if part.get("commands") is not None:
        return part
    known = {*of.step, *of.refused, *of.ignored} - {"settings"}
    own = {key: value for key, value in part.items() if key in known}
    return {**own, "settings": {key: value for key, value in part.items() if key not in own}}


def _step(notation: Notation, name: str, part: Mapping[str, Any], path: Path, of: Format) -> Step:
    _rights(notation, part, path)
    if notation.flag(part.get("detach"), (*path, "detach")):
        hint = "move it to services, which run beside the steps; they have no workspace"
        notation.wrong((*path, "detach"), "detach is not supported", hint)
    given = container_variables.read(notation, part, path, shared=of.environment, beside=of.settings_beside)
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
        structures=given.structures,
        directory=notation.text(part.get(of.directory), (*path, of.directory)),
        user=notation.text(part.get("user"), (*path, "user")),
        needs=needs_of,
        requires=requires if of.goes_with_needs else (),
        ignores_failure=_failure(notation, part.get("failure"), (*path, "failure"), of),
        when=conditions.read(notation, part.get("when"), (*path, "when"), of.words),
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
    pull = part.get("pull")
    if pull == "always" or (pull not in _PULLS and notation.flag(pull, (*path, "pull"))):
        hint = "an image is fetched where it is missing: name it by its digest, or by a tag that does not move"
        notation.wrong((*path, "pull"), "pull is ignored", hint, warning=True)


def _failure(notation: Notation, written: Any, path: Path, of: Format) -> bool:
    text = notation.text(written, path)
    if text is not None and text not in of.failures:
        notation.wrong(path, f"failure: {text} is not supported", " or ".join(of.failures))
    return text is not None and of.failures.get(text, False)


def needs(notation: Notation, written: Any, path: Path) -> tuple[tuple[str, ...] | None, tuple[str, ...]]:
    """The names as they are written, of all and of those that are not optional."""
    if written is None:
        return None, ()
    listed, requires = [], []
    items = written if isinstance(written, list) else [written]
    if len(items) > workflows.MOST_STEPS:
        notation.wrong(path, f"{len(items)} are too many to depend on", f"at most {workflows.MOST_STEPS}")
        return (), ()
    for index, item in enumerate(items):
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
    suggestions = Suggestions()
    for step in read:
        unknown = [need for need in step.needs or () if need not in names]
        for need in unknown:
            message = f"{step.name} depends on {need}, which is no step here"
            notation.at(step.place, message, suggestions.for_word(need, names))
        needs = None if step.needs is None else tuple(names[need] for need in step.needs if need in names)
        requires = tuple(names[need] for need in step.requires if need in names)
        done.append(replace(step, needs=needs, requires=requires))
    for circle in dependency_graph.circles({step.name: list(step.needs or ()) for step in done}):
        place = next(step.place for step in done if step.name == circle[0])
        message = f"depends_on goes in a circle: {' → '.join([*circle, circle[0]])}"
        notation.at(place, message, "take one of them out")
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
