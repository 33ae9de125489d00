"""The field of a decision, and its source. Pure: knows nothing about CEL's engine.

A policy may name its fields in a variable `paths`, such as `spec.containers[name=web].image`. Otherwise, if the
expression selects only one field, it is that one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sealane.configfiles.documents import Path
from sealane.policies import language

_STEP = re.compile(r"""\.?([^.\[\]]+)|\[(\d+)\]|\[['"]([^'"\]]*)['"]\]|\[([A-Za-z]+)=([^\]]*)\]""")


def resolve(text: str, manifest: Mapping[str, Any]) -> Path:
    """The path in the manifest for a field's text, as far as it exists.

    >>> resolve("spec.containers[name=web].image", {"spec": {"containers": [{"name": "web"}]}})
    ('spec', 'containers', 0)
    """
    path: list[str | int] = []
    value: Any = manifest
    for step in _STEP.finditer(text):
        key, index, quoted, field, wanted = step.groups()
        part: str | int | None = key if key is not None else quoted
        if index is not None:
            part = int(index)
        elif field is not None:
            part = _position(value, field, wanted)
        if part is None or not _has(value, part):
            break
        value = value[part]
        path.append(part)
    return tuple(path)


def guess(expression: str, manifest: Mapping[str, Any]) -> str | None:
    """The only field of the object that an expression selects; None for none or several."""
    chains = language.chains(expression, "object") - {("kind",), ("apiVersion",), ("metadata", "name")}
    if len(chains) != 1:
        return None
    (chain,) = chains
    return written(chain) if _has(manifest, chain[0]) else None


def written(path: Sequence[str | int]) -> str:
    """A path as text: `spec.containers[0].image`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", part):
            text += f".{part}" if text else part
        else:
            text += f"['{part}']"
    return text


def _position(value: Any, field: str, wanted: str) -> int | None:
    items = value if isinstance(value, list) else []
    return next(
        (at for at, item in enumerate(items) if isinstance(item, dict) and str(item.get(field)) == wanted), None
    )


def _has(value: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(value, list) and part < len(value)
    return isinstance(value, dict) and part in value
