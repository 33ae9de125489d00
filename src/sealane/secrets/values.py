"""Values of secrets: they stay hidden. Pure."""

from __future__ import annotations

import hmac
from typing import NoReturn


class SecretValue:
    """A secret's value and its version.

    The version may be kept and compared: it is a keyed hash. The value appears in no text form, can't be turned into
    JSON, copied to another process or stored by accident; code that needs it calls `reveal`, inside the step that uses
    it.
    """

    __slots__ = ("_value", "version")

    def __init__(self, value: bytes, *, version: str) -> None:
        self._value = value
        self.version = version

    def reveal(self) -> bytes:
        """The value itself."""
        return self._value

    def __repr__(self) -> str:
        return f"<secret, version {self.version}>"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SecretValue):
            return NotImplemented
        return self.version == other.version and hmac.compare_digest(self._value, other._value)

    def __hash__(self) -> int:
        return hash(self.version)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret's value can't be stored or sent elsewhere")
