"""One request to what takes notices: pinned to the address that was checked, with a bounded answer and time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sealane.clients.addresses import NotListed
from sealane.egress import Allowlist
from sealane.errors import Refused, Unavailable

PATIENCE = 15.0
"""Seconds for one answer."""
_MOST = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What was answered."""

    status: int
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """Its JSON; empty where it is no object."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


async def send(
    url: str,
    body: bytes,
    *,
    allowed: Allowlist,
    headers: Mapping[str, str],
    method: Literal["POST", "GET"] = "POST",
) -> Answer:
    """Sends a body, on a connection of its own and without following anywhere.

    Raises Unavailable when nothing answers or it can't now, Refused when it does not take it or must not be asked. No
    message holds the address's path, which may be a secret.
    """
    import httpx  # here: commands that tell nobody load it for nothing

    from sealane.clients.pinned import PinnedTransport

    host = httpx.URL(url).netloc.decode()
    try:
        async with (
            httpx.AsyncClient(
                follow_redirects=False, trust_env=False, timeout=PATIENCE, transport=PinnedTransport(allowed)
            ) as client,
            client.stream(method, url, content=body, headers=dict(headers)) as answer,
        ):
            said = bytearray()
            async for chunk in answer.aiter_bytes():
                said += chunk
                if len(said) > _MOST:
                    break
            status = answer.status_code
    except NotListed:
        raise
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        raise Unavailable(f"{host} can't be told: {_words(error)}", hint="is it running, and reachable?") from None
    if status >= 500 or status == 429:
        raise Unavailable(f"{host} can't be told: it answered {status}")
    if status >= 300:
        words = bytes(said[:300]).decode(errors="replace").strip()
        raise Refused(f"{host} does not take it ({status}): {words}".rstrip(": "))
    return Answer(status=status, body=bytes(said))


def _words(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return {"All connection attempts failed": "nothing answers there"}.get(text, text)[:200]
