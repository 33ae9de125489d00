"""The socket that a server listens on."""

from __future__ import annotations

import socket

from sealane.errors import Unavailable


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Its connections send without delay; asyncio sets this only for sockets that it creates itself.

    Otherwise an answer's body waits for the client to acknowledge the head, which takes 40 ms (Nagle's algorithm, RFC 896).
    Raises Unavailable if another program uses the address, or it is not one of this machine.
    """
    try:
        listening = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Unavailable(
            f"can't listen on {host}, port {port}: {str(error.strerror).partition(' (while')[0]}",
            hint="name another with --port or --host, or end the program that has it",
        ) from error
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # accepted connections inherit it
    return listening
