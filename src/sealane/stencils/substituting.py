"""Substituting: one stencil's document with its words replaced. Pure: the structure stays as it was written."""

from __future__ import annotations

import copy
import math
from typing import Any

from sealane import validating
from sealane.findings import Finding, Place
from sealane.stencils import words
from sealane.stencils.model import Stencil
from sealane.stencils.words import Words

_TEXTS_IN = frozenset({"labels", "annotations", "matchLabels", "nodeSelector"})
_LISTS_OF_TEXTS = frozenset({"args", "command"})
_CORE = frozenset({"v1", "apps", "batch"})
"""Groups of which it is known for certain where texts stand."""
_ENTRIES = {"ConfigMap": ("data",), "Secret": ("stringData",)}


def substitute(stencil: Stencil, known: Words) -> tuple[Any, list[Finding]]:
    """A fresh copy of the document with words replaced, and what is wrong with them at their places."""
    walk = _Walk(stencil, known)
    return walk.node(stencil.document.value), walk.found


class _Walk:
    """Goes through one document; `path` is where it stands."""

    def __init__(self, stencil: Stencil, known: Words) -> None:
        self.stencil = stencil
        self.known = known
        self.path: list[str | int] = []
        self.found: list[Finding] = []
        value = stencil.document.value
        self.is_core = isinstance(value, dict) and str(value.get("apiVersion")).partition("/")[0] in _CORE

    def node(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value) if "${" in value else value
        if self.is_core and value is not None and self.wants_text():
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
        path, result = self.path, {}
        for key, child in value.items():
            path.append(key)
            if "${" in key and words.has_word(key):
                self.bad_key(key)
            result[key] = self.node(child)
            path.pop()
        return result

    def items(self, value: list[Any]) -> list[Any]:
        path, result = self.path, []
        for index, child in enumerate(value):
            path.append(index)
            result.append(self.node(child))
            path.pop()
        return result

    def text(self, text: str) -> Any:
        value, found = words.replace(text, self.known, self.at)
        self.found.extend(found)
        if isinstance(value, float):
            self.finite(value)
        name = words.only_word(text) if isinstance(value, int | float) else None
        if name is not None and self.wants_text():
            return self.known.text(name)
        return copy.deepcopy(value) if isinstance(value, list | dict) else value

    def at(self, token: str, nth: int) -> Place:
        return self.stencil.source.inside(self.stencil.document.place(tuple(self.path)), token, nth)

    def wants_text(self) -> bool:
        """Whether Kubernetes' schema takes nothing but a text here: there a number becomes one."""
        path, kind = self.path, str(self.stencil.document.value.get("kind"))
        if len(path) < 2:
            return False
        above, last = path[-2], path[-1]
        if isinstance(last, int):
            return above in _LISTS_OF_TEXTS
        if last == "value" and isinstance(above, int):
            return len(path) > 2 and path[-3] == "env"
        return above in _TEXTS_IN or (len(path) == 2 and above in _ENTRIES.get(kind, ()))

    def no_text(self, value: Any) -> None:
        """A value where Kubernetes takes nothing but a text: objects says it of an object's own labels."""
        document, path = self.stencil.document, tuple(self.path)
        if self.known.enough or (len(path) == 3 and path[0] == "metadata"):
            return
        message, mend = validating.no_text(value, document.written.get(path), document.rest_of_line(path))
        label = f"item {path[-1] + 1} of {path[-2]}" if isinstance(path[-1], int) else str(path[-1])
        self.known.spent.findings += 1
        self.found.append(Finding(message=f"{label} {message}", place=document.place(path), mend=mend))

    def bad_key(self, key: str) -> None:
        if self.known.enough:
            return
        message, mend = f"{key} is a key; words stand in values only", "write the key out, or $${ for a literal ${"
        place = self.stencil.document.key_place(tuple(self.path))
        self.known.spent.findings += 1
        self.found.append(Finding(message=message, place=place, mend=mend))

    def finite(self, value: float) -> None:
        if not math.isfinite(value):
            place = self.stencil.document.place(tuple(self.path))
            self.found.append(Finding(message=f"{value} is no number that JSON knows", place=place))
