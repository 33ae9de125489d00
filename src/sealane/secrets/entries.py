"""Entries of a decrypted file: `NAME=value` lines or a YAML mapping of texts. Pure. No message contains any content."""

from __future__ import annotations

import re

from sealane.configfiles import documents
from sealane.findings import errors

_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_.-]*)=(.*)")


class Unreadable(ValueError):
    """The text has no entries; the message says where and why."""


def parse(text: str) -> dict[str, str]:
    """All entries. If the first line is `NAME=…`, all lines must be; any other text is YAML.

    In lines, everything after `=` is the value, including quotes; blank lines and lines that begin with # are ignored.
    Values of several lines need YAML. Raises `Unreadable`.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if _matters(line)]
    if not lines:
        raise Unreadable("it is empty")
    return _of_lines(lines) if _LINE.fullmatch(lines[0][1]) else _of_yaml(text)


def _matters(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _of_lines(lines: list[tuple[int, str]]) -> dict[str, str]:
    entries: dict[str, str] = {}
    for number, line in lines:
        match = _LINE.fullmatch(line)
        if match is None:
            raise Unreadable(f"line {number} is not NAME=value")
        if match[1] in entries:
            raise Unreadable(f"line {number} gives {match[1]} a second time")
        entries[match[1]] = match[2]
    return entries


def _of_yaml(text: str) -> dict[str, str]:
    parsed, problems = documents.read(text, "")
    if problems := errors(problems):
        raise Unreadable(f"line {problems[0].place.line} is neither NAME=value nor YAML")
    if len(parsed) != 1 or not isinstance(parsed[0].value, dict):
        raise Unreadable("it is neither NAME=value lines nor one YAML mapping")
    for name, value in parsed[0].value.items():
        if not isinstance(value, str):
            # YAML would read a password such as 0123 as a number and change its text.
            raise Unreadable(f"line {parsed[0].place((name,)).line}: {name} must be a text; quote it")
    return dict(parsed[0].value)
