"""JSON Patch over objects that know where they were written: https://www.rfc-editor.org/rfc/rfc6902. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from sealane.configfiles.documents import MAX_DEPTH, MAX_NODES
from sealane.findings import did_you_mean
from sealane.stencils.placed_objects import Node

OPERATIONS: Final = ("add", "remove", "replace", "move", "copy", "test")
_ALLOWED = {
    "add": ("path", "value"),
    "remove": ("path",),
    "replace": ("path", "value"),
    "move": ("from", "path"),
    "copy": ("from", "path"),
    "test": ("path", "value"),
}
_END = "-"
"""The index of the item that comes after a list's last one."""


class BadOperation(ValueError):
    """An operation that can't be carried out: `node` is the part of the patch to blame."""

    def __init__(self, message: str, node: Node, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.node, self.hint = message, node, hint


def patched(root: Node, operations: Sequence[Node]) -> Node:
    """The object after all operations, in their order. Raises BadOperation at the first that is not possible."""
    copied = 0
    for operation in operations:
        root, copies = _applied(root, operation)
        copied += copies
        if copied > MAX_NODES:  # each copy may double the object
            raise BadOperation("the patch copies too much", operation)
    return root


def _applied(root: Node, operation: Node) -> tuple[Node, int]:
    """The object after the operation, and how many values were copied."""
    name = _operation(operation)
    path = _pointer(operation, "path")
    blamed = operation.fields["path"]
    if name in ("move", "copy"):
        given = _pointer(operation, "from")
        if name == "move" and path[: len(given)] == given and path != given:
            raise BadOperation(f"{_shown(given)} can't be moved into itself", blamed)
        value = _found(root, given, operation.fields["from"])
        if name == "move":
            root = _removed(root, given, operation.fields["from"])
        return _added(root, path, value, blamed), value.size if name == "copy" else 0
    if name == "remove":
        return _removed(root, path, blamed), 0
    value = operation.fields["value"]
    if name == "test":
        if not _equal(_found(root, path, blamed), value):
            raise BadOperation(f"{_shown(path)} is not what the test says", value)
        return root, 0
    if name == "add":
        return _added(root, path, value, blamed), 0
    _found(root, path, blamed)
    return _at(root, path, blamed, lambda there: replace(value, key_place=there.key_place)), 0


def _operation(operation: Node) -> str:
    """The operation's name, once its fields are checked."""
    if not isinstance(operation.value, dict):
        raise BadOperation("an operation is a mapping", operation, "for example {op: remove, path: /spec/replicas}")
    op = operation.fields.get("op")
    if op is None or op.plain not in OPERATIONS:
        known = " ".join(OPERATIONS)
        raise BadOperation("the operation has no op of JSON Patch", op or operation, f"known here: {known}")
    name = str(op.plain)
    for key in _ALLOWED[name]:
        if key not in operation.fields:
            raise BadOperation(f"{name} needs {key}", operation)
    return name


def _pointer(operation: Node, key: str) -> tuple[str, ...]:
    """The parts of a JSON pointer: https://www.rfc-editor.org/rfc/rfc6901."""
    text = operation.fields[key].plain
    if not isinstance(text, str) or not text.startswith("/"):
        hint = "for example /spec/template/spec/containers/0/image; ~1 stands for a / in a key, ~0 for a ~"
        raise BadOperation(f"{key} must be a pointer that begins with /", operation.fields[key], hint)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text[1:].split("/"))


def _found(root: Node, path: Sequence[str], blamed: Node) -> Node:
    node = root
    for depth, part in enumerate(path):
        node = _child(node, part, path[: depth + 1], blamed)
    return node


def _child(node: Node, part: str, path: Sequence[str], blamed: Node) -> Node:
    if isinstance(node.value, list):
        return node.value[_index(part, len(node.value) - 1, path, blamed)]
    if part not in node.fields:
        known = list(node.fields)
        raise BadOperation(f"{_shown(path)} is not there", blamed, did_you_mean(part, known) if known else None)
    return node.fields[part]


def _index(part: str, most: int, path: Sequence[str], blamed: Node) -> int:
    digits = part.isascii() and part.isdigit() and (part == "0" or not part.startswith("0"))
    if not digits or len(part) > 6 or int(part) > most:
        hint = f"the list has the items 0 to {most}" if most >= 0 else "the list is empty"
        raise BadOperation(f"{_shown(path)} is no item of the list", blamed, hint)
    return int(part)


def _at(root: Node, path: Sequence[str], blamed: Node, change: Callable[[Node], Node]) -> Node:
    """The tree with the node at the path changed."""

    def down(node: Node, depth: int) -> Node:
        if depth == len(path):
            return change(node)
        part = path[depth]
        child = down(_child(node, part, path[: depth + 1], blamed), depth + 1)
        if isinstance(node.value, list):
            index = int(part)
            return replace(node, value=[*node.value[:index], child, *node.value[index + 1 :]])
        return replace(node, value={**node.fields, part: child})

    return down(root, 0)


def _added(root: Node, path: Sequence[str], value: Node, blamed: Node) -> Node:
    part = path[-1]
    if len(path) + value.depth > MAX_DEPTH:
        raise BadOperation(f"{_shown(path[:3])}… would be nested too deeply", blamed)

    def change(parent: Node) -> Node:
        if isinstance(parent.value, list):
            number = len(parent.value)
            index = number if part == _END else _index(part, number, path, blamed)
            return replace(parent, value=[*parent.value[:index], replace(value, key_place=None), *parent.value[index:]])
        if isinstance(parent.value, dict):
            return replace(parent, value={**parent.value, part: value})
        raise BadOperation(f"{_shown(path[:-1])} has no fields", blamed)

    return _at(root, path[:-1], blamed, change)


def _removed(root: Node, path: Sequence[str], blamed: Node) -> Node:
    part = path[-1]

    def change(parent: Node) -> Node:
        _child(parent, part, path, blamed)
        if isinstance(parent.value, list):
            return replace(parent, value=[*parent.value[: int(part)], *parent.value[int(part) + 1 :]])
        return replace(parent, value={key: child for key, child in parent.fields.items() if key != part})

    return _at(root, path[:-1], blamed, change)


def _equal(left: Node, right: Node) -> bool:
    """As JSON compares: true is not 1."""
    if isinstance(left.value, bool) or isinstance(right.value, bool):
        return left.value is right.value
    if isinstance(left.value, dict) and isinstance(right.value, dict):
        return left.value.keys() == right.value.keys() and all(
            _equal(child, right.value[key]) for key, child in left.value.items()
        )
    if isinstance(left.value, list) and isinstance(right.value, list):
        return len(left.value) == len(right.value) and all(map(_equal, left.value, right.value))
    return left.value == right.value


def _shown(path: Sequence[str]) -> str:
    return "/" + "/".join(part.replace("~", "~0").replace("/", "~1") for part in path)
