"""Addresses of hosts that may be contacted: looked up once, checked, and then connected to by address.

Connecting by name would look the name up again and might get another address than the checked one.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence

from sealane.egress import Allowlist
from sealane.errors import Refused


class NotListed(Refused):
    """The operators' lists do not allow the host, or not its address."""


def look_up(host: str, port: int, allowed: Allowlist) -> tuple[str, ...]:
    """The addresses of the host, in the order to try. Blocks.

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
