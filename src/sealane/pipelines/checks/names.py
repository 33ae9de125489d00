"""Names: each only once, and none of Sealane's own. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from sealane.configfiles.documents import Path
from sealane.findings import Finding
from sealane.pipelines import files
from sealane.pipelines.partial import Draft, Part, ServicePart, StepPart

RESERVED_STEPS = {"clone": "every run begins by cloning", "workspace": "it is the folder that steps share"}
RESERVED_SERVICES = {"localhost": "a step means itself by it", "workspace": "it is the folder that steps share"}
RESERVED_PREFIX = "SEALANE_"


def check(draft: Draft) -> Iterator[Finding]:
    """Names used twice or reserved; a file that does nothing."""
    yield from _twice(draft)
    yield from _reserved(draft)
    yield from _variables(draft)
    value = draft.document.value
    if isinstance(value, dict) and not {"steps", "steps_from", "images", "deliver"} & value.keys():
        yield draft.finding((), "nothing is to be done", "add steps, images or deliver")


def _twice(draft: Draft) -> Iterator[Finding]:
    first: dict[str, Part] = {}
    for part in draft.named:
        known = first.setdefault(part.name, part)
        if known is part:
            continue
        kind = "step" if known.path[0] == "steps" else "image"
        where = draft.place(_name_path(known))
        yield Finding(
            message=f"{part.name} is already the name of the {kind} in line {where.line}",
            place=draft.document.key_place(part.path) if part.path[0] == "images" else draft.place(_name_path(part)),
            hint="steps and images share one set of names, because `needs` may mean either",
        )


def _name_path(part: Part) -> Path:
    return (*part.path, "name") if part.path[0] == "steps" else part.path


def _reserved(draft: Draft) -> Iterator[Finding]:
    for step in draft.steps:
        if why := RESERVED_STEPS.get(step.name):
            yield draft.finding((*step.path, "name"), f"a step can't be called {step.name}", why)
    for service in draft.services:
        if why := RESERVED_SERVICES.get(service.name):
            place = draft.document.key_place(service.path)
            yield Finding(message=f"a service can't be called {service.name}", place=place, hint=why)


def _variables(draft: Draft) -> Iterator[Finding]:
    """Variables that Sealane sets, that are set twice, or that have both a secret and a plain value."""
    containers: list[StepPart | ServicePart] = [*draft.steps, *draft.services]
    for part in containers:
        environment = part.file.environment or {}
        for name in environment:
            if name.startswith(RESERVED_PREFIX):
                place = draft.document.key_place((*part.path, "environment", name))
                yield Finding(message=f"{name} is set by Sealane", place=place, hint="choose another name")
    for part in containers:
        yield from _secrets(draft, part.path, part.file.secrets or [], set(part.file.environment or ()))
    for image in draft.images:
        if isinstance(image.file, files.BuildFile):
            yield from _secrets(draft, image.path, image.file.secrets or [], set(image.file.args or ()))


def _secrets(draft: Draft, path: Path, secrets: list[str], plain: set[str]) -> Iterator[Finding]:
    for index, name in enumerate(secrets):
        where = (*path, "secrets", index)
        if name.startswith(RESERVED_PREFIX):
            yield draft.finding(where, f"{name} is set by Sealane", "choose another name for the secret")
        if name in secrets[:index]:
            yield draft.finding(where, f"the secret {name} is listed twice", "keep one")
        if name in plain:
            yield draft.finding(where, f"{name} is both a secret and a plain value here", "keep one of them")
