"""Failed attempts to sign in: counted for a while by address and by the token's id.

A token that this process has seen valid is not counted, so others' attempts lock nobody out. Each process counts by
itself. One token at a time is tried from an address and of an id: of many at once, no more are tried than may fail, and
a token that the first has shown to be valid is not tried again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from weakref import WeakValueDictionary

from sealane import clock
from sealane.errors import TooManyAttempts

_MOST_KEPT = 20_000


@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptLimits:
    """How many may fail within `within` before further ones are refused."""

    per_address: int = 30
    per_token: int = 10
    within: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempts:
    """The failed attempts in one process."""

    limits: AttemptLimits = field(default_factory=AttemptLimits)
    now: clock.Clock = clock.now
    _failed: dict[tuple[str, str], deque[datetime]] = field(default_factory=dict, init=False)
    _turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = field(default_factory=WeakValueDictionary, init=False)

    @asynccontextmanager
    async def turn(self, address: str, token_id: str) -> AsyncIterator[None]:
        """The lock to hold while a token is tried."""
        async with AsyncExitStack() as held:
            for key, _ in self._keys(address, token_id):  # everybody locks in the same order
                await held.enter_async_context(self._turns.setdefault(key, asyncio.Lock()))
            yield

    def check(self, address: str, token_id: str) -> None:
        """Raises TooManyAttempts where too many have failed."""
        now = self.now()
        for key, most in self._keys(address, token_id):
            failed = self._failed.get(key)
            if failed is None:
                continue
            while failed and failed[0] <= now - self.limits.within:
                failed.popleft()
            if not failed:
                del self._failed[key]
            elif len(failed) >= most:
                after = (failed[-most] + self.limits.within - now).total_seconds()
                source = "from this address" if key[0] == "address" else "for this token"
                raise TooManyAttempts(f"too many wrong attempts to sign in {source}", after=max(1, round(after + 0.5)))

    def failed(self, address: str, token_id: str) -> None:
        """Counts a failure."""
        if len(self._failed) > _MOST_KEPT:  # many addresses at once: expired ones make room
            since = self.now() - self.limits.within
            for key in [key for key, failed in self._failed.items() if failed[-1] <= since]:
                del self._failed[key]
        for key, most in self._keys(address, token_id):
            self._failed.setdefault(key, deque(maxlen=most)).append(self.now())

    def _keys(self, address: str, token_id: str) -> list[tuple[tuple[str, str], int]]:
        keys = [
            (("address", _household(address)), self.limits.per_address),
            (("token", token_id), self.limits.per_token),
        ]
        return [(key, most) for key, most in keys if key[1]]


def _household(address: str) -> str:
    """The unit of one limit: an IPv4 address, or the /64 that belongs to one IPv6 client (RFC 6177)."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:  # a socket of another kind
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ip_network((parsed, 64), strict=False))
