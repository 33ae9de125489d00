"""Ids for new rows: short, unguessable, fit for URLs, file names and containers."""

from __future__ import annotations

import hashlib
import secrets

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def new(prefix: str) -> str:
    """A new id such as `r-k3m9q2xw7p`; with ten letters of 32, a collision takes centuries."""
    return f"{prefix}-" + "".join(secrets.choice(_LETTERS) for _ in range(10))


def derived(prefix: str, *words: str) -> str:
    """An id derived from its purpose, so that a repeated step finds what it made before."""
    digest = hashlib.sha256("\0".join((prefix, *words)).encode()).digest()
    return f"{prefix}-" + "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:10])
