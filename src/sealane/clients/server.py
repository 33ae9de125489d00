"""The command line's client of the HTTP API: one server, one token."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import httpx

from sealane.clients import authorities
from sealane.errors import (
    Conflicting,
    NotSignedIn,
    NotThere,
    Refused,
    SealaneError,
    TooLarge,
    TooSlow,
    Unavailable,
    UnknownType,
    UsageError,
)

_ERRNO = re.compile(r"^\[Errno -?\d+\] ")
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_BY_STATUS: dict[int, type[SealaneError]] = {
    401: NotSignedIn,
    403: Refused,
    404: NotThere,
    405: UsageError,
    408: TooSlow,
    409: Conflicting,
    413: TooLarge,
    415: UnknownType,
    422: UsageError,
    429: Refused,
    503: Unavailable,
}


class Server:
    """A Sealane server, used with blocking requests.

    Every call raises the error the server answered with, as the same class; Unavailable when it did not answer.
    """

    def __init__(self, url: str, token: str, *, patience: float | None = None) -> None:
        """`patience`: the seconds to wait for an answer; half a minute when left out."""
        self.url = url.rstrip("/")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        trusted = authorities.trusted() if self.url.startswith("https:") else False
        self._http = httpx.Client(
            base_url=self.url, headers=headers, timeout=patience or _TIMEOUT, trust_env=False, verify=trusted
        )

    def get(self, path: str, **query: object) -> Any:
        """Sends a GET; parameters that are None are left out."""
        given = {name: str(value) for name, value in query.items() if value is not None}
        return self._ask("GET", path, params=given)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Sends a POST, to create or do something."""
        return self._ask("POST", path, json=dict(body or {}))

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        """Sends a PUT, to replace something."""
        return self._ask("PUT", path, json=dict(body))

    def delete(self, path: str, **query: object) -> Any:
        """Sends a DELETE, to remove something."""
        return self._ask("DELETE", path, params=query)

    def stream(self, path: str, **query: object) -> Iterator[bytes]:
        """Reads a body as it comes, until it ends."""
        given = {name: str(value) for name, value in query.items() if value is not None}
        with self._telling(), self._http.stream("GET", path, params=given, timeout=None) as answer:
            if answer.status_code >= 400:
                answer.read()
            _raise_for(answer)
            yield from answer.iter_bytes()

    def _ask(self, method: str, path: str, **how: Any) -> Any:
        with self._telling():
            answer = self._http.request(method, path, **how)
        _raise_for(answer)
        return answer.json() if answer.content else None

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except httpx.UnsupportedProtocol as error:
            raise self._no_address() from error
        except httpx.HTTPError as error:
            reason = _ERRNO.sub("", str(error)) or type(error).__name__
            raise Unavailable(f"the server {self.url} did not answer: {reason}", hint=_hint(self.url, error)) from error
        except UnicodeEncodeError as error:
            raise UsageError("what was typed is not whole: it has bytes in it that are no UTF-8") from error
        except (httpx.InvalidURL, ValueError) as error:
            raise self._no_address() from error

    def _no_address(self) -> UsageError:
        return UsageError(
            f"{self.url} is no server's address", hint="write it with http:// or https:// before the host"
        )


def _hint(url: str, error: BaseException) -> str:
    if _is_untrusted(error):
        return "if your own authority signed it, name its certificate: SSL_CERT_FILE=/path/to/ca.pem"
    if "WRONG_VERSION_NUMBER" in str(error):  # the library has no field for it
        return f"it speaks plain HTTP: http:{url.partition(':')[2]}"
    return "is it running? `sealane login URL` names another"


def _is_untrusted(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False


def _raise_for(answer: httpx.Response) -> None:
    if answer.status_code < 400:
        return
    try:
        body: Mapping[str, Any] = answer.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict) or "message" not in body:
        asked = f"{answer.request.url.scheme}://{answer.request.url.netloc.decode()}"
        message = f"{asked} answered {answer.status_code} {answer.reason_phrase}, and not as Sealane does"
        raise Unavailable(message, hint="is that Sealane's address? `sealane login URL` names another")
    message = str(body["message"])
    kind = _BY_STATUS.get(answer.status_code, Unavailable if answer.status_code == 503 else SealaneError)
    raise kind(message, hint=body.get("hint"))
