"""A plan as text for people who review it: a line for each change, and under it what becomes of each value. Pure.

Whatever a configuration or a provider says stays in its line, and what is sensitive is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealane import controls
from sealane.destinations.opentofu import program_output
from sealane.destinations.opentofu.model import Change

_ACTIONS = {
    ("create",): ("+", "create"),
    ("update",): ("~", "change"),
    ("delete",): ("-", "delete"),
    ("delete", "create"): ("-/+", "replace"),
    ("create", "delete"): ("+/-", "replace"),
    ("forget",): (".", "forget"),
}
_LONGEST = 300
_MOST_FIELDS, _MOST_LINES = 200, 5_000


def summary(changes: Sequence[Change]) -> str:
    """What they come to: `2 to create, 1 to delete`. Outputs don't count beside resources."""
    words = [_words(change)[1] for change in changes if change.type != program_output.OUTPUT]
    counts = {word: words.count(word) for word in ("create", "change", "replace", "delete", "forget", "other")}
    told = ", ".join(f"{count} to {word}" for word, count in counts.items() if count)
    return told or ("only outputs change" if changes else "nothing changes")


def lines(configuration: str, changes: Sequence[Change]) -> list[str]:
    """The plan of one configuration."""
    shown = [f"{configuration}: {summary(changes)}", *(line for change in changes for line in _change(change))]
    left = len(shown) - _MOST_LINES
    return [*shown[:_MOST_LINES], f"  … and {left} more lines"] if left > 0 else shown


def _words(change: Change) -> tuple[str, str]:
    return _ACTIONS.get(change.actions, ("?", "other"))


def _change(change: Change) -> Iterator[str]:
    sign, word = _words(change)
    reason = f" ({change.reason.replace('_', ' ')})" if change.reason else ""
    yield _one_line(f"  {sign} {change.address}  {word}{reason}")
    before = change.before if isinstance(change.before, Mapping) else {}
    after = change.after if isinstance(change.after, Mapping) else {}
    if not before and not after:
        if change.before is not None or change.after is not None:
            yield _one_line(f"      {_difference(change.before, change.after)}")
        return
    if "delete" in change.actions and len(change.actions) == 1:
        return
    names = [name for name in dict.fromkeys((*before, *after)) if before.get(name) != after.get(name)]
    for name in names[:_MOST_FIELDS]:
        yield _one_line(f"      {name}: {_difference(before.get(name), after.get(name))}")
    if len(names) > _MOST_FIELDS:
        yield f"      … and {len(names) - _MOST_FIELDS} more"
    if not names and word == "change":
        yield "      only sensitive values"


def _difference(before: Any, after: Any) -> str:
    if before is None:
        return _value(after)
    return f"{_value(before)} → {_value(after)}"


def _value(value: Any) -> str:
    if value in (program_output.SENSITIVE, program_output.UNKNOWN):
        return str(value)
    written = json.dumps(value, ensure_ascii=False)
    return written if len(written) <= _LONGEST else f"{written[:_LONGEST]}…"


def _one_line(line: str) -> str:
    return controls.removed(line.replace("\n", "\\n").replace("\r", "\\r"))
