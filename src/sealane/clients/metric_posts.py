"""Posts to metric stores: one connection each, no proxies, no redirects."""

from __future__ import annotations

from collections.abc import Mapping

from sealane.clients.metric_stores import requests
from sealane.errors import Refused


async def post(url: str, body: bytes, headers: Mapping[str, str], *, query: Mapping[str, str] | None = None) -> None:
    """Raises Unavailable while the store accepts nothing, and Refused, with its message, for what it rejects."""
    status, answer = await requests.ask_store(url, patience=requests.PATIENCE, query=query, headers=headers, post=body)
    if status >= 300:
        raise Refused(f"{url} answered {status}: {answer[:300].decode(errors='replace').strip()}")
