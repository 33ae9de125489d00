"""Asking a daemon whether it is there."""

from __future__ import annotations

import http.client
import socket
import ssl
import urllib.request
from pathlib import Path

from testbed.layout import LOOPBACK

_PATIENCE = 5.0


def answers(url: str, *, accept: str = "*/*") -> bool:
    """Say whether `url` answers with success."""
    request = urllib.request.Request(url, headers={"Accept": accept})
    return _opens(urllib.request.build_opener(urllib.request.ProxyHandler({})), request)


def answers_tls(port: int) -> bool:
    """Say whether the part that listens on `port` with a certificate of its own making is healthy."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    return _opens(urllib.request.build_opener(*handlers), f"https://{LOOPBACK}:{port}/healthz")


def answers_on_socket(path: Path, target: str) -> bool:
    """Say whether a `GET` of `target` over the Unix socket at `path` succeeds."""
    connection = http.client.HTTPConnection("localhost", timeout=_PATIENCE)
    try:
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(_PATIENCE)
        connection.sock.connect(str(path))
        connection.request("GET", target)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _opens(opener: urllib.request.OpenerDirector, url: str | urllib.request.Request) -> bool:
    try:
        with opener.open(url, timeout=_PATIENCE) as answer:
            return bool(answer.status == http.HTTPStatus.OK)
    except (OSError, http.client.HTTPException):
        return False
