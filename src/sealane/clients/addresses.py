"""The addresses at which a host may be asked: looked up once, checked, and then connected to as they are.

Whoever connects by name again would have the name looked up again, and get another address than the one that was checked.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from sealane.egress import Allowlist
from sealane.errors import Refused


class NotListed(Refused):
    """The operators' lists do not let the host be asked, or not at its address."""


def look_up(host: str, port: int, allowed: Allowlist) -> tuple[str, ...]:
    """Where the host may be asked, in the order to try. Blocks.

    Raises NotListed, OSError when the name has no address.
    """
    if problem := allowed.refused(host, port):
        raise NotListed(problem)
    resolved = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    return _chosen(host, port, [str(entry[4][0]) for entry in resolved], allowed)


async def find(host: str, port: int, allowed: Allowlist) -> tuple[str, ...]:
    """As `look_up`, without blocking."""
    return await asyncio.to_thread(look_up, host, port, allowed)


def _chosen(host: str, port: int, addresses: Sequence[str], allowed: Allowlist) -> tuple[str, ...]:
    problems = {address: allowed.refused_address(host, port, address) for address in dict.fromkeys(addresses)}
    good = tuple(address for address, problem in problems.items() if problem is None)
    if not good:
        raise NotListed(next((problem for problem in problems.values() if problem), f"{host} has no address"))
    return good
