"""Cuts a failure report to the size that its stores take. Pure. What is nearest to the cause is cut last."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

MOST = 64 * 1024
"""Bytes of a failure report, as JSON."""
_STEPS = ((40, 600), (20, 300), (10, 200), (4, 120), (1, 80), (0, 80))
"""Items of each list and characters of each text, the first that fits."""
_LISTS = ("workloads", "instances", "others", "events", "logs", "probes", "terminations", "difference")


def trimmed(failure_report: Mapping[str, Any], most: int = MOST) -> dict[str, Any]:
    """The failure report with as many events, lines and instances as fit: the last events and lines."""
    for items, characters in _STEPS:
        made = {key: _trimmed(key, value, items, characters) for key, value in failure_report.items()}
        if len(msgspec.json.encode(made)) <= most:
            return made
    return {**made, "cause": None}


def cut(text: str, longest: int) -> str:
    """The text, no longer than that."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _trimmed(key: str, value: Any, items: int, characters: int) -> Any:
    if key not in _LISTS:
        return _short(value, items, characters)
    part = value[-items:] if key == "events" and items else value[:items]
    return [_short(item, items, characters, key) for item in part]


def _short(value: Any, items: int, characters: int, key: str = "") -> Any:
    """Plain data with no long text, and no long list in it."""
    if isinstance(value, str):
        return cut(value, characters)
    if isinstance(value, Mapping):
        return {name: _short(part, items, characters, name) for name, part in value.items()}
    if isinstance(value, list | tuple):
        last = key == "lines" and items
        return [_short(item, items, characters) for item in (value[-items:] if last else value[:items])]
    return value
