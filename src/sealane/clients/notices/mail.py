"""Mail by SMTP, one connection for each message."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal

import certifi

from sealane.clients import addresses
from sealane.egress import Allowlist
from sealane.errors import Refused, Unavailable

PATIENCE = 20.0
"""Seconds for each of the server's answers."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Server:
    """A mail server and how to connect to it."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def send(server: Server, message: EmailMessage, to: Sequence[str], *, allowed: Allowlist) -> None:
    """Hands a message to the server. Blocks. Raises Unavailable, and Refused with the server's message."""
    name = f"{server.host}:{server.port}"
    try:
        with _connected(server, addresses.look_up(server.host, server.port, allowed)) as smtp:
            if server.user is not None:
                smtp.login(server.user, server.password or "")
            left_out = smtp.send_message(message, from_addr=None, to_addrs=list(to))
    except smtplib.SMTPRecipientsRefused as error:
        raise _refused(name, *next(iter(error.recipients.values()))) from None
    except smtplib.SMTPResponseException as error:
        raise _refused(name, error.smtp_code, error.smtp_error) from None
    except (smtplib.SMTPException, ssl.SSLError, OSError) as error:
        words = error.strerror or str(error) or type(error).__name__
        raise Unavailable(f"the mail server {name} can't be told: {words[:200]}") from None
    if left_out:  # the others have it: sending again would give them a second copy
        raise PartlySent(f"the mail server {name} does not take it for {', '.join(sorted(left_out))}")


class PartlySent(Refused):
    """Only some received it; the message lists the others."""


def _connected(server: Server, numeric: Sequence[str]) -> smtplib.SMTP:
    """A connection to the first address that answers; the certificate must match the host's name."""
    problem: OSError | None = None
    for address in numeric:
        try:
            return _secured(server, address)
        except (ConnectionError, TimeoutError) as error:
            problem = error
    raise problem or OSError("it has no address")


def _secured(server: Server, address: str) -> smtplib.SMTP:
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    kind = _TlsAt if server.security == "tls" else _PlainAt
    smtp = kind(server.host, address, server.port, context)
    if server.security == "starttls":
        smtp.starttls(context=context)
    return smtp


class _PlainAt(smtplib.SMTP):
    """Connects to an address, but keeps the host's name."""

    def __init__(self, host: str, address: str, port: int, context: ssl.SSLContext) -> None:
        self._address, self._tls = address, context
        super().__init__(host, port, timeout=PATIENCE)

    def _get_socket(self, host: str, port: int, timeout: float) -> object:
        del host
        return super()._get_socket(self._address, port, timeout)  # type: ignore[misc]


class _TlsAt(_PlainAt):
    """The same, encrypted from its first byte."""

    def _get_socket(self, host: str, port: int, timeout: float) -> object:
        return self._tls.wrap_socket(super()._get_socket(host, port, timeout), server_hostname=host)  # type: ignore[arg-type]


def _refused(name: str, code: int, answer: bytes | str) -> Unavailable | Refused:
    words = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    message = f"the mail server {name} answers {code}: {words[:300]}"
    return Unavailable(message) if 400 <= code < 500 else Refused(message)
