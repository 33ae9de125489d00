"""Values of charts: merges them, and puts image references in by path. Pure.

Values are merged as Helm does: mappings key by key, everything else as a whole.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from sealane.images import references

Path = tuple[str, ...]

_SHORT = 12
_REPOSITORY, _TAG, _DIGEST, _REGISTRY = "repository", "tag", "digest", "registry"


class NoImage(ValueError):
    """The values have no image at a path; the message says why."""


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """The values with others merged over them."""
    result = dict(below)
    for key, value in above.items():
        under = result.get(key)
        both = isinstance(under, Mapping) and isinstance(value, Mapping)
        result[key] = merged(under, value) if both else copy.deepcopy(value)  # type: ignore[arg-type]
    return result


def path_of(written: str) -> Path:
    """The parts of a path that is written with dots."""
    return tuple(written.split("."))


def image_at(defaults: Mapping[str, Any], path: Path, reference: str) -> dict[str, Any]:
    """Values that put the image at the path: as one text or in parts, like the chart's own values.

    A chart without digests writes `repository:tag`, so the digest is appended to the tag; readers of such a reference use
    the digest. Raises NoImage.
    """
    there = _at(defaults, path)
    if isinstance(there, str):
        return _nested(path, reference)
    if not isinstance(there, Mapping):
        raise NoImage("it is no text and no mapping" if there is not None else "nothing is there")
    if _REPOSITORY not in there:
        raise NoImage(f"it has no {_REPOSITORY}")
    if _TAG not in there and _DIGEST not in there:
        raise NoImage(f"it has no {_TAG} and no {_DIGEST}")
    host, name, tag, digest = _parts(reference)
    apart = _REGISTRY in there
    placed = {_REPOSITORY: name if apart or not host else f"{host}/{name}"}
    if apart:
        placed[_REGISTRY] = host
    if _DIGEST in there:
        placed[_DIGEST] = digest
    if _TAG in there:
        placed[_TAG] = tag if _DIGEST in there or not digest else f"{tag}@{digest}"
    return _nested(path, placed)


def image_name(values: Mapping[str, Any], path: Path) -> str:
    """The image at the path without tag and digest. Raises NoImage."""
    there = _at(values, path)
    if isinstance(there, Mapping):
        named = [str(there[key]) for key in (_REGISTRY, _REPOSITORY) if there.get(key)]
        there = "/".join(named) if there.get(_REPOSITORY) else None
    if not isinstance(there, str) or not there:
        raise NoImage("it names no repository")
    try:
        return references.parse(there).repository
    except ValueError as error:
        raise NoImage(f"{there} is no image: {error}") from error


def image_paths(defaults: Mapping[str, Any], above: Path = ()) -> Iterator[str]:
    """Paths where the values seem to have an image."""
    for key, value in defaults.items():
        path = (*above, str(key))
        if isinstance(value, Mapping):
            if _REPOSITORY in value:
                yield ".".join(path)
            yield from image_paths(value, path)
        elif isinstance(value, str) and str(key).lower().endswith("image"):
            yield ".".join(path)


def _parts(reference: str) -> tuple[str, str, str, str]:
    """Host, name, tag and digest; a missing tag is made from the digest.

    An image that is not built yet, `NAME@unbuilt`, still ends in that word when the parts are joined again.
    """
    try:
        read = references.parse(reference)
    except ValueError:
        name, _, digest = reference.partition("@")
        return "", name, name, digest
    digest = read.digest or ""
    return read.host, read.path, read.tag or digest.partition(":")[2][:_SHORT] or "latest", digest


def _at(values: Mapping[str, Any], path: Path) -> Any:
    there: Any = values
    for key in path:
        there = there.get(key) if isinstance(there, Mapping) else None
    return there


def _nested(path: Path, value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    return dict(value)
