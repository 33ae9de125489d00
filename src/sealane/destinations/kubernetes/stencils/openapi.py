"""The types of Kubernetes' own kinds, from its OpenAPI document: fields, their types, and keys of lists. Pure.

They are in `openapi.json`, generated from a real cluster's documents by `python -m tests.openapi`.
"""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Mapping
from typing import Any

import msgspec

from sealane import typed_data

ANY = "any"
"""A field that takes any value: an extension, or a type that refers to no other."""


class Type(msgspec.Struct, frozen=True, omit_defaults=True):
    """The values of one type."""

    fields: dict[str, str] = {}
    """Each field with the name of its type."""
    item: str | None = None
    """The type of a list's items."""
    value: str | None = None
    """The type of a map's values."""
    keys: dict[str, Any] | None = None
    """Keys of a list's items, each with its default."""
    once: bool = False
    """A list that may contain each value only once."""


class Table(msgspec.Struct, frozen=True):
    """Types by name, and the type of each kind by `apiVersion kind`. A name without a type is a plain value's."""

    kubernetes: str = ""
    """The version of Kubernetes that it was generated from, such as 1.36."""
    kinds: dict[str, str] = {}
    types: dict[str, Type] = {}

    def of(self, manifest: Mapping[str, Any]) -> str | None:
        """The name of a manifest's type; None for kinds that are not in the table."""
        return self.kinds.get(f"{manifest.get('apiVersion')} {manifest.get('kind')}")


@functools.cache
def builtin() -> Table:
    """The types of Kubernetes' own kinds."""
    text = importlib.resources.files(__package__).joinpath("openapi.json").read_bytes()
    return typed_data.from_json(text, Table)
