"""Substitution: one stencil's document with its placeholders replaced. Pure: the structure stays as it was written."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass
from typing import Any

from sealane.configfiles import validation
from sealane.findings import Finding, Place
from sealane.stencils import placeholders
from sealane.stencils.placeholders import Placeholders
from sealane.stencils.sources import Stencil

_TEXTS_IN = frozenset({"labels", "annotations", "matchLabels", "nodeSelector"})
_LISTS_OF_TEXTS = frozenset({"args", "command"})
_CORE = frozenset({"v1", "apps", "batch"})
"""API groups whose text fields are known for certain."""
_ENTRIES = {"ConfigMap": ("data",), "Secret": ("stringData",)}

RAW = "sealane.dev/raw"
"""The annotation of an object in which no placeholders are replaced. It is applied with the object, so that the cluster
shows why there is a `${…}` in it, and so that rendered objects can be used as stencils again."""


def substitute(stencil: Stencil, known: Placeholders) -> tuple[Any, list[Finding]]:
    """A new copy of the document with placeholders replaced, and findings at their places."""
    walk = _Walk(stencil, known)
    return walk.node(stencil.document.value), walk.findings


@dataclass(frozen=True, kw_only=True, slots=True)
class _Object:
    """The object that is being walked."""

    raw: bool
    is_core: bool = False
    kind: str = ""
    depth: int = 0
    """Length of the path at which it begins."""


class _Walk:
    """Walks through one document; `path` is the current position."""

    def __init__(self, stencil: Stencil, known: Placeholders) -> None:
        self.stencil = stencil
        self.known = known
        self.path: list[str | int] = []
        self.findings: list[Finding] = []
        self.object = _Object(raw=stencil.raw)

    def node(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value) if "${" in value and not self.object.raw else value
        if self.object.is_core and value is not None and self.wants_text():
            self.no_text(value)
            return value
        if isinstance(value, dict):
            return self.mapping(value)
        if isinstance(value, list):
            return self.items(value)
        if isinstance(value, float):
            self.finite(value)
        return value

    def mapping(self, value: dict[str, Any]) -> dict[str, Any]:
        path, result, around = self.path, {}, self.object
        if self.is_object():
            api, kind = str(value.get("apiVersion")), str(value.get("kind"))
            raw = around.raw or self.is_raw(value)
            self.object = _Object(raw=raw, is_core=api.partition("/")[0] in _CORE, kind=kind, depth=len(path))
        for key, child in value.items():
            path.append(key)
            if "${" in key and not self.object.raw and placeholders.has_word(key):
                self.bad_key(key)
            result[key] = self.node(child)
            path.pop()
        self.object = around
        return result

    def is_object(self) -> bool:
        """Whether the current position is an object: the document, or an item of a list of objects."""
        keys, indexes = self.path[::2], self.path[1::2]
        return len(keys) == len(indexes) and all(key == "items" for key in keys)

    def is_raw(self, value: dict[str, Any]) -> bool:
        """Whether the object's annotation turns off replacing."""
        metadata = value.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        annotation = annotations.get(RAW) if isinstance(annotations, dict) else None
        if annotation is not None and annotation not in ("true", "false", True, False):
            place = self.stencil.document.place((*self.path, "metadata", "annotations", RAW))
            self.findings.append(
                Finding(message=f"{RAW} can't be {annotation!r}", place=place, hint='"true" or "false"')
            )
        return annotation in ("true", True)

    def items(self, value: list[Any]) -> list[Any]:
        path, result = self.path, []
        for index, child in enumerate(value):
            path.append(index)
            result.append(self.node(child))
            path.pop()
        return result

    def text(self, text: str) -> Any:
        value, findings = placeholders.replace(text, self.known, self.at)
        self.findings.extend(findings)
        if isinstance(value, float):
            self.finite(value)
        name = placeholders.only_word(text) if isinstance(value, int | float) else None
        if name is not None and self.wants_text():
            return self.known.text(name)
        return copy.deepcopy(value) if isinstance(value, list | dict) else value

    def at(self, token: str, nth: int) -> Place:
        return self.stencil.source.inside(self.stencil.document.place(tuple(self.path)), token, nth)

    def wants_text(self) -> bool:
        """Whether Kubernetes' schema allows only a text here, so that a number becomes one."""
        path = self.path[self.object.depth :]
        if len(path) < 2:
            return False
        above, last = path[-2], path[-1]
        if isinstance(last, int):
            return above in _LISTS_OF_TEXTS
        if last == "value" and isinstance(above, int):
            return len(path) > 2 and path[-3] == "env"
        return above in _TEXTS_IN or (len(path) == 2 and above in _ENTRIES.get(self.object.kind, ()))

    def no_text(self, value: Any) -> None:
        """The finding for a value where Kubernetes allows only a text; `objects` reports it for an object's own labels."""
        document, path = self.stencil.document, tuple(self.path)
        below = path[self.object.depth :]
        if self.known.enough or (len(below) == 3 and below[0] == "metadata"):
            return
        message, hint = validation.no_text(value, document.written.get(path), document.rest_of_line(path))
        label = f"item {path[-1] + 1} of {path[-2]}" if isinstance(path[-1], int) else str(path[-1])
        self.known.spent.findings += 1
        self.findings.append(Finding(message=f"{label} {message}", place=document.place(path), hint=hint))

    def bad_key(self, key: str) -> None:
        if self.known.enough:
            return
        message, hint = (
            f"{key} is a key; words stand in values only",
            "write the key out, or leave the file or object raw",
        )
        place = self.stencil.document.key_place(tuple(self.path))
        self.known.spent.findings += 1
        self.findings.append(Finding(message=message, place=place, hint=hint))

    def finite(self, value: float) -> None:
        if not math.isfinite(value):
            place = self.stencil.document.place(tuple(self.path))
            self.findings.append(Finding(message=f"{value} is no number that JSON knows", place=place))
