"""The port every store of secrets fills.

A store belongs to one app: what it can't give to that app isn't there. Both calls may be made in any order, at once
and any number of times; neither changes anything in the store. Values leave a store only through `read`, and no message
of an error holds one.
"""

from __future__ import annotations

from typing import Protocol

from sealane.errors import Refused
from sealane.secrets.references import Reference


class SecretMissing(Refused):
    """The store has no such secret for this app; the message is the reason, without the reference."""


class SecretStore(Protocol):
    """Where values of secrets come from. Raises `errors.Unavailable` when the store itself doesn't answer."""

    async def check(self, reference: Reference) -> str | None:
        """Why `read` would give nothing, or None; without looking at the value where the store allows that."""
        ...

    async def read(self, reference: Reference) -> bytes:
        """The value. Raises `SecretMissing`."""
        ...
