"""What the clone step of a file says of the repository; Sealane clones by itself. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.configfiles.documents import Path
from sealane.pipelines.dialects.notation import Notation
from sealane.pipelines.model import Clone

_SETTINGS = frozenset({"depth", "lfs", "recursive", "partial", "tags"})
_STEP = frozenset({"image", "settings", "name"})
_WHY = "Sealane clones by itself"
_IMAGES = ("plugin-git", "plugins/git")
_PATH: Path = ("clone",)


def read(notation: Notation, written: Any, *, beside: bool) -> Clone:
    """The clone of the first step of `clone`; `beside` says that its settings have no key of their own."""
    settings: Mapping[str, Any] = {}
    where = _PATH
    for number, (_, part, path) in enumerate(notation.named(written, _PATH, "clone")):
        image = notation.text(part.get("image"), (*path, "image")) or ""
        if image and not any(known in image for known in _IMAGES):
            notation.wrong((*path, "image"), f"{image} does not clone here", f"{_WHY}: take it out")
        if not beside:
            notation.keys(part, path, _STEP, {}, dict.fromkeys(part, _WHY))
        if number == 0:
            where = path if beside else (*path, "settings")
            listed = part if beside else notation.mapping(part.get("settings"), where)
            settings = {key: value for key, value in listed.items() if not (beside and key in _STEP)}
    notation.keys(settings, where, _SETTINGS, {}, dict.fromkeys(settings.keys() - _SETTINGS, _WHY))
    depth = settings.get("depth")
    recursive = settings.get("recursive")
    return Clone(
        depth=depth if isinstance(depth, int) and depth > 0 else None,
        submodules=None if recursive is None else bool(recursive),
        recursive=bool(recursive),
        lfs=None if settings.get("lfs") is None else bool(settings["lfs"]),
    )
