"""Lists: sum, min, max, isSorted, indexOf and lastIndexOf. Pure: knows nothing about policies."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from sealane.clients.cel_functions import Function

_TIMES = ("google.protobuf.Duration", "google.protobuf.Timestamp")
_SUMMABLE = ("int", "uint", "double")
_COMPARABLE = (*_SUMMABLE, "bool", "string", "bytes")


def is_sorted(items: Sequence[Any]) -> bool:
    """Whether no item is greater than the next; raises ValueError if they can't be compared."""
    _comparable(items)
    return all(left <= right for left, right in itertools.pairwise(items))


def total(items: Sequence[Any]) -> Any:
    """The sum of numbers, 0 for an empty list; raises ValueError for anything else."""
    if any(isinstance(item, bool) or not isinstance(item, int | float) for item in items):
        message = "no such overload"
        raise ValueError(message)
    return sum(items)


def smallest(items: Sequence[Any]) -> Any:
    """The least item; raises ValueError for an empty list."""
    return min(_filled("min", items))


def largest(items: Sequence[Any]) -> Any:
    """The greatest item; raises ValueError for an empty list."""
    return max(_filled("max", items))


def index_of(items: Sequence[Any], item: Any) -> int:
    """The first index of the item, or -1."""
    return next((index for index, element in enumerate(items) if _equal(element, item)), -1)


def last_index_of(items: Sequence[Any], item: Any) -> int:
    """The last index of the item, or -1."""
    return next((index for index in reversed(range(len(items))) if _equal(items[index], item)), -1)


def _filled(name: str, items: Sequence[Any]) -> Sequence[Any]:
    if not items:
        message = f"{name} called on empty list"
        raise ValueError(message)
    _comparable(items)
    return items


def _comparable(items: Sequence[Any]) -> None:
    kinds = {"number" if isinstance(item, int | float) and not isinstance(item, bool) else type(item) for item in items}
    if len(kinds) > 1 or kinds & {dict, list, type(None)}:
        message = "no such overload"
        raise ValueError(message)


def _equal(left: Any, right: Any) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _member(name: str, parameters: tuple[str, ...], result: str, call: Any) -> Function:
    return Function(name=name, parameters=parameters, result=result, call=call, member=True)


FUNCTIONS = (
    *(_member("sum", (f"list<{kind}>",), kind, total) for kind in _SUMMABLE),
    *(_member("isSorted", (f"list<{kind}>",), "bool", is_sorted) for kind in (*_COMPARABLE, *_TIMES)),
    *(_member("min", (f"list<{kind}>",), kind, smallest) for kind in _COMPARABLE),
    *(_member("max", (f"list<{kind}>",), kind, largest) for kind in _COMPARABLE),
    _member("indexOf", ("list<dyn>", "dyn"), "int", index_of),
    _member("lastIndexOf", ("list<dyn>", "dyn"), "int", last_index_of),
)
