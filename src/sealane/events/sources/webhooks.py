"""Shared parts of all webhooks: results, texts, and checks of signatures. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote, urlsplit

from sealane import inputs
from sealane.errors import NotSignedIn, UsageError
from sealane.events.model import Event, Pusher, RefGone, Signed

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """A message that starts nothing, and why."""

    reason: str


Read = Event | RefGone | Ignored
"""The result of a message for one reference."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """One verified message."""

    repository: str | None
    """The full name of the repository that it is about, `team/shop`; None of a host whose messages don't tell."""
    changes: tuple[Read, ...]
    """The result for each reference, at least one."""


_LOGIN = 100
"""Most characters of a login; hosts allow at most 40, or 255."""
_UNPROVABLE = "this app has no webhook secret"
_SET_ONE = "set one: sealane app hook-secret APP"
_ENTER_IT = "enter the app's webhook secret at the git host"
_DIFFERS = "the secret differs from the app's"


def verify(body: bytes, *, secret: str, signature: str | None) -> None:
    """Checks an HMAC-SHA256 signature in hexadecimal digits, with or without `sha256=` before it.

    Raises UsageError when the app has no webhook secret, NotSignedIn when the signature is missing or wrong.
    """
    if not secret:
        raise UsageError(_UNPROVABLE, hint=_SET_ONE)
    if not signature:
        raise NotSignedIn("the webhook is not signed", hint=_ENTER_IT)
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made.encode(), signature.removeprefix("sha256=").lower().encode()):
        raise NotSignedIn("the webhook's signature is wrong", hint=_DIFFERS)


def verify_token(*, secret: str, token: str | None) -> None:
    """Checks a secret that is sent plainly. Raises what `verify` raises."""
    if not secret:
        raise UsageError(_UNPROVABLE, hint=_SET_ONE)
    if not token:
        raise NotSignedIn("the webhook has no secret token", hint=_ENTER_IT)
    if not hmac.compare_digest(secret.encode(), token.encode()):
        raise NotSignedIn("the webhook's secret token is wrong", hint=_DIFFERS)


def pushed_by(read: Read, *, host: str, login: str | None) -> Read:
    """Adds the user, if the host names one: the user signed in there, never a name from a commit."""
    if not isinstance(read, Event) or not login:
        return read
    return replace(read, pusher=Pusher(signed=Signed.HOST, name=inputs.fitted(login, most=_LOGIN), host=host))


def of_another(repository: str | None, registered: str) -> str | None:
    """Why a message about that repository does not count for an app with this registered URL; None if it does.

    One hook of an organization, a group or a project sends messages about all its repositories, forks too, signed with one
    secret; and a commit of a fork can be fetched from the original. The host's name and what precedes the full name
    may differ between the two, because the server may reach the host by another address than people.
    """
    if repository is None:
        return None
    path = unquote(urlsplit(registered).path).strip("/").removesuffix(".git")
    full, names = repository.lower().split("/"), path.lower().split("/")
    if names[-len(full) :] == full:
        return None
    return f"the message is about {repository or 'no repository that it names'}, and the app's is {path}"


def of_a_fork(subject: str, fork: str | None) -> str:
    """Why a request from a fork starts nothing."""
    return f"a {subject} from a fork ({fork or 'deleted'}) is not run: its code is a stranger's"


def text(payload: Mapping[str, Any], *path: str) -> str:
    """The text at a path of keys, fitted for storage. Raises UsageError with the path if it is missing."""
    value: Any = payload
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise UsageError(f"the webhook lacks {'.'.join(path)}")
    return inputs.storable(value)


def number(payload: Mapping[str, Any], *path: str) -> int:
    """The whole number at a path of keys. Raises UsageError with the path if it is missing."""
    value: Any = payload
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise UsageError(f"the webhook lacks {'.'.join(path)}")
    return value


def subject(message: str | None) -> str:
    """The first line of a commit's message."""
    return (message or "").split("\n", 1)[0]


def commit(payload: Mapping[str, Any], *path: str) -> str:
    """The full hash at a path of keys; only zeros if there is no commit. Raises UsageError."""
    value = text(payload, *path)
    if not _COMMIT.fullmatch(value):
        raise UsageError(f"the webhook's {'.'.join(path)} is not the hash of a commit")
    return value


def is_nowhere(hash_: str | None) -> bool:
    """Whether it is the hash that a push has as `before` of a new reference and `after` of a deleted one."""
    return hash_ is not None and set(hash_) == {"0"}


def reference(name: str) -> str:
    """The reference, if git would accept it. Raises UsageError."""
    if not inputs.is_reference(name):
        raise UsageError(f"the webhook names {name[:80]!r}, which is no reference of git")
    return name


def maybe(payload: Mapping[str, Any], *path: str) -> str | None:
    """The text at a path of keys, or None."""
    try:
        return text(payload, *path)
    except UsageError:
        return None
