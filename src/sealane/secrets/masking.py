"""Masking: no secret leaves in a log, however the log is cut. Pure: bytes in, bytes out.

What is certain goes on at once; what could be the beginning of a secret is kept, however long it takes, because letting
it go would leak it when the rest follows. That is at most as much as one secret is long, and nearly always nothing: a
log's line rarely ends in what a secret begins with.
"""

from __future__ import annotations

from collections.abc import Mapping

from sealane.errors import UsageError
from sealane.secrets import forms

MASK = b"***"


class TooShort(UsageError):
    """A secret that can't be masked without blacking out half the log."""


def check(secrets: Mapping[str, str]) -> None:
    """Refuses secrets that can't be masked. Raises TooShort, naming all of them."""
    short = sorted(name for name, value in secrets.items() if len(value.strip()) < forms.SHORTEST)
    if short:
        raise TooShort(
            f"{'secrets' if len(short) > 1 else 'secret'} {', '.join(short)}: shorter than {forms.SHORTEST} characters,"
            " which can't be masked without blacking out unrelated parts of the log",
            mend="use a longer value; what is not secret belongs under `environment:`",
        )


class Masker:
    """Masks secrets in one log that arrives in pieces of any size.

    Every byte that belongs to an occurrence of a secret, in any of its forms, is masked; occurrences that overlap
    become one mask; all other bytes stay as they are. Raises TooShort.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        check(secrets)
        self._forms = sorted(set().union(*map(forms.forms, secrets.values())))
        self._kept = b""

    def feed(self, piece: bytes) -> bytes:
        """What can be shown now, masked."""
        if not self._forms:
            return piece
        data = self._kept + piece
        spans = _merged(_occurrences(data, self._forms))
        end = _before(spans, min((_beginning(data, form) for form in self._forms), default=len(data)))
        self._kept = data[end:]
        return _masked(data[:end], [span for span in spans if span[1] <= end])

    def flush(self) -> bytes:
        """The rest, once the log has ended; what still looks like the beginning of a secret is masked."""
        data, self._kept = self._kept, b""
        spans = _occurrences(data, self._forms)
        cut = min((_beginning(data, form) for form in self._forms), default=len(data))
        if len(data) - cut >= forms.SHORTEST:
            spans.append((cut, len(data)))
        return _masked(data, _merged(spans))

    def whole(self, text: str) -> str:
        """A text that is there as a whole, masked; for reasons and messages."""
        data = text.encode()
        return _masked(data, _merged(_occurrences(data, self._forms))).decode(errors="replace")


_Span = tuple[int, int]


def _occurrences(data: bytes, wanted: list[bytes]) -> list[_Span]:
    """Where each form stands, also where occurrences overlap. One fast search a form beats one regular expression."""
    found: list[_Span] = []
    for form in wanted:
        at = data.find(form)
        while at >= 0:
            found.append((at, at + len(form)))
            at = data.find(form, at + 1)
    return found


def _merged(spans: list[_Span]) -> list[_Span]:
    """Overlapping spans as one; those that merely touch stay apart."""
    merged: list[_Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _beginning(data: bytes, form: bytes) -> int:
    """Where the longest end of `data` begins that is a beginning of `form`, but not all of it."""
    first = form[:1]
    at = data.find(first, max(0, len(data) - len(form) + 1))
    while at >= 0:
        if form.startswith(data[at:]):
            return at
        at = data.find(first, at + 1)
    return len(data)


def _before(spans: list[_Span], end: int) -> int:
    """`end`, or the start of what reaches over it: a mask is shown once it is known how far it goes."""
    for start, stop in reversed(spans):
        if start < end < stop:
            return start
    return end


def _masked(data: bytes, spans: list[_Span]) -> bytes:
    if not spans:
        return data
    parts: list[bytes] = []
    at = 0
    for start, end in spans:
        parts += (data[at:start], MASK)
        at = end
    parts.append(data[at:])
    return b"".join(parts)
