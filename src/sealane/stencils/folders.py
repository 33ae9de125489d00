"""Folders of the repository that belong to an object: `spec.folder` names one, and its files become `spec.files`. Pure.

Their texts are no stencils: nothing in them is replaced, because they have a language of their own with `${}`. So a
revision holds all that it takes to plan it, and its id covers it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.stencils.model import Rendered

KINDS = frozenset({("opentofu.org/v1", "Configuration")})
"""API version and kind of the objects with a folder."""

Folders = Mapping[str, Mapping[str, str]]
"""The files of each folder: their texts by their path in it."""


def named(value: Any) -> str | None:
    """The folder of an object; None if it has none."""
    if not isinstance(value, Mapping):
        return None
    spec = value.get("spec")
    if (value.get("apiVersion"), value.get("kind")) not in KINDS or not isinstance(spec, Mapping):
        return None
    folder = spec.get("folder")
    return folder.rstrip("/") if isinstance(folder, str) else None


def filled(rendered: Rendered, folders: Folders) -> Rendered:
    """The object with the files of its folder, if it has one."""
    folder = named(rendered.object)
    if folder is None:
        return rendered
    spec = {**rendered.object["spec"], "files": dict(folders.get(folder, {}))}
    return Rendered(object={**rendered.object, "spec": spec}, origin=rendered.origin)
