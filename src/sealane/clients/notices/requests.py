"""One request to a service for notices: sent to the checked address, with limits for size and time of the answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Literal

from sealane.clients.addresses import NotListed
from sealane.egress import Allowlist
from sealane.errors import Overrun, Refused, Unavailable

PATIENCE = 15.0
"""Seconds for one answer."""
_MOST = 1024 * 1024
_LONGEST_PAUSE = 3600.0
"""Most seconds to wait: a host may not delay notices for longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The answer."""

    status: int
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        """Its JSON; empty if that is not an object."""
        try:
            parsed = json.loads(self.body)
        except ValueError:
            return {}
        return parsed if isinstance(parsed, dict) else {}


async def send(
    url: str,
    body: bytes,
    *,
    allowed: Allowlist,
    headers: Mapping[str, str],
    method: Literal["POST", "GET"] = "POST",
) -> Answer:
    """Sends a body, on a connection of its own and without following redirects.

    Raises Unavailable when nothing answers or it can't now, Overrun when it says when to retry, Refused when it rejects
    the body or must not be contacted. No message contains the address's path, which may be a secret.
    """
    import httpx  # here: most commands send no notices

    from sealane.clients.pinned import PinnedTransport

    host = httpx.URL(url).netloc.decode()
    try:
        async with (
            httpx.AsyncClient(
                follow_redirects=False, trust_env=False, timeout=PATIENCE, transport=PinnedTransport(allowed)
            ) as client,
            client.stream(method, url, content=body, headers=dict(headers)) as answer,
        ):
            received = bytearray()
            async for chunk in answer.aiter_bytes():
                received += chunk
                if len(received) > _MOST:
                    break
            status, pause = answer.status_code, answer.headers.get("Retry-After", "")
    except NotListed:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Unavailable(f"{host} can't be told: {_words(error)}", hint="is it running, and reachable?") from None
    after = seconds(pause, datetime.now(UTC))
    if status >= 500 or status == 429 or (status == 403 and after):  # GitHub's secondary limits are a 403
        message = f"{host} can't be told: it answered {status}"
        raise Overrun(message, after=after) if after else Unavailable(message)
    if status >= 300:
        words = bytes(received[:300]).decode(errors="replace").strip()
        raise Refused(f"{host} does not take it ({status}): {words}".rstrip(": "))
    return Answer(status=status, body=bytes(received))


def seconds(pause: str, now: datetime) -> float:
    """The seconds of `Retry-After` (RFC 9110, section 10.2.3), from a number or a date; 0 for anything else. Pure."""
    try:
        after = float(pause) if pause.isdecimal() else (parsedate_to_datetime(pause) - now).total_seconds()
    except (ValueError, TypeError):
        return 0.0
    return min(max(after, 0.0), _LONGEST_PAUSE)


def _words(error: Exception) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return {"All connection attempts failed": "nothing answers there"}.get(text, text)[:200]
