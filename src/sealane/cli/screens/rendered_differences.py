"""How the difference of two renderings is shown: object by object, as lines of YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sealane.cli import output

if TYPE_CHECKING:
    from sealane.releases.changes import Changes

_MARKS = {"added": ("+", "green"), "changed": ("~", "yellow"), "removed": ("-", "red")}
_LINES = {"+": "green", "-": "red", "@": "dim"}


def show(changes: Changes) -> None:
    """Prints it for people."""
    for change in changes.objects:
        mark, colour = _MARKS[change.action]
        output.data(output.style(f"{mark} {change.kind} {change.name}", "bold", colour))
        for line in change.lines:
            known = _LINES.get(line[:1])
            output.data(f"    {output.style(line, known) if known else line}")
    for what, entries in (("secrets", changes.secrets), ("configuration", changes.config)):
        if entries:
            output.data(f"{what}: {', '.join(entries)}")
    counts = {action: len(changes.of(action)) for action in _MARKS}
    output.say(", ".join(f"{count} {action}" for action, count in counts.items() if count) or "nothing differs")


def plain(changes: Changes, left: str, right: str) -> dict[str, Any]:
    """The same for programs."""
    return {"left": left, "right": right, "differs": bool(changes), **changes.to_json()}
