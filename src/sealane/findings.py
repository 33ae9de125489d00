"""Findings: what is wrong in a file, where, and how to fix it. Pure: knows nothing about files on disk."""

from __future__ import annotations

import codecs
import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

MOST_KNOWN = 30
"""Words that a finding lists; more would hide what it says."""


_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Severity(StrEnum):
    """How bad a finding is; only errors stop the work."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Place:
    """A place in a file; line and column count from 1, 0 when only the file is known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing wrong at one place."""

    message: str
    place: Place
    hint: str | None = None
    severity: Severity = field(default=Severity.ERROR)

    def __str__(self) -> str:
        text = f"{self.place}: {self.message}"
        return f"{text} ({self.hint})" if self.hint else text


def nearest(word: str, known: Iterable[str], *, cutoff: float = 0.6) -> str | None:
    """The known word that was probably meant, or nothing; `cutoff` is the least similarity, 1 for equal words."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=cutoff)
    return close[0] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """How to fix an unknown word: the most similar known word, else the list of known words."""
    known = sorted(known)
    close = nearest(word, known)
    if close:
        return f"did you mean {close}?"
    more = ", …" if len(known) > MOST_KNOWN else ""
    return f"known here: {', '.join(known[:MOST_KNOWN])}{more}" if known else "nothing is known here"


def not_utf8(error: UnicodeDecodeError, file: str) -> Finding:
    """The finding that a file is not UTF-8 text, at the first byte that is not."""
    if error.object.startswith(_UTF16):
        message = "not UTF-8 text, but UTF-16"
        return Finding(message=message, place=Place(file=file, line=1, column=1), hint="save it as UTF-8")
    before = error.object[: error.start].rpartition(b"\n")
    column = len(before[2].removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace")) + 1
    place = Place(file=file, line=(before[0] + before[1]).count(b"\n") + 1, column=column)
    message = f"not UTF-8 text: the byte 0x{error.object[error.start]:02X} can't stand here"
    return Finding(message=message, place=place, hint="save it as UTF-8")


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that stop the work."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]
