"""age: encrypting to recipients and decrypting with identities. The only importer of `pyrage`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import pyrage

from sealane.errors import SealaneError, UsageError

_SECRET = "AGE-SECRET-KEY-"  # noqa: S105 - the prefix of every identity, not one


class NotForUs(SealaneError):
    """None of the identities is a recipient of the file."""


class NotEncrypted(SealaneError):
    """The content is not an age file, or is damaged."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A key pair: the secret part decrypts, the recipient may be known to everyone."""

    secret: str = field(repr=False)
    recipient: str


def new_identity() -> Identity:
    """A fresh X25519 key pair."""
    return _identity(pyrage.x25519.Identity.generate())


def identities(text: str) -> tuple[Identity, ...]:
    """The key pairs of a file that `age-keygen` wrote: one a line, comments begin with #.

    Raises UsageError for a line that is neither; the message only has its number.
    """
    keys = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            keys.append(_identity(pyrage.x25519.Identity.from_str(line.strip())))
        except pyrage.IdentityError:
            raise UsageError(f"line {number} is no age identity", hint=f"it begins with {_SECRET}") from None
    return tuple(keys)


async def decrypt(content: bytes, known: Sequence[Identity]) -> bytes:
    """The plain content of a file, armored or not. Raises `NotForUs` or `NotEncrypted`."""
    return await asyncio.to_thread(_decrypt, content, known)


async def encrypt(content: bytes, recipients: Sequence[str]) -> bytes:
    """The content, encrypted and armored for the recipients (`age1…`). Raises UsageError for an invalid recipient."""
    return await asyncio.to_thread(_encrypt, content, recipients)


def _identity(key: pyrage.x25519.Identity) -> Identity:
    return Identity(str(key), str(key.to_public()))


def _decrypt(content: bytes, known: Sequence[Identity]) -> bytes:
    keys = [pyrage.x25519.Identity.from_str(identity.secret) for identity in known]
    try:
        return bytes(pyrage.decrypt(content, keys))
    except pyrage.DecryptError as error:
        if "No matching keys" in str(error) or "passphrase" in str(error).lower():
            raise NotForUs("the file is encrypted for others") from None
        raise NotEncrypted("the file is not encrypted with age, or it is damaged") from None


def _encrypt(content: bytes, recipients: Sequence[str]) -> bytes:
    try:
        keys = [pyrage.x25519.Recipient.from_str(recipient) for recipient in recipients]
    except pyrage.RecipientError:
        raise UsageError("one of the recipients is no age recipient", hint="it begins with age1") from None
    return bytes(pyrage.encrypt(content, keys, armored=True))
