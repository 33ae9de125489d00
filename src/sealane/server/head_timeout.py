"""A time-out for the head of each request; uvicorn has one for idle connections only.

Otherwise a client that sends a letter now and then would hold a connection, its memory and a file of the process for ever.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from sealane import log_lines
from sealane.errors import TooSlow
from sealane.server.error_responses import Error

_ERROR = TooSlow("the head of the request took too long")
_BODY = Error(error=type(_ERROR).__name__, message=_ERROR.message, hint=None, retry=True).model_dump_json().encode()
_LATE = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"content-length: %d\r\n\r\n%b" % (len(_BODY), _BODY)
)


class HeadInTime(H11Protocol):
    """Uvicorn's protocol, which closes a connection whose next head is not complete in time."""

    seconds: float
    _head: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Starts the time-out for the first head."""
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        """Stops the time-out once the head is complete."""
        super().data_received(data)
        if self._answers() or self.transport.get_protocol() is not self:  # or a WebSocket has taken over
            self._stop()
        else:
            self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stops the time-out."""
        self._stop()
        super().connection_lost(exc)

    def _answers(self) -> bool:
        """Whether a request is being answered, so that further data is its body or the next request."""
        cycle: Any = self.cycle
        return cycle is not None and not cycle.response_complete

    def _wait(self) -> None:
        if self._head is None and not self.transport.is_closing():
            self._head = self.loop.call_later(self.seconds, self._late)

    def _stop(self) -> None:
        if self._head is not None:
            self._head.cancel()
            self._head = None

    def _late(self) -> None:
        self._head = None
        if self._answers() or self.transport.is_closing():
            return
        address = self.client[0] if self.client else ""
        log_lines.event("request.head_too_slow", address=address, seconds=self.seconds)
        self.transport.write(_LATE)
        self.transport.close()


def protocol(seconds: float) -> type[HeadInTime]:
    """The protocol with that many seconds for each head."""
    return type("HeadInTimeAs", (HeadInTime,), {"seconds": seconds})
