"""Datagrams to a DogStatsD agent."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterable

from sealane.errors import Unavailable


async def send(host: str, port: int, datagrams: Iterable[str]) -> None:
    """Sends each datagram. Nothing answers; a missing agent is noticed on this machine only. Raises Unavailable."""
    try:
        await asyncio.to_thread(_send, host, port, [datagram.encode() for datagram in datagrams])
    except OSError as error:
        raise Unavailable(f"the agent at {host}:{port} can't be told: {error.strerror or error}") from error


def _send(host: str, port: int, datagrams: list[bytes]) -> None:
    kind, protocol, address = next(
        (family, protocol, address)
        for family, _, protocol, _, address in socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    )
    with socket.socket(kind, socket.SOCK_DGRAM, protocol) as agent:
        agent.connect(address)
        for datagram in datagrams:
            agent.send(datagram)
        if refused := agent.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(refused, os.strerror(refused))
