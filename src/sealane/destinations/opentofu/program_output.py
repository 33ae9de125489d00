"""Reads the JSON of `tofu show` and of the program's messages; values that are sensitive never get any further. Pure.

The formats are those of https://opentofu.org/docs/internals/json-format/ and …/internals/machine-readable-ui/.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sealane.destinations import diff
from sealane.destinations import model as destinations
from sealane.destinations.opentofu.model import API_VERSION, CHANGE, Change, Manifest, StateVersion
from sealane.destinations.outputs import Outputs

OUTPUT = "output"
"""The type of a change of an output, which is no resource's."""
SENSITIVE = "<sensitive>"
UNKNOWN = "<known after apply>"
_LARGEST_OUTPUT = 256 * 1024
"""Characters of JSON: records are read often."""
_LOCKED = "Error acquiring the state lock"


@dataclass(frozen=True, kw_only=True, slots=True)
class Diagnostic:
    """One complaint of the program."""

    summary: str
    detail: str = ""
    address: str = ""
    file: str = ""
    """In the configuration's folder."""
    line: int = 0

    @property
    def sentence(self) -> str:
        """In one line."""
        return " ".join(f"{self.summary}: {self.detail}".split()).rstrip(": ") if self.detail else self.summary

    @property
    def is_lock(self) -> bool:
        """Whether somebody else has the state's lock."""
        return self.summary == _LOCKED


@dataclass(frozen=True, kw_only=True, slots=True)
class LockHolder:
    """Who has a state's lock, as the program tells."""

    id: str
    who: str

    @property
    def host(self) -> str:
        """The machine's name in it."""
        return self.who.rpartition("@")[2]


def changes(plan: Mapping[str, Any]) -> tuple[Change, ...]:
    """What the plan changes, resource by resource; what it only reads is left out."""
    read = (_change(written) for written in plan.get("resource_changes") or ())
    outputs = (_output(name, written) for name, written in (plan.get("output_changes") or {}).items())
    return tuple(change for change in (*read, *outputs) if change.actions not in {("no-op",), ("read",)})


def _change(written: Mapping[str, Any]) -> Change:
    change = written["change"]
    return Change(
        address=str(written["address"]),
        type=str(written["type"]),
        provider=str(written.get("provider_name", "")),
        actions=tuple(change["actions"]),
        before=_hidden(change.get("before"), change.get("before_sensitive"), None),
        after=_hidden(change.get("after"), change.get("after_sensitive"), change.get("after_unknown")),
        reason=str(written.get("action_reason") or ""),
    )


def _output(name: str, change: Mapping[str, Any]) -> Change:
    return Change(
        address=f"output.{name}",
        type=OUTPUT,
        provider="",
        # Nothing that exists is deleted with an output.
        actions=tuple("forget" if action == "delete" else action for action in change["actions"]),
        before=_hidden(change.get("before"), change.get("before_sensitive"), None),
        after=_hidden(change.get("after"), change.get("after_sensitive"), change.get("after_unknown")),
    )


def _hidden(value: Any, sensitive: Any, unknown: Any) -> Any:
    """The value with words in place of what must not or can't be shown."""
    if sensitive is True:
        return SENSITIVE
    if unknown is True:
        return UNKNOWN
    if isinstance(value, Mapping) or isinstance(unknown, Mapping):
        there = value if isinstance(value, Mapping) else {}
        marks = sensitive if isinstance(sensitive, Mapping) else {}
        later = unknown if isinstance(unknown, Mapping) else {}
        names = [*there, *(name for name in later if name not in there and later[name])]
        return {name: _hidden(there.get(name), marks.get(name), later.get(name)) for name in names}
    if isinstance(value, list):
        return [_hidden(item, _at(sensitive, index), _at(unknown, index)) for index, item in enumerate(value)]
    return value


def _at(marks: Any, index: int) -> Any:
    return marks[index] if isinstance(marks, list) and index < len(marks) else None


def diagnostics(printed: str) -> tuple[Diagnostic, ...]:
    """The errors among the program's messages, one JSON object a line."""
    read = (_message(line) for line in printed.splitlines())
    found = [message["diagnostic"] for message in read if message.get("type") == "diagnostic"]
    return tuple(_diagnostic(item) for item in found if item.get("severity") == "error")


def is_applied(printed: str) -> bool:
    """Whether the program says that it has applied a plan to its end."""
    summaries = (_message(line) for line in printed.splitlines())
    return any(
        message.get("type") == "change_summary" and message["changes"].get("operation") in {"apply", "destroy"}
        for message in summaries
    )


def _message(line: str) -> Mapping[str, Any]:
    try:
        message = json.loads(line)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _diagnostic(written: Mapping[str, Any]) -> Diagnostic:
    place = written.get("range") or {}
    return Diagnostic(
        summary=str(written.get("summary", "")),
        detail=str(written.get("detail", "")),
        address=str(written.get("address", "")),
        file=str(place.get("filename", "")),
        line=int((place.get("start") or {}).get("line", 0)),
    )


def lock_holder(complaints: Iterable[Diagnostic]) -> LockHolder | None:
    """Who holds the lock that the program complains of."""
    for complaint in complaints:
        if complaint.is_lock:
            words = [line.split(":", 1) for line in complaint.detail.splitlines() if ":" in line]
            told = {key.strip(): value.strip() for key, value in words}
            return LockHolder(id=told.get("ID", ""), who=told.get("Who", ""))
    return None


def state_version(state: Mapping[str, Any] | None) -> StateVersion:
    """Which state it is."""
    if not state:
        return StateVersion()
    return StateVersion(lineage=str(state.get("lineage", "")), serial=int(state.get("serial", 0)))


def outputs(state: Mapping[str, Any] | None) -> Outputs:
    """What the state gives to others; of those that are sensitive or large only the names."""
    written: Mapping[str, Any] = (state or {}).get("outputs") or {}
    sensitive = tuple(name for name, output in written.items() if output.get("sensitive"))
    values = {name: output.get("value") for name, output in written.items() if name not in sensitive}
    large = tuple(name for name, value in values.items() if len(json.dumps(value)) > _LARGEST_OUTPUT)
    return Outputs(
        values={name: value for name, value in values.items() if name not in large},
        sensitive=sensitive,
        too_large=large,
    )


def resources(state: Mapping[str, Any] | None) -> int:
    """The number of resources in the state."""
    return len((state or {}).get("resources") or ())


def fields(changes: Sequence[Change]) -> tuple[destinations.FieldChange, ...]:
    """The changes as fields of their configuration; what is deleted or made is one field."""
    found: list[destinations.FieldChange] = []
    for change in changes:
        if isinstance(change.before, Mapping) and isinstance(change.after, Mapping):
            parts = diff.differences({"spec": change.before}, {"spec": change.after})
            found += [
                replace(part, path=change.address + part.path.removeprefix("spec"), by_hand=True) for part in parts
            ]
        else:
            found.append(
                destinations.FieldChange(path=change.address, before=change.before, after=change.after, by_hand=True)
            )
    return tuple(found)


def manifest(change: Change, configuration: str, namespace: str) -> Manifest:
    """A change as an object of the revision, in the terms of the plan."""
    spec = {
        "configuration": configuration,
        "address": change.address,
        "type": change.type,
        "provider": change.provider,
        "actions": list(change.actions),
        "before": change.before,
        "after": change.after,
        **({"reason": change.reason} if change.reason else {}),
    }
    metadata = {"name": f"{configuration}:{change.address}", "namespace": namespace}
    return {"apiVersion": API_VERSION, "kind": CHANGE, "metadata": metadata, "spec": spec}
