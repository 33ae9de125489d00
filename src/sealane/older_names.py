"""Stored plain data of versions before 0.2, renamed to the current names. Pure.

Used in two places: by the migration of a server's tables, and for a ledger that a command line left at a destination. Data
with the current names stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Plain = Mapping[str, Any]

_FACTS = {
    "machine_silent": "node_not_responding",
    "old_stays": "old_pod_stuck",
    "points_nowhere": "target_missing",
    "start_trouble": "create_error",
}
_KINDS = {"http": "http", "query": "metric", "job": "job", "alerts": "alerts"}
_GATES = {"most_failed": "max_failures", "most": "max", "over": "duration"}


def finding(data: Plain) -> dict[str, Any]:
    """A finding in a file."""
    return _renamed(data, {"mend": "hint"})


def verdict(data: Plain) -> dict[str, Any]:
    """How a deployment ended."""
    return _with(_renamed(data, {"dossier_id": "failure_report_id"}), "cause", _cause)


def failure_report(data: Plain) -> dict[str, Any]:
    """The evidence of a failed deployment."""
    renamed = _with(_renamed(data, {"ends": "terminations"}), "cause", _cause)
    return observation(_with_each(renamed, "others", _cause))


def observation(data: Plain) -> dict[str, Any]:
    """What was seen of a deployment's objects."""
    seen = _with_each(data, "workloads", lambda workload: _renamed(workload, {"wanted": "desired", "says": "message"}))
    seen = _with_each(
        seen, "instances", lambda instance: _renamed(instance, {"wanted": "desired", "leaving": "terminating"})
    )
    return _with_each(seen, "facts", lambda fact: _fact(_renamed(fact, {"born": "created"}), "kind"))


def revision(data: Plain) -> dict[str, Any]:
    """A rendered revision: its gates, and its check for new error lines."""
    return _with_each(_with(data, "strategy", _strategy), "annotations", _annotation)


def history(data: Plain) -> dict[str, Any]:
    """The deployments in a ledger."""
    renamed = _with(_renamed(data, {"dossier": "failure_report"}), "failure_report", failure_report)
    renamed = _with_each(renamed, "records", lambda record: _with(record, "verdict", verdict))
    revisions = {key: revision(stored) for key, stored in renamed.get("revisions", {}).items()}
    return {**renamed, **({"revisions": revisions} if revisions else {})}


def _strategy(data: Plain) -> dict[str, Any]:
    renamed = _with_each(data, "gates", _gate)
    return _with(
        renamed, "guard", lambda guards: {key: "warn" if part == "note" else part for key, part in guards.items()}
    )


def _annotation(data: Plain) -> dict[str, Any]:
    if "database" not in data:
        return dict(data)
    options = {"database": data["database"]} if data["database"] is not None else {}
    return {**{key: part for key, part in data.items() if key != "database"}, "options": options}


def _gate(gate: Plain) -> dict[str, Any]:
    """Each kind of gate had a key of its own for its check; now its kind and its check stand side by side."""
    old = next((key for key in _KINDS if gate.get(key)), None)
    if "kind" in gate or old is None:
        return dict(gate)
    check = _renamed(gate[old], _GATES)
    if old == "query":
        options = {key: check.pop(key) for key in ("window", "database") if key in check}
        check["options"] = {key: part for key, part in options.items() if part is not None}
    return {
        **{key: part for key, part in gate.items() if key not in _KINDS},
        "kind": _KINDS[old],
        "check": check,
        "url": check.get("url"),
        "references": check.get("keys", {}),
        "job": check if old == "job" else None,
        "asks_itself": old in {"http", "job"},
    }


def _cause(data: Plain) -> dict[str, Any]:
    return _fact(data, "reason")


def _fact(data: Plain, key: str) -> dict[str, Any]:
    return {**data, **({key: _FACTS.get(data[key], data[key])} if key in data else {})}


def _renamed(data: Plain, names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(key, key): value for key, value in data.items()}


def _with(data: Plain, key: str, part: Callable[[Plain], Any]) -> dict[str, Any]:
    return {**data, **({key: part(data[key])} if data.get(key) else {})}


def _with_each(data: Plain, key: str, part: Callable[[Plain], Any]) -> dict[str, Any]:
    return {**data, **({key: [part(entry) for entry in data[key]]} if data.get(key) else {})}
