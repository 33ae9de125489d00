"""The types of a cluster's objects, from its OpenAPI v3 documents. Pure: reads one document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from sealane.clients.kubernetes import errors, kinds

_REF = "#/components/schemas/"
_KINDS = "x-kubernetes-group-version-kind"


def path(kind: kinds.Kind[Any]) -> str:
    """The path of the document for the kind's group and version."""
    place = f"apis/{kind.group}/{kind.version}" if kind.group else f"api/{kind.version}"
    return f"/openapi/v3/{place}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Schema:
    """One type, and the types it refers to."""

    name: str
    """The type's name, such as `io.k8s.api.core.v1.Probe`; empty for a type without one."""
    plain: Mapping[str, Any]
    types: Mapping[str, Any] = field(repr=False)

    @property
    def fields(self) -> Mapping[str, Schema]:
        """The type's fields by name."""
        return {name: self._of(schema) for name, schema in (self.plain.get("properties") or {}).items()}

    def field(self, name: str) -> Schema | None:
        """The type of one field, or of any value of a map."""
        schema = (self.plain.get("properties") or {}).get(name, self.plain.get("additionalProperties"))
        return self._of(schema) if isinstance(schema, Mapping) else None

    @property
    def item(self) -> Schema | None:
        """The type of a list's items."""
        schema = self.plain.get("items")
        return self._of(schema) if isinstance(schema, Mapping) else None

    @property
    def keys(self) -> tuple[str, ...]:
        """Fields that identify the items of a list (`x-kubernetes-list-map-keys`); none if the list is atomic."""
        return tuple(self.plain.get("x-kubernetes-list-map-keys") or ())

    @property
    def is_set(self) -> bool:
        """Whether a list holds each value at most once (`x-kubernetes-list-type: set`)."""
        return self.plain.get("x-kubernetes-list-type") == "set"

    @property
    def is_atomic(self) -> bool:
        """Whether an object is replaced as a whole, never merged."""
        return self.plain.get("x-kubernetes-map-type") == "atomic"

    @property
    def is_object(self) -> bool:
        """Whether its values have fields."""
        return "properties" in self.plain or self.plain.get("type") == "object"

    @property
    def default(self) -> Any:
        """The default value."""
        return self.plain.get("default")

    @property
    def description(self) -> str:
        """The description in the document."""
        return str(self.plain.get("description") or "")

    def key_of(self, item: Mapping[str, Any], keys: tuple[str, ...]) -> tuple[tuple[str, Any], ...] | None:
        """The keys of one list item, with defaults; None if one is missing. Called on the item's type."""
        parts = []
        for name in keys:
            own = self.field(name)
            value = item.get(name, own.default if own else None)
            if value is None:
                return None
            parts.append((name, value))
        return tuple(parts)

    def _of(self, written: Mapping[str, Any]) -> Schema:
        """The type written in place or referred to; keywords beside a reference take precedence."""
        beside = {key: value for key, value in written.items() if key not in ("allOf", "$ref")}
        parts = list(written.get("allOf") or [])
        ref = written.get("$ref") or (parts[0].get("$ref") if len(parts) == 1 else None)
        if ref is None:
            return Schema(name="", plain=written, types=self.types)
        name = str(ref).removeprefix(_REF)
        return Schema(name=name, plain={**self.types.get(name, {}), **beside}, types=self.types)


class Document:
    """The types of one group and version."""

    def __init__(self, body: bytes) -> None:
        """Raises ClusterError for anything but such a document."""
        try:
            self._types = msgspec.json.decode(body)["components"]["schemas"]
        except (ValueError, RecursionError, KeyError, TypeError) as error:
            raise errors.ClusterError(f"the server's OpenAPI document can't be read: {error}") from error

    def of(self, kind: kinds.Kind[Any]) -> Schema | None:
        """The type of a kind's objects."""
        wanted = {"group": kind.group, "version": kind.version, "kind": kind.kind}
        for name, plain in self._types.items():
            if wanted in (plain.get(_KINDS) or ()):
                return Schema(name=name, plain=plain, types=self._types)
        return None
