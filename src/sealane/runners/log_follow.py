"""Follows one container to its end: passes on its output exactly once, even when the engine goes away and comes back."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sealane.clients.engine import errors
from sealane.clients.engine.api import Engine
from sealane.clients.engine.model import ContainerState, Phase
from sealane.clients.engine.streams import Stream
from sealane.runners.port import Output

_DISK_FULL = b"o space left on device"
_LAST = 4096
"""Bytes of the log's end that are kept."""
_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.5
_SILENT = 1.0
"""Seconds a container may run after its output ended, before checking whether only the connection broke."""


class LogFollow:
    """Starts a created container, or attaches to a running or ended one, and passes on all its output.

    `fresh` says that the container was just created, which saves a request.
    """

    def __init__(self, engine: Engine, name: str, output: Output, *, patience: timedelta, fresh: bool) -> None:
        self._engine = engine
        self._name = name
        self._output = output
        self._patience = patience.total_seconds()
        self._fresh = fresh
        self._given = 0
        self.begun = asyncio.Event()
        """Set once it runs, or was found running or ended."""
        self.engine_was_away = False
        self.disk_full = False
        self.last = b""
        """The end of all that it printed."""

    async def to_the_end(self) -> ContainerState | None:
        """The container's last state; None when it has vanished.

        Raises CannotExecute, and EngineUnavailable when the engine stays away for too long.
        """
        stream = await self._first_stream()
        while True:
            if stream is not None:
                await self._pass_on(stream)
            try:
                async with asyncio.timeout(_SILENT):
                    return await ended(self._engine, self._name)
            except TimeoutError:
                stream = await self._logs()
            except errors.EngineUnavailable:
                stream = await self._after_the_engine_is_back()

    async def _first_stream(self) -> Stream | None:
        if not self._fresh:
            state = await self._engine.state(self._name)
            if state is None:
                return None
            if state.phase is not Phase.CREATED:
                self.begun.set()
                return await self._engine.logs(self._name, follow=state.phase is Phase.RUNNING)
        stream = await self._engine.attach(self._name)
        try:
            await self._engine.start(self._name)
        except BaseException:
            await stream.close()
            raise
        self.begun.set()
        return stream

    async def _logs(self) -> Stream | None:
        try:
            return await self._engine.logs(self._name, follow=True)
        except errors.ContainerMissing:  # just removed: its state says so
            return None

    async def _pass_on(self, stream: Stream) -> None:
        """Passes on only new output, because a stream that is opened again begins with the first byte."""
        skip = self._given
        try:
            while (piece := await stream.read()) is not None:
                known = min(skip, len(piece))
                skip -= known
                if new := piece[known:]:
                    self._given += len(new)
                    self.disk_full = self.disk_full or _DISK_FULL in new
                    self.last = (self.last + new[-_LAST:])[-_LAST:]
                    self._output(new)
        finally:
            await stream.close()

    async def _after_the_engine_is_back(self) -> Stream | None:
        self.engine_was_away = True
        loop = asyncio.get_running_loop()
        until = loop.time() + self._patience
        while True:
            try:
                state = await self._engine.state(self._name)
                return None if state is None else await self._logs()
            except errors.EngineUnavailable:
                if loop.time() >= until:
                    raise
                await asyncio.sleep(_LONGEST_PAUSE)


async def ended(engine: Engine, name: str) -> ContainerState | None:
    """Waits until the container has ended and returns its state; None when it does not exist."""
    pause = _FIRST_PAUSE
    while True:
        state = await engine.state(name)
        if state is None or state.phase is Phase.ENDED:
            return state
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, _LONGEST_PAUSE)
