"""Error lines that were never seen before. Pure: compares lines, knows nothing about their source.

Two lines are the same when they differ only in what changes from one to the next: numbers, hexadecimal, times, addresses,
UUIDs and quoted words. A line counts as an error by its words, wherever its level stands.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LONGEST = 400
"""Characters of a line that are compared."""
MOST = 500
"""Signatures that are kept of one version."""
ENOUGH = 3
"""How many new lines fail a deployment that asks for it; fewer are only told."""

_ERROR = re.compile(
    r"\b(?:error|exception|fatal|panic(?:ked)?|critical|traceback|segfault|unhandled|fail(?:ed|ure)|E[0-9]{4} )\b"
    r"|(?-i:\b[A-Z]\w*(?:Error|Exception)\b)|level=(?:error|fatal|panic)|\"level\":\s*\"(?:error|fatal|panic)\"",
    re.IGNORECASE,
)
_NO_ERROR = re.compile(
    r"\b(?:0|no|without) (?:errors?|failures?|exceptions?)\b|\b(?:errors?|failed|failures?)[=: ]+0\b|level=(?:info|debug)"
    r"|\"level\":\s*\"(?:info|debug)\"|^\s*(?:\S+\s+){0,3}\[?(?:INFO|DEBUG)\]?\b",
    re.IGNORECASE,
)
_CHANGING = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE), "<uuid>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b"), "<time>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<address>"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "<hex>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{6,}\b", re.IGNORECASE), "<hex>"),
    (re.compile(r"\"[^\"\s]{0,200}\"|'[^'\s]{0,200}'"), "<text>"),
    (re.compile(r"\d+(?:\.\d+)?"), "<n>"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class NewError:
    """One kind of error line that was never seen before."""

    line: str
    """The first of them, as it was printed."""
    times: int


def signature(line: str) -> str:
    """The line without what changes from one to the next."""
    text = line.strip()[:LONGEST]
    for pattern, instead in _CHANGING:
        text = pattern.sub(instead, text)
    return " ".join(text.split())[:LONGEST]


def is_error(line: str) -> bool:
    """Whether a line sounds like an error."""
    text = line[:LONGEST]
    return bool(_ERROR.search(text)) and not _NO_ERROR.search(text)


def error_signatures(lines: Iterable[str]) -> tuple[str, ...]:
    """The signatures of the error lines among these."""
    return tuple(dict.fromkeys(signature(line) for line in lines if is_error(line)))[:MOST]


def novel(before: Iterable[str], lines: Iterable[str]) -> tuple[NewError, ...]:
    """Kinds of error lines whose signature is not among those before, the most frequent first."""
    seen = set(before)
    errors: dict[str, NewError] = {}
    for line in lines:
        if is_error(line) and (key := signature(line)) not in seen:
            known_ = errors.get(key)
            first = known_.line if known_ else line.strip()[:LONGEST]
            errors[key] = NewError(line=first, times=known_.times + 1 if known_ else 1)
    return tuple(sorted(errors.values(), key=lambda error: -error.times))


def too_many(errors: Sequence[NewError]) -> bool:
    """Whether they fail a deployment whose formation says so."""
    return sum(error.times for error in errors) >= ENOUGH


def message(errors: Sequence[NewError]) -> str:
    """What was found, for people."""
    lines = sum(error.times for error in errors)
    more = f" and {len(errors) - 1} other kinds" if len(errors) > 2 else " and another kind" if len(errors) == 2 else ""
    count = "1 error line" if lines == 1 else f"{lines} error lines"
    return f"{count} that the last verified revision never printed: {errors[0].line}{more}"
