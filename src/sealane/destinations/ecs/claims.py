"""Roles and task definitions that an object names, which operators list for an app. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sealane.configfiles.documents import Path
from sealane.destinations.ecs.model import DEFINITION, short
from sealane.stencils.platform import Claim, ClaimKind

_ROLES = frozenset({"role", "roleArn", "RoleArn", "taskRoleArn", "executionRoleArn"})
_RUNS = frozenset({"taskDefinition", "TaskDefinitionArn"})


def of(manifest: Mapping[str, Any]) -> Iterator[Claim]:
    """All of them, each where it is written."""
    if manifest.get("kind") != DEFINITION:
        for path, named in _texts(manifest.get("spec"), _RUNS, ("spec",)):
            if named.rpartition(":")[2].isdigit():
                yield Claim(kind=ClaimKind.ARTIFACT, path=path, name=short(named))
    for path, role in _texts(manifest.get("spec"), _ROLES, ("spec",)):
        yield Claim(kind=ClaimKind.ROLE, path=path, name=role_name(role))


def role_name(role: str) -> str:
    """A role's path and name, by which its account knows it: nobody can pass on another account's."""
    return role.partition(":role/")[2] or role.lstrip("/")


def _texts(value: Any, keys: frozenset[str], path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if key in keys and isinstance(part, str):
                yield (*path, key), part
            else:
                yield from _texts(part, keys, (*path, key))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _texts(part, keys, (*path, number))
