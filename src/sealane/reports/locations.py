"""Where a test failed, from its report or the stack trace in it. Pure.

Reports seldom state a place, and then it is where the test begins. The stack trace, in each language, names the line that
failed: the line in the test's own file, or else the deepest one that is not in a library.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sealane.reports.model import Case

_WORKSPACE = "/workspace/"
_LIBRARIES = re.compile(
    r"(^|/)(site-packages|dist-packages|node_modules|vendor|lib/python[0-9.]+|usr/local/go)/|^node:|<"
)
_LONGEST_LINE = 1_000

_PYTEST = re.compile(r"^(?P<file>[^\s:]+\.py):(?P<line>[0-9]{1,7}):")
_PYTHON = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>[0-9]{1,7})')
_GO = re.compile(r"^\s*(?P<file>[^\s:]+\.go):(?P<line>[0-9]{1,7})(?::|\s|$)")
_JAVA = re.compile(
    r"^\s*at (?:[^\s(]*/)?(?P<name>[^\s(/]+)\((?P<file>\w+\.(?:java|kt|groovy|scala)):(?P<line>[0-9]{1,7})\)"
)
_SCRIPT = re.compile(
    r"^\s*at (?:.{0,200}\()?(?:file://)?(?P<file>[^\s():]+\.[cm]?[jt]sx?):(?P<line>[0-9]{1,7}):[0-9]{1,7}\)?"
)
_PLAIN = re.compile(r"^\s*(?P<file>[^\s:]+\.(?:php|rb|rs|c|cc|cpp|h|hpp|cs|swift|exs?)):(?P<line>[0-9]{1,7})(?::|\s|$)")


def locate(case: Case) -> tuple[str | None, int | None]:
    """File and line; either may be None."""
    own = _short(case.file) if case.file else None
    lines = [line for line in case.text.splitlines() if len(line) <= _LONGEST_LINE]
    location = _java(case, lines) or _deepest(own, lines) or _first(own, lines)
    if location:
        return location
    return own, case.line if own and case.line else None


def _java(case: Case, lines: list[str]) -> tuple[str, int] | None:
    """The topmost frame in the test's own class; the file's folder follows from the package."""
    for line in lines:
        frame = _JAVA.match(line)
        if frame and case.suite and frame["name"].startswith((f"{case.suite}.", f"{case.suite}$")):
            return frame["file"], int(frame["line"])
    return None


def _deepest(own: str | None, lines: list[str]) -> tuple[str, int] | None:
    """The deepest frame of Python's traces, which comes last."""
    frames = [*_frames((_PYTEST, _PYTHON), lines)]
    inside = [frame for frame in frames if frame[0] == own]
    return next(reversed(inside or frames), None)


def _first(own: str | None, lines: list[str]) -> tuple[str, int] | None:
    """The deepest frame of other languages' traces, which comes first."""
    frames = [*_frames((_GO, _SCRIPT, _PLAIN), lines)]
    inside = [frame for frame in frames if frame[0] == own]
    return next(iter(inside or frames), None)


def _frames(patterns: tuple[re.Pattern[str], ...], lines: list[str]) -> Iterator[tuple[str, int]]:
    for line in lines:
        for pattern in patterns:
            frame = pattern.match(line)
            if frame and not _LIBRARIES.search(frame["file"]):
                yield _short(frame["file"]), int(frame["line"])


def _short(file: str) -> str:
    """The path relative to the workspace."""
    return file.removeprefix(_WORKSPACE).removeprefix("./")
