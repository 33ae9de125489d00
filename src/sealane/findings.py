"""Findings: what is wrong in a file, where, and how to fix it. Pure: knows nothing about files on disk."""

from __future__ import annotations

import codecs
import difflib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

MOST_KNOWN = 30
"""Words that a finding lists; more would hide what it says."""

MOST_COMPARED = 2_000_000
"""Pairs of letters that the search for one similar word may compare."""

MOST_LISTED = 500
"""Errors, and warnings, of one repository that are listed."""

LONGEST = 2_000
"""Characters of a listed message or hint."""

MOST_SUGGESTED = 20
"""Unknown words of one file that are compared with the known ones."""


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
    """The known word that was probably meant, or nothing; `cutoff` is the least similarity, 1 for equal words.

    Strangers choose both words, so only as many known ones are compared as take a fifth of a second.
    """
    candidates = list(known)
    lengths = itertools.accumulate(map(len, candidates))
    compared = [other for other, length in zip(candidates, lengths, strict=True) if length * len(word) <= MOST_COMPARED]
    close = difflib.get_close_matches(word, compared, n=1, cutoff=cutoff)
    return close[0] if close else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """How to fix an unknown word: the most similar known word, else the list of known words."""
    known = sorted(known)
    close = nearest(word, known)
    if close:
        return f"did you mean {close}?"
    more = ", …" if len(known) > MOST_KNOWN else ""
    return f"known here: {', '.join(known[:MOST_KNOWN])}{more}" if known else "nothing is known here"


class Suggestions:
    """How to fix unknown words, where a stranger's file has both the unknown and the known ones.

    Comparing two names of 60 letters takes up to 0.3 ms, and a file could have 40,000 of one and 200 of the other. So only
    the first unknown words get a suggestion.
    """

    def __init__(self) -> None:
        self._left = MOST_SUGGESTED

    def for_word(self, word: str, known: Iterable[str]) -> str | None:
        """As `did_you_mean`; None once the file had its suggestions."""
        if not self._left:
            return None
        self._left -= 1
        return did_you_mean(word, known)


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


def listed(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings as they are stored and shown: a stranger's file may have 100,000, and each may quote all of it."""
    shown: list[Finding] = []
    count = dict.fromkeys(Severity, 0)
    for finding in findings:
        severity = finding.severity
        count[severity] += 1
        if count[severity] <= MOST_LISTED:
            hint = _shortened(finding.hint) if finding.hint else finding.hint
            shown.append(replace(finding, message=_shortened(finding.message), hint=hint))
    for severity, number in count.items():
        if number > MOST_LISTED:
            message = f"{number - MOST_LISTED} more {severity}s are not listed"
            shown.append(
                Finding(message=message, place=shown[-1].place, hint="fix the listed ones first", severity=severity)
            )
    return tuple(shown)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that stop the work."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]
