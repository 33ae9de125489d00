"""The windows of an environment's file, as values. Pure: takes the parsed file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sealane.configfiles import fields
from sealane.configfiles.documents import Document, Path
from sealane.environments import files, recurrence
from sealane.environments.model import Window, Windows
from sealane.findings import Finding


def windows(written: files.WindowsFile | None, document: Document) -> Windows:
    """The windows of a file without errors."""
    if written is None:
        return Windows()
    return Windows(
        allow=tuple(_window(window, document, path) for path, window in _each(written) if path[1] == "allow"),
        deny=tuple(_window(window, document, path) for path, window in _each(written) if path[1] == "deny"),
        break_glass=tuple(written.break_glass or ()),
    )


def problems(written: files.WindowsFile | None, document: Document) -> list[Finding]:
    """Problems that the shape can't express: unknown zones, invalid rules, windows that never come."""
    findings = []
    for path, window in _each(written) if written else ():
        try:
            reason = recurrence.problem(_window(window, document, path))
        except ValueError as error:
            reason = f"can't be understood: {error}"
        if reason:
            findings.append(Finding(message=f"this window: {reason}", place=document.place(path)))
    return findings


def _each(written: files.WindowsFile) -> Iterator[tuple[Path, files.CronWindow | files.RuleWindow]]:
    for effect, listed in (("allow", written.allow), ("deny", written.deny)):
        for index, window in enumerate(listed or ()):
            yield ("windows", effect, index), window


def _window(written: files.CronWindow | files.RuleWindow, document: Document, path: Path) -> Window:
    rule = written if isinstance(written, files.RuleWindow) else None
    return Window(
        cron=written.cron if isinstance(written, files.CronWindow) else None,
        rrule=rule.rrule if rule else None,
        start=datetime.fromisoformat(rule.start) if rule and rule.start else None,
        duration=fields.duration(written.duration),
        timezone=written.timezone,
        apps=tuple(written.apps or ()),
        reason=written.reason,
        place=document.place(path),
    )
