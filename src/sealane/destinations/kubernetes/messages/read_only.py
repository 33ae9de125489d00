"""A container that could not write: its log shows it, and its own manifest explains it. Pure.

The log is evidence only: there is no hint unless the manifest makes the place read-only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

_REFUSED = re.compile(r"read-?only file ?system|\bEROFS\b", re.IGNORECASE)
"""errno 30 in the messages of libc, Go, Node.js and Java; Python, Ruby and shells use libc's."""
_PATH = re.compile(r"""["'`]?(?P<path>/[^\s"'`:,;()<>\[\]]+)""")


def hint(manifests: Iterable[Mapping[str, Any]], workload: str, container: str, lines: Sequence[str]) -> str | None:
    """How to let the container write there; None unless its log and its manifest both show the problem."""
    line = next((line for line in reversed(lines) if _REFUSED.search(line)), None)
    if line is None:
        return None
    paths = [match["path"] for match in _PATH.finditer(line)]
    desired = PurePosixPath(paths[-1]) if paths else None
    for pod, spec in _containers(manifests, workload, container):
        if mount := _mount(pod, spec, desired):
            return f"It can't write to {desired}: what is mounted at {mount} is read-only"
        if (spec.get("securityContext") or {}).get("readOnlyRootFilesystem") is True:
            where = (
                f", and it writes to {desired}: mount an emptyDir there" if desired else ": mount an emptyDir at /tmp"
            )
            return (
                f"Its root file system is read-only (readOnlyRootFilesystem){where}, or let it write to another volume"
            )
    return None


def _containers(
    manifests: Iterable[Mapping[str, Any]], workload: str, container: str
) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Pod and container of that name: the workload's own first, because variants have other names."""
    containers: list[tuple[bool, Mapping[str, Any], Mapping[str, Any]]] = []
    for manifest in manifests:
        own = f"{manifest.get('kind')}/{(manifest.get('metadata') or {}).get('name')}" == workload
        pod = _pod(manifest)
        named = (*(pod.get("initContainers") or ()), *(pod.get("containers") or ()))
        containers.extend((not own, pod, spec) for spec in named if spec.get("name") == container)
    return [(pod, spec) for _, pod, spec in sorted(containers, key=lambda container: container[0])]


def _pod(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = manifest.get("spec") or {}
    if manifest.get("kind") == "Pod":
        return spec
    if manifest.get("kind") == "CronJob":
        spec = (spec.get("jobTemplate") or {}).get("spec") or {}
    template = spec.get("template")
    return (template.get("spec") or {}) if isinstance(template, Mapping) else {}


def _mount(pod: Mapping[str, Any], container: Mapping[str, Any], path: PurePosixPath | None) -> str | None:
    """The read-only mount that contains the path; the deepest mount counts."""
    if path is None:
        return None
    over = [
        (PurePosixPath(mount.get("mountPath", "")), mount)
        for mount in container.get("volumeMounts") or ()
        if path.is_relative_to(mount.get("mountPath", ""))
    ]
    if not over:
        return None
    place, mount = max(over, key=lambda pair: len(pair[0].parts))
    named = (volume for volume in pod.get("volumes") or () if volume.get("name") == mount.get("name"))
    volume: Mapping[str, Any] = next(named, {})
    fixed = {"configMap", "secret", "projected", "downwardAPI"} & set(volume)
    return str(place) if mount.get("readOnly") is True or fixed else None
