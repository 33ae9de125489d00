"""Who set a field, and when: read from the managed fields that a cluster stores with each object. Pure.

For each manager, Kubernetes records the fields that it set last (`fieldsV1` of KEP-555): `f:NAME` is a field, `k:{…}` an item
of a list with these keys, `v:…` a value of a set. Only fields set by others count, and never the status.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sealane.destinations import model
from sealane.destinations.kubernetes import managed_fields

_STEERING = frozenset(
    {
        "spec.parallelism",
        "spec.paused",
        "spec.replicas",
        "spec.suspend",
        "spec.updateStrategy.rollingUpdate.partition",
    }
)
"""Fields by which people and controllers steer live objects, of any revision."""
_TEMPLATES = ("spec.template", "spec.jobTemplate")
"""Templates of pods: only Sealane sets their image."""

_NAMES = ("name", "containerPort", "port", "mountPath", "key", "type", "ip", "host")


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldManager:
    """Who set a field last, by the cluster's name, and when."""

    manager: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class _Entry:
    setter: FieldManager
    paths: frozenset[str]


class FieldManagers:
    """The fields of one object set by others than `own`, or those set by `own`."""

    def __init__(self, live: Mapping[str, Any], *, own: str, others: bool = True) -> None:
        """`live` is the live object with its managed fields."""
        listed = (live.get("metadata") or {}).get("managedFields") or ()
        self._entries = [
            _entry(entry)
            for entry in listed
            if (entry.get("manager") != own) is others and entry.get("subresource") != "status"
        ]

    def of(self, path: str) -> FieldManager | None:
        """Who set the field of that path, a part of it, or the whole that it is in; if several, the last one."""
        owners = [entry.setter for entry in self._entries if any(_meets(path, owned) for owned in entry.paths)]
        return max(owners, key=lambda manager: manager.at.timestamp() if manager.at else 0.0, default=None)


def noted(change: model.FieldChange, setter: FieldManager | None, own: FieldManager | None = None) -> model.FieldChange:
    """The change with the live value's manager, the time, and whether others may set it; `own` if Sealane owns it."""
    if setter is not None and change.manager in {None, setter.manager}:
        change = replace(change, manager=setter.manager, at=setter.at)
    deployed = own.at if own and change.manager is None and change.before is not None else None
    by_hand = change.manager is None or managed_fields.is_former(change.manager)
    return replace(change, theirs=_is_theirs(change), by_hand=by_hand, deployed=deployed)


def _is_theirs(change: model.FieldChange) -> bool:
    if change.path in _STEERING:
        return True
    made_of = change.path.startswith(_TEMPLATES)
    return change.manager is not None and not made_of and not managed_fields.is_former(change.manager)


def paths(fields: Mapping[str, Any]) -> Iterator[str]:
    """The fields of a record, as paths like in differences."""
    yield from dict.fromkeys(_leaves(fields, ""))


def _entry(written: Mapping[str, Any]) -> _Entry:
    at = written.get("time")
    moment = datetime.fromisoformat(at) if isinstance(at, str) else None
    paths = frozenset(_leaves(written.get("fieldsV1") or {}, ""))
    return _Entry(setter=FieldManager(manager=str(written.get("manager") or "somebody"), at=moment), paths=paths)


def _leaves(node: Mapping[str, Any], path: str) -> Iterator[str]:
    """Paths like in differences: dots between fields, brackets around names of items."""
    deeper = False
    for key, inner in node.items():
        if (step := _step(key)) is None:
            continue
        deeper = True
        joined = path + step if step.startswith("[") or not path else f"{path}.{step}"
        yield from _leaves(inner, joined)
    if path and not deeper:
        yield path


def _step(key: str) -> str | None:
    kind, _, text = key.partition(":")
    if kind == "f":
        return f"[{text}]" if "." in text or "/" in text else text
    if kind == "k":
        keys = json.loads(text)
        named = next((keys[name] for name in _NAMES if name in keys), next(iter(keys.values()), ""))
        return f"[{named}]"
    return None  # the item itself, or a value of a set: its list stands for it


def _meets(path: str, owned: str) -> bool:
    return path == owned or _within(path, owned) or _within(owned, path)


def _within(inner: str, outer: str) -> bool:
    return inner.startswith(outer) and inner[len(outer) :][:1] in {".", "["}
