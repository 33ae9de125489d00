"""Answers of a server leave at once."""

from __future__ import annotations

import socket

import pytest

from sealane.server.listener import listen


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_what_is_accepted_sends_without_waiting_for_the_client(host: str) -> None:
    with listen(host, 0) as listening, socket.create_connection(listening.getsockname()[:2]):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
