"""Recorded objects of a real cluster, and the observation they make."""

from __future__ import annotations

import copy
import functools
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import yaml

from sealane.clients.kubernetes import objects, pod_objects, resources, workloads
from sealane.destinations.kubernetes.converge import owned_objects, registry
from sealane.verdicts import model
from sealane.verdicts.judgement import Rules

FOLDER = Path(__file__).parent / "recorded"
KINDS: dict[str, type[Any]] = {
    kind.__name__: kind
    for kind in (
        workloads.Deployment,
        workloads.ReplicaSet,
        workloads.StatefulSet,
        workloads.DaemonSet,
        workloads.ControllerRevision,
        workloads.Job,
        pod_objects.Pod,
        objects.Event,
        resources.CronJob,
        resources.Service,
        resources.Ingress,
    )
} | {
    "PersistentVolumeClaim": resources.VolumeClaim,
    "HorizontalPodAutoscaler": resources.Autoscaler,
    "PodDisruptionBudget": resources.DisruptionBudget,
    "CustomResourceDefinition": resources.Definition,
    "Widget": resources.Custom,
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
    for entry in recording["objects"]:
        by_kind[entry["kind"]].append(msgspec.convert(entry, KINDS[entry["kind"]]))
    surroundings = owned_objects.OwnedObjects(
        at=at,
        pods=by_kind["Pod"],
        replica_sets=by_kind["ReplicaSet"],
        revisions=by_kind["ControllerRevision"],
        events=by_kind["Event"],
        besides=owned_objects.NamespaceFacts(
            labels=_labels(recording["desired"], by_kind),
            services=frozenset(entry.metadata.name for entry in by_kind["Service"]),
        ),
    )
    parts = []
    for desired in recording["desired"]:
        live = _find(desired, by_kind)
        parts.append(registry.converge(live, surroundings) if live else registry.absent(desired))
    return registry.observation(parts, at=at)


def _find(desired: str, by_kind: dict[str, list[Any]]) -> Any:
    kind, _, name = desired.partition("/")
    return next((entry for entry in by_kind[kind] if entry.metadata.name == name), None)


def _labels(every: list[str], by_kind: dict[str, list[Any]]) -> list[dict[str, str]]:
    """Those of pods that stay, and of what the wanted workloads make."""
    workloads = [_find(name, by_kind) for name in every if name.partition("/")[0] in {"Deployment", "StatefulSet"}]
    made = [workload.spec.template.metadata.labels for workload in workloads if workload]
    return [*made, *(pod.metadata.labels for pod in by_kind["Pod"] if pod.metadata.deletion_timestamp is None)]


def rules(recording: dict[str, Any]) -> Rules:
    """What it is judged by."""
    return Rules(
        started=datetime.fromisoformat(recording["started"]),
        healthy_for=timedelta(seconds=recording["rules"]["healthy_for"]),
        patience=timedelta(seconds=recording["rules"]["patience"]),
        deadline=timedelta(seconds=recording["rules"].get("deadline", 600)),
        made={name: tuple(keys) for name, keys in recording.get("made", {}).items()},
    )
