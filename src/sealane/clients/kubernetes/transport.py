"""Calls to one API server, retried where that may help.

While the server is away, busy or broken, a repeatable call is retried with growing and jittered pauses, for at most
`patience` seconds; any other call only if it certainly never reached the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sealane.clients.kubernetes import error_responses, errors
from sealane.clients.kubernetes.exchange import Call, Exchange, Limits, Response

ANSWER_SECONDS = 65.0
"""Time limit of an answer: admission webhooks alone may take 30 s each, one after the other."""
FIRST_PATIENCE = 3.0
"""How long to try a server that has never answered: a wrong address should be reported soon."""
LONGEST_NO = 1024 * 1024
"""Most bytes of an error that are read; it may contain a whole invalid object."""
LONGEST_ANSWER = 256 * 1024 * 1024
"""Most bytes of one answer, or of one change in a stream; pages and objects are far smaller."""
PAUSE = 0.1
LONGEST_PAUSE = 5.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A successful answer."""

    status: int
    body: bytes
    content_type: str


class Transport:
    """Access to one API server."""

    def __init__(self, exchange: Exchange, *, patience: float = 15.0) -> None:
        self._exchange = exchange
        self._patience = patience
        self._reached = False

    async def open(self) -> None:
        """Prepares. Raises NoSignIn."""
        await self._exchange.open()

    async def close(self) -> None:
        """Ends all connections."""
        await self._exchange.close()

    @property
    def server(self) -> str:
        """The address of the API server."""
        return self._exchange.server

    @property
    def exchange(self) -> Exchange:
        """What sends the calls, each once and with its answer unchanged."""
        return self._exchange

    async def call(self, call: Call, *, seconds: float = ANSWER_SECONDS) -> Answer:
        """Sends a request and reads the answer, with retries where they may help. Raises a ClusterError."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + (self._patience if self._reached else min(FIRST_PATIENCE, self._patience))
        attempt = 0
        while True:
            try:
                return await self._once(call, seconds)
            except errors.ClusterError as error:
                pause = _pause(attempt, error.retry_after)
                if not _try_again(call, error) or loop.time() + pause > give_up:
                    raise
                attempt += 1
                await self.rest(pause, away=give_up - loop.time() - pause)

    @asynccontextmanager
    async def stream(self, call: Call, *, silence: float | None = None) -> AsyncIterator[AsyncIterator[bytes]]:
        """Opens a stream once, without retries, and yields its chunks; `silence` is the longest gap in seconds.

        The stream ends when the server ends it. Raises a ClusterError, also while iterating.
        """
        async with self._send(call, Limits(silence=silence)) as response:
            yield response.chunks

    async def rest(self, seconds: float, *, away: float) -> None:
        """Pauses; while nothing reaches the server, waits for at most `away` seconds more."""
        await asyncio.sleep(seconds)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(away):
                await self._exchange.reachable()

    async def _once(self, call: Call, seconds: float) -> Answer:
        async with self._send(call, Limits(total=seconds)) as response:
            body = b"".join([chunk async for chunk in bounded(response.chunks, str(call))])
            return Answer(status=response.status, body=body, content_type=response.content_type)

    @asynccontextmanager
    async def _send(self, call: Call, limits: Limits) -> AsyncIterator[Response]:
        """The response to a request, if successful."""
        async with self._exchange.send(call, limits) as response:
            self._reached = True
            if response.status >= 300:
                raise await _said_no(call, response)
            yield response


async def bounded(chunks: AsyncIterator[bytes], request: str) -> AsyncIterator[bytes]:
    """The chunks of one answer. Raises ServerError once they are too many."""
    count = 0
    async for chunk in chunks:
        count += len(chunk)
        if count > LONGEST_ANSWER:
            raise errors.ServerError(f"{request}: the answer has more than {LONGEST_ANSWER // 1024**2} MiB")
        yield chunk


def _try_again(call: Call, error: errors.ClusterError) -> bool:
    if isinstance(error, errors.TooManyRequests):  # rejected before anything was done
        return True
    if isinstance(error, errors.Unreachable) and not error.sent:
        return error.retry
    return error.retry and call.repeatable


def _pause(attempt: int, retry_after: float | None) -> float:
    """Seconds until the next attempt: the server's own value, else growing, and random by up to half."""
    longest: float = min(PAUSE * 2**attempt, LONGEST_PAUSE)
    pause = longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
    return max(pause, retry_after or 0.0)


def pause(attempt: int) -> float:
    """Seconds before the given attempt (from 0) of something that is retried forever."""
    return _pause(attempt, None)


async def _said_no(call: Call, response: Response) -> errors.ClusterError:
    body = b""
    async for chunk in response.chunks:
        body += chunk
        if len(body) >= LONGEST_NO:
            break
    return error_responses.of_response(
        response.status, body, request=str(call), secret="/secrets" in call.path, retry_after=response.retry_after
    )
