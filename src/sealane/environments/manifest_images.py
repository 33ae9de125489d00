"""The images that a manifest would run, anywhere in it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sealane.configfiles.documents import Path

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers", "containerDefinitions")
_STEPS = ("container", "script", "steps", "stepTemplate", "sidecars", "sidecar", "initContainer")
"""Fields with one container or a list of them in kinds that create pods (Argo's workflows, Tekton's tasks)."""


def images(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Path and reference of every image, at any depth, so that pods inside unknown kinds are found, too."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key in _CONTAINERS and isinstance(child, list):
                yield from _of_containers(child, (*path, key))
            elif key == "volumes" and isinstance(child, list):
                yield from _of_volumes(child, (*path, key))
            elif key in _STEPS:
                yield from _of_steps(child, (*path, key))
            yield from images(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from images(child, (*path, index))


def _of_containers(containers: list[Any], path: Path) -> Iterator[tuple[Path, Any]]:
    for index, container in enumerate(containers):
        if isinstance(container, dict) and container.get("image") is not None:
            yield (*path, index, "image"), container["image"]


def _of_steps(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """Images of steps; in unknown kinds, only a text is certainly an image."""
    listed = (
        [((*path, index), step) for index, step in enumerate(value)] if isinstance(value, list) else [(path, value)]
    )
    for where, step in listed:
        if isinstance(step, dict) and isinstance(step.get("image"), str):
            yield (*where, "image"), step["image"]


def _of_volumes(volumes: list[Any], path: Path) -> Iterator[tuple[Path, Any]]:
    """Images mounted as volumes (Kubernetes 1.31 and later)."""
    for index, volume in enumerate(volumes):
        image = volume.get("image") if isinstance(volume, dict) else None
        if isinstance(image, dict) and image.get("reference") is not None:
            yield (*path, index, "image", "reference"), image["reference"]
