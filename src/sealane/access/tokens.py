"""Tokens: `sln_ID_SECRET`. The id finds the row, the secret is checked against its argon2 hash. Nothing is kept in clear."""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

import argon2
from argon2.exceptions import InvalidHashError, VerificationError

PREFIX = "sln"

_HASHER = argon2.PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's recommendation
_ID_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedToken:
    """A fresh token: its text is shown once, its hash is kept."""

    id: str
    text: str = field(repr=False)
    hash: str = field(repr=False)


def mint() -> IssuedToken:
    """A fresh token of 256 random bits. Takes about 20 ms: call it off the event loop."""
    token_id = "".join(secrets.choice(_ID_LETTERS) for _ in range(10))
    secret = secrets.token_urlsafe(32)
    return IssuedToken(id=token_id, text=f"{PREFIX}_{token_id}_{secret}", hash=_HASHER.hash(secret))


def parse(text: str) -> tuple[str, str] | None:
    """Id and secret of a token's text, or None when it is none."""
    prefix, _, rest = text.partition("_")
    token_id, _, secret = rest.partition("_")
    if prefix != PREFIX or not secret or len(text) > 200 or not token_id.isalnum() or not text.isascii():
        return None
    return token_id, secret


def matches(hashed: str, secret: str) -> bool:
    """Whether the secret is the one that was hashed. Takes about 20 ms: call it off the event loop."""
    try:
        return _HASHER.verify(hashed, secret)
    except (VerificationError, InvalidHashError):
        return False


@functools.cache
def decoy() -> str:
    """The hash of a secret that nobody has: checked where there is no token, so that it takes the same time."""
    return _HASHER.hash(secrets.token_urlsafe(32))


def derive(key: bytes, *words: str) -> str:
    """A secret derived from the server's key and the words, so that it need not be stored."""
    return hmac.new(key, "\0".join(words).encode(), hashlib.sha256).hexdigest()
