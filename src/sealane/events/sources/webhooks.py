"""What all webhooks share: what came, what was made of it, and how a signature is checked. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sealane import inputs
from sealane.errors import NotSignedIn, UsageError
from sealane.events.model import Event, RefGone

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """A message that starts nothing, and why."""

    reason: str


Read = Event | RefGone | Ignored


def verify(body: bytes, *, secret: str, signature: str | None) -> None:
    """Checks an HMAC-SHA256 signature in hexadecimal digits, with or without `sha256=` before it.

    Raises UsageError when the app has no webhook secret, NotSignedIn when the signature is missing or wrong.
    """
    if not secret:
        raise UsageError("this app has no webhook secret", hint="set one: sealane app set APP --webhook-secret")
    if not signature:
        raise NotSignedIn("the webhook is not signed", hint="enter the app's webhook secret at the git host")
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(made.encode(), signature.removeprefix("sha256=").lower().encode()):
        raise NotSignedIn("the webhook's signature is wrong", hint="the secret differs from the app's")


def text(payload: Mapping[str, Any], *path: str) -> str:
    """The text at a path of keys, as far as it can be stored. Raises UsageError naming the path when it isn't there."""
    value: Any = payload
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise UsageError(f"the webhook lacks {'.'.join(path)}")
    return inputs.storable(value)


def commit(payload: Mapping[str, Any], *path: str) -> str:
    """The full hash at a path of keys; of zeros only where nothing is. Raises UsageError."""
    value = text(payload, *path)
    if not _COMMIT.fullmatch(value):
        raise UsageError(f"the webhook's {'.'.join(path)} is not the hash of a commit")
    return value


def is_nowhere(hash_: str | None) -> bool:
    """Whether it is what a push names as `before` of a new reference and `after` of a deleted one."""
    return hash_ is not None and set(hash_) == {"0"}


def reference(name: str) -> str:
    """The reference, if git would take it. Raises UsageError."""
    if not inputs.is_reference(name):
        raise UsageError(f"the webhook names {name[:80]!r}, which is no reference of git")
    return name


def maybe(payload: Mapping[str, Any], *path: str) -> str | None:
    """The text at a path of keys, or None."""
    try:
        return text(payload, *path)
    except UsageError:
        return None
