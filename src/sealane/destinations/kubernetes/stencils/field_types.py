"""The types of an object's fields, from Kubernetes' own kinds and from definitions among the stencils. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sealane.destinations.kubernetes.stencils.openapi import Table, Type

_NO_TYPE = Type()


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownType:
    """See `stencils.merge_patch.FieldType`."""

    table: Table
    name: str

    @property
    def _type(self) -> Type:
        return self.table.types.get(self.name, _NO_TYPE)

    @property
    def keys(self) -> Mapping[str, Any] | None:
        """Keys of a list's items, each with its default."""
        return self._type.keys

    @property
    def once(self) -> bool:
        """A list that may contain each value only once."""
        return self._type.once

    def below(self, key: str) -> KnownType | None:
        """The type of a field."""
        name = self._type.fields.get(key, self._type.value)
        return KnownType(table=self.table, name=name) if name else None

    def item(self) -> KnownType | None:
        """The type of a list's items."""
        return KnownType(table=self.table, name=self._type.item) if self._type.item else None


def of(tables: Sequence[Table], manifest: Mapping[str, Any]) -> KnownType | None:
    """The type of the manifest; None for a kind that no table has."""
    for table in tables:
        if name := table.of(manifest):
            return KnownType(table=table, name=name)
    return None
