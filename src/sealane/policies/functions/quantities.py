"""Quantities of resources: `quantity('500m').isLessThan(quantity('1'))`. Pure: knows nothing about policies.

A quantity's canonical text is its exact value as a fraction, so that equal quantities are equal values. The grammar
is that of k8s.io/apimachinery/pkg/api/resource.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from sealane.clients.cel_functions import Function

QUANTITY = "kubernetes.Quantity"
_GRAMMAR = re.compile(r"([+-]?(?:\d+(?:\.\d*)?|\.\d+))([a-zA-Z]{0,2}|[eE][+-]?\d+)|[+-]?()([a-zA-Z]{1,2})")
_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50, "Ei": 2**60}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_SMALLEST = Fraction(1, 10**9)
_INT64 = range(-(2**63), 2**63)
_LONGEST = 64
_LARGEST_EXPONENT = 1000


@functools.lru_cache(maxsize=4096)
def parse(text: str) -> Fraction:
    """The exact value, rounded away from zero to a billionth as Kubernetes does; raises ValueError."""
    match = _GRAMMAR.fullmatch(text) if len(text) <= _LONGEST else None
    if not match:
        raise ValueError(_wrong(text))
    number, suffix = (Fraction(match[1]), match[2]) if match[1] else (Fraction(0), match[4])  # Mi alone means zero
    if suffix in _BINARY:
        value = number * _BINARY[suffix]
    elif suffix in _DECIMAL:
        value = number * Fraction(10) ** _DECIMAL[suffix]
    elif suffix[:1] in "eE" and suffix[1:].lstrip("+-").isdigit():
        exponent = int(suffix[1:])
        if abs(exponent) > _LARGEST_EXPONENT:
            raise ValueError(_wrong(text))
        value = number * Fraction(10) ** exponent
    else:
        raise ValueError(_wrong(text))
    return _rounded(value)


def is_quantity(text: str) -> bool:
    """Whether the text is a quantity."""
    try:
        parse(text)
    except ValueError:
        return False
    return True


@functools.lru_cache(maxsize=4096)
def printed(text: str) -> str:
    """A quantity in the API server's format: `1024Mi` is `1Gi`, `0.5` is `500m`; raises ValueError.

    Keeps the family of its suffix, with the largest one that leaves a whole number.
    """
    value = parse(text)
    match = _GRAMMAR.fullmatch(text)
    suffix = (match[2] or "") if match else ""
    if suffix in _BINARY and value.denominator == 1 and abs(value) >= _BINARY["Ki"]:
        for unit in reversed(_BINARY):
            if value % _BINARY[unit] == 0:
                return f"{value / _BINARY[unit]}{unit}"
        return str(value)
    if suffix[:1] in ("e", "E") and suffix not in _DECIMAL:
        return _with_exponent(value)
    for unit, exponent in reversed(_DECIMAL.items()):
        scaled = value / Fraction(10) ** exponent
        if scaled.denominator == 1:
            return f"{scaled}{unit}" if value else "0"
    return str(value)


def _with_exponent(value: Fraction) -> str:
    for exponent in range(18, -10, -3):
        scaled = value / Fraction(10) ** exponent
        if scaled.denominator == 1:
            return f"{scaled}e{exponent}" if exponent and value else str(scaled)
    return str(value)


def _rounded(value: Fraction) -> Fraction:
    if (value / _SMALLEST).denominator == 1:
        return value
    steps = abs(value) // _SMALLEST + 1
    return steps * _SMALLEST if value > 0 else -steps * _SMALLEST


def _wrong(text: str) -> str:
    if _GRAMMAR.fullmatch(text):
        return "unable to parse quantity's suffix"
    return (
        "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        if text
        else "quantities must not be empty"
    )


def _integer(text: str) -> int:
    value = Fraction(text)
    if not _whole(text):
        message = "cannot convert value to integer"
        raise ValueError(message)
    return int(value)


def _whole(text: str) -> bool:
    value = Fraction(text)
    return value.denominator == 1 and int(value) in _INT64


def _sign(text: str) -> int:
    value = Fraction(text)
    return (value > 0) - (value < 0)


def _compared(left: str, right: str) -> int:
    return (Fraction(left) > Fraction(right)) - (Fraction(left) < Fraction(right))


def _on(name: str, more: tuple[str, ...], result: str, call: Callable[..., Any]) -> Function:
    return Function(name=name, parameters=(QUANTITY, *more), result=result, call=call, member=True)


FUNCTIONS = (
    Function(name="quantity", parameters=("string",), result=QUANTITY, call=lambda text: str(parse(text))),
    Function(name="isQuantity", parameters=("string",), result="bool", call=is_quantity),
    Function(name="sign", parameters=(QUANTITY,), result="int", call=_sign),
    _on("isGreaterThan", (QUANTITY,), "bool", lambda left, right: _compared(left, right) > 0),
    _on("isLessThan", (QUANTITY,), "bool", lambda left, right: _compared(left, right) < 0),
    _on("compareTo", (QUANTITY,), "int", _compared),
    _on("asApproximateFloat", (), "double", lambda text: float(Fraction(text))),
    _on("asInteger", (), "int", _integer),
    _on("isInteger", (), "bool", _whole),
    _on("add", (QUANTITY,), QUANTITY, lambda left, right: str(Fraction(left) + Fraction(right))),
    _on("add", ("int",), QUANTITY, lambda left, right: str(Fraction(left) + right)),
    _on("sub", (QUANTITY,), QUANTITY, lambda left, right: str(Fraction(left) - Fraction(right))),
    _on("sub", ("int",), QUANTITY, lambda left, right: str(Fraction(left) - right)),
)
