"""Calls to an API server through a relay."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sealane import inputs
from sealane.clients.kubernetes import errors
from sealane.clients.kubernetes.exchange import Call, Limits, Response
from sealane.clients.relay import frames
from sealane.clients.relay.hub import Hub, Lost, OnItsWay

_READS = frozenset({"GET", "HEAD"})
_MARGIN = 30.0
"""Seconds beyond the limits that the relay applies, for transfer and `Go`: so a relay without limits delays nobody."""


class Relayed:
    """The API server behind a relay: an `exchange.Exchange`."""

    def __init__(self, hub: Hub, relay: str) -> None:
        self._hub = hub
        self._relay = relay

    @property
    def server(self) -> str:
        """The name of the relay."""
        return f"relay {self._relay}"

    async def open(self) -> None:
        """Does nothing: the relay connects by itself."""

    async def close(self) -> None:
        """Does nothing: the relay stays connected."""

    @asynccontextmanager
    async def send(self, call: Call, limits: Limits) -> AsyncIterator[Response]:
        """The answer. Raises RelayAway while the relay is not connected, Unreachable if it can't reach the server."""
        connection = self._hub.connection(self._relay)
        if connection is None:
            raise await self._away(call)
        asked = connection.begin(lambda number: _ask(number, call, limits))
        try:
            until = _until(limits.total)
            head = await self._head(call, asked, until if until is not None else _until(limits.silence))
            yield Response(
                status=head.status,
                content_type=head.content_type,
                retry_after=head.retry_after,
                chunks=self._chunks(call, asked, limits, until),
            )
        finally:
            asked.end()

    async def reachable(self) -> None:
        """Waits until the relay is connected."""
        await self._hub.joins(self._relay)

    async def _head(self, call: Call, asked: OnItsWay, until: float | None) -> frames.Head:
        went = call.method in _READS
        while True:
            frame = await self._next(call, asked, until, sent=went)
            if isinstance(frame, frames.Head):
                return frame
            if isinstance(frame, frames.Ready):
                went = asked.go()
                if not went:
                    raise self._unreached(call, "its answer came too late, so nothing was done", sent=False)
                continue
            raise self._broken(call, frame, sent=went)

    async def _chunks(self, call: Call, asked: OnItsWay, limits: Limits, until: float | None) -> AsyncIterator[bytes]:
        while True:
            silent = _until(limits.silence)
            due = min((moment for moment in (until, silent) if moment is not None), default=None)
            frame = await self._next(call, asked, due, sent=True)
            if isinstance(frame, frames.End):
                return
            if not isinstance(frame, frames.Chunk):
                raise self._broken(call, frame, sent=True)
            yield frame.data
            asked.credit(len(frame.data))

    async def _next(self, call: Call, asked: OnItsWay, until: float | None, *, sent: bool) -> frames.Answers | Lost:
        try:
            async with asyncio.timeout_at(until):
                return await asked.next()
        except TimeoutError:
            raise self._unreached(call, "it does not answer in time", sent=sent) from None

    def _broken(self, call: Call, frame: frames.Answers | Lost, *, sent: bool) -> errors.ClusterError:
        """The error for a missing answer."""
        if isinstance(frame, Lost):
            return self._unreached(call, frame.reason, sent=sent)
        if not isinstance(frame, frames.Failed):
            return self._unreached(call, "it answers out of order", sent=sent)
        kind = errors.Unreachable if frame.retry else errors.Untrusted
        hint = inputs.fitted(frame.hint, most=inputs.LONGEST_TEXT) if frame.hint else None
        error = kind(f"{inputs.fitted(frame.message, most=inputs.LONGEST_TEXT)} (by relay {self._relay})", hint=hint)
        error.sent = frame.sent
        return error

    def _unreached(self, call: Call, reason: str, *, sent: bool) -> errors.RelayAway:
        error = errors.RelayAway(f"{call}: relay {self._relay}: {reason}", hint=_HINT)
        error.sent = sent
        return error

    async def _away(self, call: Call) -> errors.RelayAway:
        away = await self._hub.away(self._relay)
        hint = _HINT
        if away.elsewhere:
            state, hint = "is connected to other processes of the server, and not to this one", _BALANCER
        elif away.since:
            state = f"has been away since {away.since:%Y-%m-%d %H:%M:%S} UTC"
        else:
            state = "was never connected"
        error = errors.RelayAway(f"{call}: relay {self._relay} {state}", hint=hint)
        error.sent = False
        return error


_HINT = "sealane relay list tells which relays are there; the relay's log tells why it can't connect"
_BALANCER = (
    "let the load balancer lead /api/relay to every process, workers too: sealane relay list tells which lack it"
)


def _until(limit: float | None) -> float | None:
    """The deadline for the next part, by the loop's clock; None: for ever."""
    return None if limit is None else asyncio.get_running_loop().time() + limit + _MARGIN


def _ask(number: int, call: Call, limits: Limits) -> frames.Ask:
    return frames.Ask(
        id=number,
        method=call.method,
        path=call.path,
        query=dict(call.query or {}),
        body=call.body,
        content_type=call.content_type,
        accept=call.accept,
        changes=call.method not in _READS,
        total=limits.total,
        silence=limits.silence,
    )
