"""Scalars: the values of plain words in YAML. Pure.

YAML 1.2's core schema with Kubernetes' habit of leading-zero octals (`0644`): `yes`, `no`, `on` and dates are texts.
"""

from __future__ import annotations

import math
import re

_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o?[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_FLOATS = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}
_LONGEST = 40
"""Most digits of a number; Python is slow with a million of them."""


def plain(text: str) -> str | int | float | bool | None:  # noqa: PLR0911 - one return a kind is the clearest form
    """The value of a scalar without quotes.

    >>> plain("0644"), plain("3.10"), plain("yes"), plain("~")
    (420, 3.1, 'yes', None)
    """
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE"}:
        return True
    if text in {"false", "False", "FALSE"}:
        return False
    if len(text) > _LONGEST:
        return text
    if _OCTAL.fullmatch(text) and text != "0":
        return int(text.replace("o", ""), 8)
    if _INT.fullmatch(text):
        return int(text)
    if _HEX.fullmatch(text):
        return int(text, 16)
    if text.lower() in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[text.lower()]
    number = float(text) if _FLOAT.fullmatch(text) else math.inf
    return text if math.isinf(number) else number  # 12e4567 is more likely a commit than a number
