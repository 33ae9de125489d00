"""Errors. An exception means that Sealane, its engine or its cluster failed, or was used wrongly. Pure.

The result of a user's own work (a failed step, a denial, a rollback) is a value, never an exception.

    SealaneError
    ├── UsageError           2   asked in a way that is not valid
    │   ├── InvalidFiles     2   files with findings
    │   ├── UnknownType      2   a body of a kind that is not read
    │   └── TooLarge         2   a body beyond its limit
    ├── Refused              1   allowed to ask, not allowed to have
    │   ├── NotSignedIn
    │   ├── TooManyAttempts      too often, or too much at a time
    │   └── Conflicting          the name, the sequence or the state says no
    ├── NotThere             2   no such app, run, revision …
    ├── Unavailable          3   an engine, cluster, registry or server did not answer
    │   └── Overrun          3   it answers, and wants to be left alone for a while
    ├── TooSlow              3   a request that did not come whole in time
    └── Fenced               3   another worker took over; nothing was written
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sealane.findings import Finding


_CONCEAL: ContextVar[Callable[[str], str] | None] = ContextVar("conceal", default=None)


@contextmanager
def concealing(conceal: Callable[[str], str]) -> Iterator[None]:
    """Inside, the text of new errors passes through `conceal`, after the concealing contexts around this one."""
    outer = _CONCEAL.get()
    token = _CONCEAL.set(conceal if outer is None else lambda text: conceal(outer(text)))
    try:
        yield
    finally:
        _CONCEAL.reset(token)


def concealed(text: str) -> str:
    """The text as an error may show it here."""
    conceal = _CONCEAL.get()
    return text if conceal is None else conceal(text)


class SealaneError(Exception):
    """Sealane could not do what was asked.

    Its text is masked when it is made: no secret known by then appears in it (see `secrets.revealed`).

    `retry` says whether the same call may work later; `http_status` and `exit_code` are what the API and the
    command line answer with; `hint` is what a person can do about it.
    """

    retry: ClassVar[bool] = False
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 3
    comes_back: ClassVar[bool] = False
    """Whether what is away returns without help, so that a caller that can wait does so for as long as it takes."""
    unreached: ClassVar[bool] = False
    """Whether a destination did not answer, so that the state of what runs there is unknown."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = concealed(message)
        self.hint = concealed(hint) if hint else hint
        super().__init__(self.message)

    @property
    def ours(self) -> bool:
        """Whether Sealane, an engine or a cluster failed, and not the user's work or request."""
        return self.exit_code == SealaneError.exit_code

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(SealaneError):
    """The command or request is not valid."""

    http_status = 422
    exit_code = 2


class InvalidFiles(UsageError):
    """Files have findings; the message shows the first.

    All of them are in `findings`.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        more = f" and {len(findings) - 1} more" if len(findings) > 1 else ""
        super().__init__(f"{findings[0]}{more}")
        self.findings = tuple(findings)


class UnknownType(UsageError):
    """The request's body has a type, charset or compression that is not read."""

    http_status = 415


class TooLarge(UsageError):
    """The request's body is larger than this server takes."""

    http_status = 413


class NotThere(UsageError):
    """Nothing has that name here."""

    http_status = 404


class Refused(SealaneError):
    """The answer is no, and will stay no until a person changes something."""

    http_status = 403
    exit_code = 1


class NotSignedIn(Refused):
    """No valid token or session came with the request."""

    http_status = 401


class TooManyAttempts(Refused):
    """Too many wrong tokens from an address or for a token; or somebody has as many requests or streams open as allowed.

    `after`: seconds until the next try is allowed.
    """

    http_status = 429

    def __init__(self, message: str, *, after: int) -> None:
        super().__init__(message, hint=f"try again in {after} seconds")
        self.after = after


class Conflicting(Refused):
    """The name is taken, or something newer is already there."""

    http_status = 409


class Unavailable(SealaneError):
    """An engine, cluster, registry, database or server did not answer, or could not do it."""

    retry = True
    http_status = 503


class Overrun(Unavailable):
    """It was asked too often; `after`: seconds to wait before asking again."""

    def __init__(self, message: str, *, after: float) -> None:
        super().__init__(message)
        self.after = after


class TooSlow(SealaneError):
    """The request did not come whole in time."""

    retry = True
    http_status = 408


class Fenced(SealaneError):
    """Another worker has taken over; this one has written nothing."""

    http_status = 409


def trace(error: BaseException) -> str:
    """Where an unexpected error happened, without its text, which may contain a secret."""
    return f"{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}"
