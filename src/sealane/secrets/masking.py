"""Masks secrets: none leaves in a log, wherever the log is cut. Pure: bytes in, bytes out.

Certain bytes are passed on at once; a possible beginning of a secret is kept, however long it takes: passed on, it would
leak when the rest follows. That is at most the length of one secret, and nearly always nothing: a log's line rarely
ends with a secret's beginning.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from sealane import controls
from sealane.controls import Visible
from sealane.errors import UsageError
from sealane.secrets import forms
from sealane.secrets.search import Search, Span

MASK = b"***"
_WRAPPED = re.compile(rb"\n(?<=[A-Za-z0-9+/_-]{60}\n)[ \t]{0,64}(?=[A-Za-z0-9+/_=-]|\Z)")
_WRAPPED_CRLF = re.compile(rb"\r\n(?<=[A-Za-z0-9+/_-]{60}\r\n)[ \t]{0,64}(?=[A-Za-z0-9+/_=-]|\Z)")
"""The end of a line of base64: openssl breaks it at 64 characters, coreutils and MIME at 76."""
_CONTEXT = 64
"""Bytes before the current ones, to recognise lines of base64."""
_MAY_BE_CUT = 200
"""From this length in bytes on, a text may be part of a longer one; shorter limits are marked at the cut."""
_CUT = ("…".encode(), b"...")
_MOST_KEPT = 64 * 1024
"""Most bytes that are kept in addition to the secrets' lengths: a log of only control characters can't fill memory."""


class TooShort(UsageError):
    """A secret too short to be masked without hiding half the log."""


def check(secrets: Mapping[str, str]) -> None:
    """Refuses secrets that can't be masked. Raises TooShort with all their names."""
    short = sorted(name for name, value in secrets.items() if len(value.strip()) < forms.SHORTEST)
    if short:
        raise TooShort(
            f"{'secrets' if len(short) > 1 else 'secret'} {', '.join(short)}: shorter than {forms.SHORTEST} characters,"
            " which can't be masked without blacking out unrelated parts of the log",
            hint="use a longer value; what is not secret belongs under `environment:`",
        )


class Masker:
    """Masks secrets in one log that arrives in pieces of any size.

    Masks every byte of a secret in any of its forms, and control characters inside one, because whoever shows the log
    leaves those out. Overlapping occurrences become one mask; all other bytes stay the same. Raises TooShort.
    """

    def __init__(self, secrets: Mapping[str, str]) -> None:
        check(secrets)
        self._search = Search(set().union(*map(forms.forms, secrets.values())))
        self._kept = b""
        self._before = b""

    @classmethod
    def of(cls, values: Iterable[str]) -> Masker:
        """Masks those of the values that are long enough."""
        return cls({str(at): value for at, value in enumerate(values) if len(value.strip()) >= forms.SHORTEST})

    def another(self) -> Masker:
        """Masks the same secrets in another log."""
        made = Masker({})
        made._search = self._search
        return made

    @property
    def waits(self) -> bool:
        """Whether it keeps a possible beginning of a secret."""
        return bool(self._kept)

    def feed(self, piece: bytes) -> bytes:
        """What can be shown now, masked."""
        if not self._search.wanted:
            return piece
        data = self._kept + piece
        spans, cut = self._look(data)
        end = _before(spans, cut)
        self._kept = data[end:]
        self._before = (self._before + data[:end])[-_CONTEXT:]
        shown = _masked(data[:end], [span for span in spans if span[1] <= end])
        if len(self._kept) <= _MOST_KEPT + 2 * self._search.longest:
            return shown
        self._kept = b""  # a secret's beginning, followed by control characters only
        return shown + MASK

    def flush(self) -> bytes:
        """The rest, once the log has ended; a possible beginning of a secret is masked."""
        data, self._kept = self._kept, b""
        spans, cut = self._look(data)
        if len(data) - cut >= forms.SHORTEST:
            spans.append((cut, len(data)))
        return _masked(data, _merged(spans))

    def whole(self, text: str) -> str:
        """Masks a complete text; for reasons and messages.

        A text that may be part of a longer one (a kubelet cuts containers' messages) may begin or end inside a secret:
        that part of the secret is masked, too.
        """
        if not self._search.wanted:
            return text
        data = text.encode("utf-8", "surrogatepass")
        spans, cut = self._look(data)
        end = len(data)
        for mark in _CUT:
            if data.endswith(mark):
                end -= len(mark)
                cut = self._look(data[:end])[1]
                break
        if end < len(data) or end >= _MAY_BE_CUT:
            spans += [span for span in ((cut, end), (0, self._ends(data))) if span[1] - span[0] >= forms.SHORTEST]
        return _masked(data, _merged(spans)).decode(errors="replace")

    def _ends(self, data: bytes) -> int:
        """The end of a secret's tail at the beginning of the data."""
        visible = controls.visible(data)
        backwards = visible.data[: self._search.longest][::-1]
        length = len(backwards) - self._search.backwards.beginning(backwards)
        return visible.origin(length - 1) + 1 if length else 0

    def _look(self, data: bytes) -> tuple[list[Span], int]:
        """Positions of secrets in the data, plain and as readers see it, and where one may begin at its end."""
        spans, cut = self._search.occurrences(data), self._search.beginning(data)
        before = self._before
        for view in _views(before + data):
            for start, end in self._search.occurrences(view.data):
                last = view.origin(end - 1) + 1 - len(before)
                if last > 0:
                    spans.append((max(0, view.origin(start) - len(before)), last))
            pending = self._search.beginning(view.data)
            if pending < len(view.data):
                cut = min(cut, max(0, view.origin(pending) - len(before)))
        return _merged(spans), cut


def _views(data: bytes) -> Iterator[Visible]:
    """The data as readers see it, if that differs: without control characters, and with joined lines."""
    visible = controls.visible(data)
    if len(visible.data) < len(data):
        yield visible
    wrapped = _WRAPPED_CRLF if b"\r\n" in data else _WRAPPED
    if wrapped.search(data):
        yield controls.without(wrapped, data)


def _merged(spans: list[Span]) -> list[Span]:
    """Merges overlapping spans; adjacent ones stay apart."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return merged


def _before(spans: list[Span], end: int) -> int:
    """`end`, or the start of a span across it: a mask is only shown once its length is known."""
    for start, stop in reversed(spans):
        if start < end < stop:
            return start
    return end


def _masked(data: bytes, spans: list[Span]) -> bytes:
    if not spans:
        return data
    parts: list[bytes] = []
    at = 0
    for start, end in spans:
        parts += (data[at:start], MASK)
        at = end
    parts.append(data[at:])
    return b"".join(parts)
