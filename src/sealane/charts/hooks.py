"""Hooks of charts: which rendered objects run around a release, when, and in which order. Pure.

Source of the events, of the order by weight and name, and of what Helm waits for (Jobs and Pods):
https://helm.sh/docs/topics/charts_hooks/.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sealane.charts.model import ChartObject

HOOK = "helm.sh/hook"
_WEIGHT = "helm.sh/hook-weight"
_OWN = {HOOK, _WEIGHT, "helm.sh/hook-delete-policy", "helm.sh/hook-output-log-policy"}
_BEFORE = {"pre-install": "install", "pre-upgrade": "upgrade"}
_AFTER = {"post-install": "install", "post-upgrade": "upgrade"}
_TESTS = frozenset({"test", "test-success"})
KNOWN = frozenset({*_BEFORE, *_AFTER, *_TESTS})
"""Hook events that are supported."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HookJob:
    """A Job that runs around a release."""

    job: ChartObject
    before: tuple[str, ...] = ()
    """Which of `install` and `upgrade` it runs before."""
    after: tuple[str, ...] = ()
    test: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class SortedObjects:
    """The rendered objects of a chart, by how they are used."""

    objects: tuple[ChartObject, ...] = ()
    """The release's objects, and the objects that hooks need besides Jobs; they stay, as with Helm."""
    early: tuple[ChartObject, ...] = ()
    """The objects that hooks before the release need."""
    jobs: tuple[HookJob, ...] = ()
    """In the order in which they run."""
    unknown: tuple[tuple[ChartObject, str], ...] = ()
    """Hooks with an unsupported event."""


def sort(printed: Sequence[ChartObject], skip: Collection[str] = ()) -> SortedObjects:
    """Sorts the objects; skipped events are removed from hooks, and a hook without another event is dropped."""
    objects: list[ChartObject] = []
    early: list[ChartObject] = []
    jobs: list[tuple[int, str, HookJob]] = []
    unknown: list[tuple[ChartObject, str]] = []
    for item in printed:
        written = annotation(item.value, HOOK)
        if written is None:
            objects.append(item)
            continue
        events = [event for event in _events(written) if event not in skip]
        unknown += [(item, event) for event in events if event not in KNOWN]
        plain = replace(item, value=_without(item.value))
        before, after = (tuple(named[event] for event in events if event in named) for named in (_BEFORE, _AFTER))
        if (job := _as_job(plain)) is not None:
            hook = HookJob(job=job, before=before, after=after, test=bool(_TESTS & {*events}))
            jobs.append((_weight(item.value), str(job.value["metadata"].get("name")), hook))
        elif events:
            objects.append(plain)
            early += [plain] if before else []
    in_order = sorted(jobs, key=lambda job: job[:2])
    return SortedObjects(
        objects=tuple(objects),
        early=tuple(early),
        jobs=tuple(hook for *_, hook in in_order if hook.before or hook.after or hook.test),
        unknown=tuple(unknown),
    )


def annotation(value: Any, name: str) -> str | None:
    """The annotation of an object; None if it has none, or is not an object."""
    metadata = value.get("metadata") if isinstance(value, Mapping) else None
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    written = annotations.get(name) if isinstance(annotations, Mapping) else None
    return None if written is None else str(written)


def _events(written: str) -> Iterable[str]:
    return dict.fromkeys(event for part in written.split(",") if (event := part.strip()))


def _weight(value: Any) -> int:
    try:
        return int(annotation(value, _WEIGHT) or 0)
    except ValueError:
        return 0


def _without(value: Mapping[str, Any]) -> dict[str, Any]:
    """The object without Helm's hook annotations."""
    metadata = value["metadata"]
    others = {name: text for name, text in metadata["annotations"].items() if name not in _OWN}
    rest = {key: part for key, part in metadata.items() if key != "annotations"}
    return {**value, "metadata": {**rest, **({"annotations": others} if others else {})}}


def _as_job(item: ChartObject) -> ChartObject | None:
    """The Job itself, or a Job that runs the Pod; None for other kinds."""
    value = item.value
    kind = (value.get("apiVersion"), value.get("kind"))
    if kind == ("batch/v1", "Job"):
        return item
    if kind != ("v1", "Pod") or not isinstance(value.get("spec"), Mapping):
        return None
    again = "OnFailure" if value["spec"].get("restartPolicy") == "OnFailure" else "Never"
    template = {
        "metadata": dict(_labels(value["metadata"])),
        "spec": {**value["spec"], "restartPolicy": again},
    }
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": dict(value["metadata"]),
        "spec": {"backoffLimit": 0, "template": template},
    }
    return replace(item, value=job)


def _labels(metadata: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key in ("labels", "annotations"):
        if key in metadata:
            yield key, metadata[key]
