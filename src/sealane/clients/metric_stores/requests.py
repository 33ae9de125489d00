"""One request to an address from somebody's file: no redirects, no proxies, limited size and time of the answer."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sealane.clients.addresses import NotListed
from sealane.egress import Allowlist
from sealane.errors import Refused, Unavailable

if TYPE_CHECKING:
    import httpx

MOST = 4 * 1024 * 1024
"""Most bytes of an answer that are read."""
PATIENCE = timedelta(seconds=10)
"""Time limit of a metric store's answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An address's answer; `problem` says why there is none."""

    seconds: float
    status: int | None = None
    problem: str | None = None
    body: bytes = b""


async def ask(
    url: str,
    *,
    patience: timedelta,
    allowed: Allowlist | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    post: bytes | None = None,
) -> Answer:
    """One GET, or the POST of a body, on its own connection. With a list, only to hosts and addresses that it allows.

    Never raises for problems of the other side: without an answer, the result has no status.
    """
    import httpx  # here: most deployments contact nobody, and loading it slows a command down

    began = time.monotonic()
    try:
        async with (
            asyncio.timeout(patience.total_seconds()),
            httpx.AsyncClient(
                follow_redirects=False, trust_env=False, timeout=patience.total_seconds(), transport=_transport(allowed)
            ) as client,
            client.stream(
                "GET" if post is None else "POST",
                url,
                params=dict(query) if query else None,
                headers=dict(headers or {}),
                content=post,
            ) as answer,
        ):
            body = await _read(answer)
    except TimeoutError:
        return _silent(began, f"no answer within {patience.total_seconds():g} s")
    except NotListed as error:
        return _silent(began, error.message)
    except (httpx.HTTPError, httpx.InvalidURL, _TooMuch, OSError) as error:
        return _silent(began, _words(error))
    return Answer(seconds=time.monotonic() - began, status=answer.status_code, body=body)


async def ask_store(
    url: str,
    *,
    patience: timedelta,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str],
    allowed: Allowlist | None = None,
    post: bytes | None = None,
) -> tuple[int, bytes]:
    """Like `ask`, but an answer is required: returns its status and body. Raises Unavailable."""
    answer = await ask(url, patience=patience, query=query, headers=headers, post=post, allowed=allowed)
    if answer.status is None or answer.status >= 500 or answer.status == 429:
        problem = answer.problem or f"it answered {answer.status}"
        raise Unavailable(f"{url.partition('?')[0]} can't be asked: {problem}", hint="is it running, and reachable?")
    return answer.status, answer.body


async def ask_json(
    url: str, query: Mapping[str, str], headers: Mapping[str, str], allowed: Allowlist | None
) -> dict[str, Any]:
    """A metric store's answer to a query. Raises Unavailable, and Refused with its message."""
    status, body = await ask_store(url, patience=PATIENCE, query=query, headers=headers, allowed=allowed)
    try:
        parsed = json.loads(body)
    except ValueError:
        parsed = None
    if isinstance(parsed, dict) and (status < 400 or parsed.get("error") or parsed.get("errors")):
        return parsed
    if status in {401, 403}:
        raise query_refused(url, f"it wants other credentials ({status})")
    raise Unavailable(f"{url} answered {status} and no JSON of a metric store", hint="is the address right?")


def query_refused(url: str, answer: object) -> Refused:
    return Refused(f"{url} refuses the query: {str(answer)[:300]}", hint="try the query there")


def _transport(allowed: Allowlist | None) -> httpx.AsyncBaseTransport:
    from sealane.clients import pinned

    return pinned.unpinned() if allowed is None else pinned.PinnedTransport(allowed)


class _TooMuch(Exception):
    """The answer is too large."""


async def _read(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.aiter_bytes():
        body += chunk
        if len(body) > MOST:
            raise _TooMuch(f"its answer is longer than {MOST} bytes")
    return bytes(body)


def _silent(began: float, problem: str) -> Answer:
    return Answer(seconds=time.monotonic() - began, problem=problem)


def _words(error: Exception) -> str:
    text = str(error) or type(error).__name__
    return {"All connection attempts failed": "nothing answers there"}.get(text, text)[:200]
