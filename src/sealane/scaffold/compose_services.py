"""Services of a compose file as task definitions and services of ECS on Fargate, and how true each field stays. Pure.

`compose_fields` puts each field where ECS has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sealane.configfiles.documents import Document, Path
from sealane.findings import Place
from sealane.scaffold.compose_fields import FIELDS, Fidelity, ServiceParts

_VARIABLE = re.compile(r"\$\$|\$\{(\w+)(?::?-([^}]*))?[^}]*\}|\$(\w+)")
_SIZES = {
    256: (512, 2048),
    512: (1024, 4096),
    1024: (2048, 8192),
    2048: (4096, 16384),
    4096: (8192, 30720),
    8192: (16384, 61440),
    16384: (32768, 122880),
}
"""CPU units of Fargate, with the least and the most memory in MiB that goes with each of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Carried:
    """What became of one field."""

    fidelity: Fidelity
    field: str
    place: Place
    words: str = ""
    """What differs, or what to do about it."""


@dataclass(kw_only=True, slots=True)
class Imported:
    """The objects of one compose file, and what became of each field."""

    objects: list[dict[str, Any]] = field(default_factory=list)
    images: dict[str, Any] = field(default_factory=dict)
    """Images that the pipeline has to build, as its file says it."""
    report: list[Carried] = field(default_factory=list)


def read(document: Document) -> Imported:
    """Everything of the file."""
    made = Imported()
    whole = document.value if isinstance(document.value, dict) else {}
    for key in whole:
        if key not in {"services", "name", "version"} and not str(key).startswith("x-"):
            words = "networks, volumes, secrets and configs are the account's: make them there, and name them in the stencils"
            made.report.append(_carried(document, (key,), Fidelity.REFUSED, words))
    for name, service in (whole.get("services") or {}).items():
        if isinstance(service, dict):
            _add(document, str(name), service, made)
    return made


def _carried(document: Document, path: Path, fidelity: Fidelity, words: str) -> Carried:
    shown = ".".join(str(part) for part in path)
    return Carried(fidelity=fidelity, field=shown, place=document.key_place(path), words=words)


def _add(document: Document, name: str, given: Mapping[str, Any], made: Imported) -> None:
    """Adds the objects of one service, and what became of each of its fields."""
    parts = ServiceParts(name=name, container={"name": name, "image": "", "essential": True})
    for key, value in given.items():
        how = FIELDS.get(key)
        if how is None and str(key).startswith("x-"):
            continue
        answer = how(parts, value) if how else (Fidelity.REFUSED, "ECS has nothing like it")
        fidelity, words = (answer, "") if isinstance(answer, Fidelity) else answer
        made.report.append(_carried(document, ("services", name, key), fidelity, words))
    made.images |= parts.images
    made.report += _variables(document, given, ("services", name))
    for kind, content in (("TaskDefinition", _definition(parts)), ("Service", _service(parts))):
        head = {"apiVersion": "ecs.amazonaws.com/v1", "kind": kind, "metadata": {"name": name}}
        made.objects.append({**head, "spec": content})


def _definition(parts: ServiceParts) -> dict[str, Any]:
    fitting = (units for units, (_, most) in _SIZES.items() if units >= parts.cpu * 1024 and most >= parts.memory)
    units = next(fitting, max(_SIZES))
    size = max(_SIZES[units][0], -(-int(parts.memory) // 1024) * 1024)
    return {
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": str(units),
        "memory": str(size),
        **parts.definition,
        "containerDefinitions": [_escaped(parts.container)],
    }


def _service(parts: ServiceParts) -> dict[str, Any]:
    network = {"subnets": ["${subnet_a}", "${subnet_b}"], "securityGroups": ["${security_group}"]}
    return {
        "taskDefinition": parts.name,
        "launchType": "FARGATE",
        "desiredCount": 1,
        "deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        "networkConfiguration": {"awsvpcConfiguration": network},
        **parts.service,
    }


def _variables(document: Document, given: Any, path: Path) -> Iterator[Carried]:
    """Variables of the shell: nobody knows them here."""
    for at, text in _texts(given, path):
        for match in _VARIABLE.finditer(text):
            name = match.group(1) or match.group(3)
            if name and match.group(2) is not None:
                words = f"{name} is taken as its default: {match.group(2)!r}"
                yield _carried(document, at, Fidelity.APPROXIMATED, words)
            elif name:
                words = f"{name} is a variable of the shell: write its value, or a value of the formation"
                yield _carried(document, at, Fidelity.REFUSED, words)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _texts(part, (*path, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _texts(part, (*path, number))
    elif isinstance(value, str):
        yield path, value


def _escaped(value: Any) -> Any:
    """Compose's variables as they are taken, and what a stencil would take for a placeholder as it is."""
    if isinstance(value, dict):
        return {key: _escaped(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_escaped(part) for part in value]
    if not isinstance(value, str):
        return value
    taken = _VARIABLE.sub(lambda match: "$" if match.group(0) == "$$" else match.group(2) or "", value)
    return taken.replace("${", "$${").replace("\0{", "${")
