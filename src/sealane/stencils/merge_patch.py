"""Strategic merge patches: an object in part, laid over the whole one. Pure.

Mappings are merged field by field and `null` takes a field away. A list of items with keys is merged item by item, a list that
may hold each value once gets the values it lacks, and any other list is replaced. Directives: `$patch: replace` replaces a mapping or a
list, `$patch: delete` takes an item or the object away.
https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sealane.findings import Finding, Place
from sealane.stencils.placed_objects import Node

_PATCH = "$patch"
_DIRECTIVES = ("$setElementOrder/", "$deleteFromPrimitiveList/", "$retainKeys")
_KNOWN = "known here: replace, delete, merge"


class FieldType(Protocol):
    """The type of a value as its kind's schema says."""

    @property
    def keys(self) -> Mapping[str, Any] | None:
        """Keys of a list's items, each with its default."""
        ...

    @property
    def once(self) -> bool:
        """A list that may contain each value only once."""
        ...

    def below(self, key: str) -> FieldType | None:
        """The type of a field; None if nothing is known of it."""
        ...

    def item(self) -> FieldType | None:
        """The type of a list's items; None if nothing is known of them."""
        ...


FieldTypes = Callable[[Mapping[str, Any]], FieldType | None]
"""The type of a manifest; None if its kind is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Merge:
    """One patch; collects its problems."""

    place: Place
    """The patch's own."""
    findings: list[Finding] = field(default_factory=list)

    def merged(self, there: Node | None, patch: Node, kind: FieldType | None) -> Node | None:
        """What is there with the patch laid over it; None if the patch takes it away."""
        if patch.value is None:
            return None
        if isinstance(patch.value, dict):
            return self._mapping(there, patch, kind)
        if isinstance(patch.value, list):
            return self._list(there, patch, kind)
        return patch

    def _mapping(self, there: Node | None, patch: Node, kind: FieldType | None) -> Node | None:
        directive = self._directive(patch)
        if directive == "delete":
            return None
        old = there.fields if there is not None and directive != "replace" else {}
        fields = dict(old)
        for key, child in patch.fields.items():
            if key == _PATCH or self._unknown(key, child):
                continue
            made = self.merged(old.get(key), child, kind.below(key) if kind else None)
            if made is None:
                fields.pop(key, None)
            else:
                fields[key] = made
        kept = there is not None and isinstance(there.value, dict)
        return replace(there if there is not None and kept else patch, value=fields)

    def _list(self, there: Node | None, patch: Node, kind: FieldType | None) -> Node:
        ways = [item for item in patch.items if item.fields.keys() == {_PATCH}]
        items = [item for item in patch.items if item.fields.keys() != {_PATCH}]
        replaces = any(self._directive(way) == "replace" for way in ways)
        old = there.items if there is not None and not replaces else []
        item_type = kind.item() if kind else None
        if kind and kind.keys:
            return replace(there or patch, value=self._by_keys(old, items, kind.keys, item_type))
        if kind and kind.once:
            return replace(there or patch, value=[*old, *(item for item in items if item not in old)])
        made = (self.merged(None, item, item_type) if item.fields else item for item in items)
        return replace(patch, value=[item for item in made if item is not None])

    def _by_keys(
        self, old: list[Node], items: list[Node], keys: Mapping[str, Any], item_type: FieldType | None
    ) -> list[Node]:
        merged: list[Node | None] = list(old)
        index = {_key(item, keys): position for position, item in enumerate(old)}
        for item in items:
            key = _key(item, keys)
            if key is None:
                missing = [name for name, default in keys.items() if name not in item.fields and default is None]
                self._wrong(
                    f"the item needs {' and '.join(missing or keys)}", item, "items of this list are told apart by it"
                )
                continue
            position = index.get(key)
            made = self.merged(None if position is None else merged[position], item, item_type)
            if position is not None:
                merged[position] = made
            elif made is not None:
                index[key] = len(merged)
                merged.append(made)
            else:
                self._wrong("there is no such item to take away", item, None)
        return [item for item in merged if item is not None]

    def _directive(self, patch: Node) -> str | None:
        directive = patch.fields.get(_PATCH)
        if directive is None:
            return None
        if directive.plain not in ("replace", "delete", "merge"):
            self._wrong(f"{_PATCH} can't be {directive.plain!r}", directive, _KNOWN)
        return str(directive.plain)

    def _unknown(self, key: str, child: Node) -> bool:
        if not key.startswith(_DIRECTIVES):
            return False
        self._wrong(f"{key} is not understood here", child, "use $patch: replace, or a JSON patch")
        return True

    def _wrong(self, message: str, node: Node, hint: str | None) -> None:
        self.findings.append(Finding(message=message, place=node.key_place or node.place or self.place, hint=hint))


def _key(item: Node, keys: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """The values that tell the item apart; None if one is missing."""
    values = tuple(item.fields[key].plain if key in item.fields else default for key, default in keys.items())
    return None if any(value is None or isinstance(value, dict | list) for value in values) else values
