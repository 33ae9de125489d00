"""An object as a tree of values that know where they were written, so that patched objects keep the places of both. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sealane.configfiles.documents import Path
from sealane.findings import Place
from sealane.stencils.model import Origin


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One value: a mapping, a list or a plain value."""

    value: dict[str, Node] | list[Node] | str | float | bool | None
    place: Place | None = field(default=None, compare=False)
    key_place: Place | None = field(default=None, compare=False)
    """The place of the field's name."""
    written: str | None = field(default=None, compare=False)
    """How a number, true or false is written."""

    @property
    def fields(self) -> dict[str, Node]:
        """Its fields; none unless it is a mapping."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def items(self) -> list[Node]:
        """Its items; none unless it is a list."""
        return self.value if isinstance(self.value, list) else []

    @property
    def size(self) -> int:
        """How many values it has, itself included."""
        return 1 + sum(child.size for child in self._children)

    @property
    def depth(self) -> int:
        """How deep its values are nested; 0 for a plain value."""
        return max((1 + child.depth for child in self._children), default=0)

    @property
    def _children(self) -> Iterable[Node]:
        return self.value.values() if isinstance(self.value, dict) else self.items

    @property
    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain for node in self.value]
        return self.value


def with_fields(node: Node, fields: dict[str, Node]) -> Node:
    """The mapping with other fields."""
    return replace(node, value=fields)


def placed(value: Any, origin: Origin, path: Path = ()) -> Node:
    """The tree of a value at this path of the origin."""
    inner: Any = value
    if isinstance(value, Mapping):
        inner = {key: placed(child, origin, (*path, key)) for key, child in value.items()}
    elif isinstance(value, list):
        inner = [placed(child, origin, (*path, index)) for index, child in enumerate(value)]
    return Node(
        value=inner,
        place=origin.places.get(path),
        key_place=origin.keys.get(path),
        written=origin.written.get(path),
    )


def origin(node: Node, file: str) -> Origin:
    """The places of the tree's values; `file` is where its object begins."""
    places: dict[Path, Place] = {}
    keys: dict[Path, Place] = {}
    written: dict[Path, str] = {}
    for path, part in _walk(node, ()):
        if part.place:
            places[path] = part.place
        if part.key_place:
            keys[path] = part.key_place
        if part.written is not None:
            written[path] = part.written
    return Origin(file=file, places=places, written=written, keys=keys)


def _walk(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    yield path, node
    for key, child in node.fields.items():
        yield from _walk(child, (*path, key))
    for index, child in enumerate(node.items):
        yield from _walk(child, (*path, index))
