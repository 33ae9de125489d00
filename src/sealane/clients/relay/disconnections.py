"""Why a relay is not connected, and what its operator can do about it."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import aiohttp

_TOKEN = "the server does not take the token: make another with `sealane relay add`, and restart the relay with it"  # noqa: S105 - says what to do
_NO_RELAYS = "nothing there takes relays: is --server the address of Sealane, and does the proxy before it let /api/relay through?"
_ADDRESS = "is --server right, and may the relay reach it from here?"
_TRUST = "an authority of your own is named by SSL_CERT_FILE"


def reason(error: Exception) -> str:
    """The error in words, in one line."""
    if isinstance(error, aiohttp.WSServerHandshakeError):
        return _answered(error.status)
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted: {_certificate(error.certificate_error)}"
    if isinstance(error, aiohttp.ClientConnectorError):
        return _unreached(error)
    if isinstance(error, TimeoutError):
        return f"it does not answer in time: {_ADDRESS}"
    return str(error) or type(error).__name__


def _unreached(error: aiohttp.ClientConnectorError) -> str:
    why = _plain(error.os_error)
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"it does not speak TLS there: is the scheme of --server right? ({why})"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"no server has that name ({why}): {_ADDRESS}"
    return f"it can't be reached ({why}): {_ADDRESS}"


def _answered(status: int) -> str:
    if status in {401, 403}:
        return _TOKEN
    if status >= 500:
        return f"the server answers {status}: it is away, or the proxy before it does not reach it"
    return f"{_NO_RELAYS} (it answers {status})"


def _certificate(error: Exception) -> str:
    if not isinstance(error, ssl.SSLCertVerificationError):
        return _plain(error)
    why = error.verify_message or _plain(error)
    return why if error.verify_code in _OWN else f"{why} ({_TRUST})"


_OWN = frozenset({9, 10, 62, 64})
"""OpenSSL's codes of what no further authority helps against: not valid yet, expired, made for another name or address."""


def _plain(error: Exception) -> str:
    """What went wrong, without the address: names and TLS have numbers of their own."""
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror | ssl.SSLError):
        number = error.errno
        if number is not None and number in errno.errorcode:
            return os.strerror(number).lower()
    return " ".join(str(getattr(error, "strerror", None) or error).split())
