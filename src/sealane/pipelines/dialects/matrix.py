"""`matrix` in the formats of Woodpecker and Drone 0.8: one workflow for each combination of values. Pure.

As in Woodpecker (pipeline/frontend/yaml/matrix/matrix.go), but never cut: it drops all combinations after the 27th.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping
from typing import Any

from sealane.configfiles.documents import Path
from sealane.pipelines.dialects.notation import Notation

MOST = 200
_MOST_NODES = 500_000
"""Values of a document, each as often as there are combinations: it is read anew for each."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATH: Path = ("matrix",)

Axis = Mapping[str, str]
"""One combination: the value of each variable."""


def axes(notation: Notation, written: Any) -> tuple[Axis, ...]:
    """All combinations, in the order of the file; none without a matrix."""
    sides = notation.mapping(written, _PATH)
    for name in sides:
        if name != "include":
            _name(notation, name, (*_PATH, name))
    if sides.get("include") is not None:
        for name in sides.keys() - {"include"}:
            notation.wrong((*_PATH, name), f"{name} is not used beside include", "write it into each item of include")
        return _listed(notation, sides["include"])
    values = {name: notation.texts(value, (*_PATH, name)) for name, value in sides.items()}
    values = {name: listed for name, listed in values.items() if listed}
    count = math.prod(len(listed) for listed in values.values())
    if count > MOST:
        notation.wrong(_PATH, f"{count} combinations are too many", f"at most {MOST}")
        return ()
    if not values or _too_large(notation, count):
        return ()
    return tuple(dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values()))


def _listed(notation: Notation, written: Any) -> tuple[Axis, ...]:
    path: Path = (*_PATH, "include")
    if not isinstance(written, list):
        notation.wrong(path, "include must be a list")
        return ()
    if len(written) > MOST:
        notation.wrong(path, f"{len(written)} combinations are too many", f"at most {MOST}")
        return ()
    if _too_large(notation, len(written)):
        return ()
    read = []
    for index, item in enumerate(written):
        axis = {}
        for name, value in notation.mapping(item, (*path, index)).items():
            _name(notation, name, (*path, index, name))
            axis[name] = notation.text(value, (*path, index, name)) or ""
        read.append(axis)
    return tuple(read)


def _too_large(notation: Notation, count: int) -> bool:
    nodes = len(notation.document.values) * count
    if nodes > _MOST_NODES:
        notation.wrong(_PATH, f"the document is too large for {count} combinations", f"at most {_MOST_NODES} values")
    return nodes > _MOST_NODES


def _name(notation: Notation, name: str, path: Path) -> None:
    if not _VARIABLE.fullmatch(name):
        notation.wrong(path, f"{name} is no name of a variable", "letters, digits and underscores, no digit in front")
    elif name == "CI" or name.startswith(("CI_", "SEALANE_")):
        notation.wrong(path, f"{name} is set by Sealane", "choose another name")
