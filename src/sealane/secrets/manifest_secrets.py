"""Values of Secrets in a formation's own manifests, or at its destination: masked like any other. Pure."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Any

from sealane.secrets import forms, parts

_GIVEN = "<secret "
"""The beginning of a placeholder for a value from a store."""


def is_secret(manifest: Mapping[str, Any]) -> bool:
    """Whether it is a v1 Secret, whose values are never shown."""
    return manifest.get("kind") == "Secret" and manifest.get("apiVersion") == "v1"


def values(objects: Iterable[Mapping[str, Any]], *, made: tuple[str, ...] = ()) -> dict[str, str]:
    """The values of each Secret's entries by `NAME/KEY`, without those too short or too common to mask.

    Values of Secrets whose names begin with one of `made` come from stores, so they are never common words.
    """
    by_key: dict[str, str] = {}
    for manifest in objects:
        if not is_secret(manifest):
            continue
        name = manifest["metadata"]["name"]
        texts = {key: _decoded(value) for key, value in (manifest.get("data") or {}).items()}
        texts |= {key: str(value) for key, value in (manifest.get("stringData") or {}).items()}
        by_key |= {
            f"{name}/{key}": text for key, text in texts.items() if _is_value(key, text, is_made=name.startswith(made))
        }
    return by_key


def _is_value(key: str, text: str, *, is_made: bool) -> bool:
    if len(text.strip()) < forms.SHORTEST or text.startswith(_GIVEN):
        return False
    return is_made or not parts.is_plain(key, text)


def _decoded(value: object) -> str:
    try:
        return base64.b64decode(str(value), validate=False).decode("utf-8", "surrogateescape")
    except binascii.Error:  # the cluster will report it
        return str(value)
