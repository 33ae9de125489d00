"""The relay's end of one connection: it makes the server's calls, each in a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from sealane.clients.kubernetes import errors
from sealane.clients.kubernetes.exchange import Call, Exchange, Limits, Response
from sealane.clients.relay import frames
from sealane.clients.relay.frames import GO_WITHIN


class Forwarder:
    """Makes the calls of one server process, until `close`."""

    def __init__(self, exchange: Exchange, send: Callable[[bytes], None]) -> None:
        """`send` queues a message to the server."""
        self._exchange = exchange
        self._send = send
        self._calls: dict[int, _Forwarded] = {}

    def received(self, frame: frames.ToRelay) -> None:
        """Handles a message from the server. Raises Garbled."""
        if isinstance(frame, frames.Ask):
            if frame.id in self._calls:
                raise frames.Garbled(f"call {frame.id} is asked twice")
            call = _Forwarded(frame, self._exchange, self._post)
            self._calls[frame.id] = call
            call.task.add_done_callback(lambda _: self._calls.pop(frame.id, None))
            return
        if isinstance(frame, frames.Welcome):
            raise frames.Garbled("it says welcome twice")
        forwarded = self._calls.get(frame.id)
        if forwarded is None:  # it has ended meanwhile
            return
        if isinstance(frame, frames.Go):
            forwarded.go.set()
        elif isinstance(frame, frames.Credit):
            forwarded.window.give(frame.bytes)
        else:
            forwarded.task.cancel()

    async def close(self) -> None:
        """Ends all calls: nobody waits for them any more."""
        tasks = [call.task for call in self._calls.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _post(self, frame: frames.ToServer) -> None:
        self._send(frames.encode(frame))


class _Forwarded:
    """One call."""

    def __init__(self, ask: frames.Ask, exchange: Exchange, post: Callable[[frames.ToServer], None]) -> None:
        self.go = asyncio.Event()
        self.window = _Window(frames.WINDOW)
        self._ask = ask
        self._exchange = exchange
        self._post = post
        self.task = asyncio.create_task(self._carry_out())

    async def _carry_out(self) -> None:
        number = self._ask.id
        try:
            if self._ask.changes:
                self._post(frames.Ready(id=number))
                async with asyncio.timeout(GO_WITHIN):
                    await self.go.wait()
        except TimeoutError:
            self._fail("the server did not say in time that it still wants this", sent=False, retry=True)
            return
        try:
            await self._answer()
        except errors.ClusterError as error:
            sent = not isinstance(error, errors.NoSignIn) and getattr(error, "sent", True)
            self._fail(error.message, hint=error.hint, sent=sent, retry=error.retry)
        except Exception as error:  # noqa: BLE001 - the server must hear of it, whatever it is
            self._fail(f"the relay itself failed: {type(error).__name__}: {error}", sent=True, retry=True)
        else:
            self._post(frames.End(id=number))

    async def _answer(self) -> None:
        ask = self._ask
        call = Call(
            method=ask.method,
            path=ask.path,
            query=ask.query,
            body=ask.body,
            content_type=ask.content_type,
            accept=ask.accept,
        )
        async with self._exchange.send(call, Limits(total=ask.total, silence=ask.silence)) as response:
            self._post(_head(ask.id, response))
            async for piece in _pieces(response.chunks):
                await self.window.take(len(piece))
                self._post(frames.Chunk(id=ask.id, data=piece))

    def _fail(self, message: str, *, sent: bool, retry: bool, hint: str | None = None) -> None:
        words, shown_hint = (text and text[: frames.LONGEST_WORDS] for text in (message, hint))
        self._post(frames.Failed(id=self._ask.id, message=words or "", hint=shown_hint, sent=sent, retry=retry))


def _head(number: int, response: Response) -> frames.Head:
    """The beginning of the answer, within the limits of a head: proxies before the API server may send more."""
    pause = response.retry_after
    return frames.Head(
        id=number,
        status=response.status if 100 <= response.status <= 599 else 502,
        content_type=response.content_type[: frames.LONGEST_TYPE],
        retry_after=None if pause is None else min(max(pause, 0.0), frames.LONGEST_PAUSE),
    )


class _Window:
    """Bytes that may still be sent before the reader gives credit."""

    def __init__(self, size: int) -> None:
        self._left = size
        self._given = asyncio.Event()

    async def take(self, count: int) -> None:
        """Waits until there is room."""
        while self._left <= 0:
            self._given.clear()
            await self._given.wait()
        self._left -= count

    def give(self, count: int) -> None:
        """Adds the bytes that the reader has read."""
        self._left += count
        self._given.set()


async def _pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in chunks:
        for start in range(0, len(chunk), frames.PIECE):
            yield chunk[start : start + frames.PIECE]
