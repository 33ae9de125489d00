"""Errors: exceptions mean that Sealane, its engine or its cluster could not do it, or was used wrongly. Pure.

What a user's own work comes to (a failed step, a denial, a rollback) is a value, never an exception.

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
    """Errors that are made in here say only what is left of their words by `conceal`, after what conceals around it."""
    outer = _CONCEAL.get()
    token = _CONCEAL.set(conceal if outer is None else lambda text: conceal(outer(text)))
    try:
        yield
    finally:
        _CONCEAL.reset(token)


def concealed(text: str) -> str:
    """The text as an error may say it here and now."""
    conceal = _CONCEAL.get()
    return text if conceal is None else conceal(text)


class SealaneError(Exception):
    """Sealane could not do what was asked.

    Its words are masked when it is made: what secrets are known then stands in none (see `secrets.revealed`).

    `retry` says whether the same call may work later; `http_status` and `exit_code` are what the API and the
    command line answer with; `hint` is what a person can do about it.
    """

    retry: ClassVar[bool] = False
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 3
    comes_back: ClassVar[bool] = False
    """Whether what is away returns unaided, so that who can wait does, for as long as it takes."""
    unreached: ClassVar[bool] = False
    """Whether a destination gave no answer, so that nobody can tell how it fares what is there."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = concealed(message)
        self.hint = concealed(hint) if hint else hint
        super().__init__(self.message)

    @property
    def ours(self) -> bool:
        """Whether Sealane, an engine or a cluster could not do it, and nobody's work or word is to blame."""
        return self.exit_code == SealaneError.exit_code

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(SealaneError):
    """The command or request is not valid."""

    http_status = 422
    exit_code = 2


class InvalidFiles(UsageError):
    """Files have findings; the message tells the first.

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
    """Wrong tokens came too often from there, or for that token; or somebody asks or follows as much as one may already.

    `after` says in how many seconds it may go on.
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
    """It was asked too often; `after` says for how many seconds it wants to be left alone."""

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
    """Where an error happened that nobody foresaw, without its words: they may hold the secret it was about."""
    return f"{''.join(traceback.format_tb(error.__traceback__))}{type(error).__name__}"
