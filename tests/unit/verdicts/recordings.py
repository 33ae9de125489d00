"""Recorded objects of a real cluster, and the observation they make."""

from __future__ import annotations

import copy
import functools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import yaml

from sealane.clients.kubernetes import objects
from sealane.verdicts import model
from sealane.verdicts.convergence import around, every_kind

FOLDER = Path(__file__).parent / "recorded"
KINDS = {
    kind.__name__: kind
    for kind in (
        objects.Deployment,
        objects.ReplicaSet,
        objects.StatefulSet,
        objects.DaemonSet,
        objects.ControllerRevision,
        objects.Job,
        objects.Pod,
        objects.Event,
    )
}


def names() -> list[str]:
    """All recordings."""
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def load(name: str) -> dict[str, Any]:
    """One recording as plain data."""
    return copy.deepcopy(_parsed(name))


@functools.cache
def _parsed(name: str) -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load((FOLDER / f"{name}.yaml").read_text(), Loader=loader)


def observe(recording: dict[str, Any]) -> model.Observation:
    """What is seen of the wanted workloads in the recorded objects."""
    at = datetime.fromisoformat(recording["at"])
    by_kind: dict[str, list[Any]] = {kind: [] for kind in KINDS}
    for each in recording["objects"]:
        by_kind[each["kind"]].append(msgspec.convert(each, KINDS[each["kind"]]))
    surroundings = around.Around(
        at=at,
        pods=by_kind["Pod"],
        replica_sets=by_kind["ReplicaSet"],
        revisions=by_kind["ControllerRevision"],
        events=by_kind["Event"],
    )
    parts = []
    for wanted in recording["wanted"]:
        kind, _, name = wanted.partition("/")
        found = next((each for each in by_kind[kind] if each.metadata.name == name), None)
        parts.append(every_kind.converge(found, surroundings) if found else every_kind.absent(wanted))
    return every_kind.observation(parts, at=at)


def rules(recording: dict[str, Any]) -> model.Rules:
    """What it is judged by."""
    return model.Rules(
        started=datetime.fromisoformat(recording["started"]),
        healthy_for=timedelta(seconds=recording["rules"]["healthy_for"]),
        patience=timedelta(seconds=recording["rules"]["patience"]),
        made={name: tuple(keys) for name, keys in recording.get("made", {}).items()},
    )
