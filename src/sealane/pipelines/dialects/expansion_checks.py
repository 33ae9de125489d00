"""Findings about `${…}` in a document: what can't be replaced, and variables that are empty here. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sealane.configfiles.documents import Path
from sealane.findings import Place
from sealane.pipelines import variable_expansion
from sealane.pipelines.dialects.notation import Notation

MOST_WORDS = 1000
"""Words `${…}` of one document: each has its price whenever a step starts."""


def check(notation: Notation, value: Any, given: Collection[str], prefixes: tuple[str, ...]) -> None:
    """Notes them, one a place. `given` are the variables of steps; all others with one of the prefixes are empty."""
    _check(notation, value, (), given, prefixes, set())
    if notation.words > MOST_WORDS:
        notation.wrong((), f"the file has {notation.words} words ${{…}} to replace", f"at most {MOST_WORDS}")


def _check(
    notation: Notation, value: Any, path: Path, given: Collection[str], prefixes: tuple[str, ...], seen: set[Place]
) -> None:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            _check(notation, item, (*path, key), given, prefixes, seen)
    elif isinstance(value, str) and (place := notation.document.place(path)) not in seen:
        seen.add(place)
        notation.words += variable_expansion.count(value)
        if word := variable_expansion.problem(value):
            notation.wrong(path, f"{word} can't be replaced", "write $$ for a $ that the shell is to see", value=True)
        for name in variable_expansion.names(value):
            if name.startswith(prefixes) and name not in given:
                hint = "Sealane gives a part of these variables"
                notation.wrong(path, f"{name} is not known here, and empty", hint, warning=True, value=True)
        for name in variable_expansion.in_braces(value):
            if name not in given and name not in notation.axis and not name.startswith(prefixes):
                hint = f"write ${name} or $${{{name}}} for a variable of the shell"
                notation.wrong(path, f"${{{name}}} is empty", hint, warning=True, value=True)
