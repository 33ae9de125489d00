"""Work that runs to its end: Jobs, and pods that are not restarted. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sealane.destinations import model

_KINDS = frozenset({("batch", "Job"), ("", "Pod")})


def is_one_shot(ref: model.ObjectRef) -> bool:
    """Whether it may run to its end."""
    return (ref.group, ref.kind) in _KINDS


def is_over(ref: model.ObjectRef, finished: Collection[str]) -> bool:
    """Whether it is work that ran to its end, by `Kind/name` in `finished`."""
    return is_one_shot(ref) and f"{ref.kind}/{ref.name}" in finished


def ends(manifest: Mapping[str, Any]) -> bool:
    """Whether a revision with it is verified only after its end: a Job that starts something."""
    is_job = manifest["kind"] == "Job" and manifest["apiVersion"] == "batch/v1"
    return is_job and not stands_still(manifest)


def is_fleeting(manifest: Mapping[str, Any]) -> bool:
    """Whether the cluster deletes it after its end."""
    return manifest["kind"] == "Job" and (manifest.get("spec") or {}).get("ttlSecondsAfterFinished") is not None


def stands_still(job: Mapping[str, Any]) -> str | None:
    """The key that keeps a Job from starting anything, so that it never ends on its own."""
    spec = job.get("spec")
    spec = spec if isinstance(spec, Mapping) else {}
    if spec.get("suspend") is True:
        return "suspend"
    parallelism = spec.get("parallelism")
    return "parallelism" if parallelism == 0 and not isinstance(parallelism, bool) else None
