"""Schemas of charts' values that refer to other schemas, which Helm would fetch from any address. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

NAME = "values.schema.json"
_REFERENCES = {"$ref", "$dynamicRef", "$recursiveRef"}
_KNOWN = re.compile(r"https?://json-schema\.org/(?:draft-0[4-7]|draft/20(?:19-09|20-12))/schema#?")
"""Dialects that are built into Helm."""


def reaching_out(files: Mapping[str, bytes]) -> list[tuple[str, str]]:
    """The path of each schema, in the chart or a subchart, that refers to another, with its first reference."""
    schemas = ((path, text) for path, text in files.items() if path.rpartition("/")[2] == NAME)
    return [(path, named) for path, text in schemas if (named := _outside(text)) is not None]


def _outside(text: bytes) -> str | None:
    try:
        pairs: list[tuple[str, Any]] = []

        def keep(entries: list[tuple[str, Any]]) -> dict[str, Any]:
            pairs.extend(entries)  # all of them, because parsers differ on which of two equal keys counts
            return dict(entries)

        json.loads(text, object_pairs_hook=keep)
    except (ValueError, RecursionError):
        return "what is no JSON"
    return next(_others(pairs), None)


def _others(pairs: list[tuple[str, Any]]) -> Iterator[str]:
    for key, value in pairs:
        if key not in _REFERENCES and key != "$schema":
            continue
        named = value if isinstance(value, str) else "what is no text"
        if not (_KNOWN.fullmatch(named) if key == "$schema" else named.startswith("#")):
            yield named[:200]
