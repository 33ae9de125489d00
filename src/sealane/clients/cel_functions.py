"""Functions that CEL itself lacks, as Google's C++ engine is told of them: once to check types, once to evaluate. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cel_expr_python import cel

_COMPARED = (
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
)
_NUMBERS = ("int", "uint", "double")
COMPARISONS = ("_<_", "_<=_", "_>_", "_>=_")


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """A function that CEL itself lacks.

    Types are CEL's names (`string`, `list<int>`, `dyn`); a name with a dot and a capital, such as
    `kubernetes.Quantity`, is a type of its own whose values `call` takes and returns as canonical text. `call` raises
    ValueError when there is no result.
    """

    name: str
    parameters: tuple[str, ...]
    result: str
    call: Callable[..., Any] | None
    """None: the engine has it and only needs the declaration."""
    member: bool = False


def _is_own(word: str) -> bool:
    return "." in word and not word.startswith("google.") and "<" not in word


def as_type(word: str) -> Any:
    """The engine's type of that name."""
    return cel.Type.AbstractType(word) if _is_own(word) else cel.Type(word)


def _by_name(functions: Sequence[Function]) -> dict[str, list[Function]]:
    named: dict[str, list[Function]] = {}
    for function in functions:
        named.setdefault(function.name, []).append(function)
    return named


def declarations(functions: Sequence[Function]) -> list[Any]:
    """The functions for checking types."""
    return [
        cel.FunctionDecl(
            name,
            [
                cel.Overload(
                    f"{name}({','.join(overload.parameters)})",
                    as_type(overload.result),
                    [as_type(parameter) for parameter in overload.parameters],
                    is_member=overload.member,
                )
                for overload in overloads
            ],
        )
        for name, overloads in _by_name(functions).items()
    ]


def implementations(functions: Sequence[Function]) -> list[Any]:
    """The functions for evaluating: one for each kind of parameters, which chooses by Sealane's own types."""
    declared = []
    for name, overloads in _by_name([function for function in functions if function.call]).items():
        by_kinds: dict[tuple[bool, tuple[str, ...]], list[Function]] = {}
        for overload in overloads:
            by_kinds.setdefault((overload.member, tuple(map(_kind, overload.parameters))), []).append(overload)
        made = [
            cel.Overload(
                f"{name}:{index}",
                cel.Type.DYN,
                [cel.Type(kind) for kind in kinds],
                is_member=member,
                impl=_dispatching(alike),
            )
            for index, ((member, kinds), alike) in enumerate(by_kinds.items())
        ]
        declared.append(cel.FunctionDecl(name, made))
    return declared


def _kind(word: str) -> str:
    """The kind of a type at run time, where only kinds of values can be told apart."""
    if _is_own(word) or word.startswith("map"):
        return "map"
    if word == "dyn":
        return "any"
    return "list" if word.startswith("list") else word


def _dispatching(overloads: Sequence[Function]) -> Callable[..., Any]:
    """A function that chooses by Sealane's own types among overloads that look alike to the engine."""

    def call(*arguments: Any) -> Any:
        for overload in overloads:
            taken = [_taken(word, value) for word, value in zip(overload.parameters, arguments, strict=True)]
            if overload.call and all(fits for fits, _ in taken):
                given = overload.call(*(value for _, value in taken))
                return {overload.result: given} if _is_own(overload.result) else given
        message = "no such overload"
        raise ValueError(message)

    return call


def _taken(word: str, value: Any) -> tuple[bool, Any]:
    if not _is_own(word):
        return True, value
    fits = isinstance(value, dict) and word in value
    return fits, value[word] if fits else None


def comparisons() -> list[Function]:
    """All comparisons, also those between kinds of numbers, which the engine has but does not declare."""
    pairs = [(kind, kind) for kind in _COMPARED] + [(a, b) for a in _NUMBERS for b in _NUMBERS if a != b]
    return [Function(name=name, parameters=pair, result="bool", call=None) for name in COMPARISONS for pair in pairs]


def printing() -> list[Function]:
    """`string` of all kinds that can be compared."""
    return [Function(name="string", parameters=(kind,), result="string", call=None) for kind in _COMPARED]


def inserting() -> list[Function]:
    """The functions that transformMap and transformMapEntry expand to; the engine declares them but lacks them."""

    def entry(into: dict[Any, Any], key: Any, value: Any) -> dict[Any, Any]:
        if key in into:
            message = f"insert failed: key {key} already exists"
            raise ValueError(message)
        return {**into, key: value}

    def merged(into: dict[Any, Any], more: dict[Any, Any]) -> dict[Any, Any]:
        for key, value in more.items():
            into = entry(into, key, value)
        return into

    name = "cel.@mapInsert"
    return [
        Function(name=name, parameters=("map", "dyn", "dyn"), result="map", call=entry),
        Function(name=name, parameters=("map", "map"), result="map", call=merged),
    ]
