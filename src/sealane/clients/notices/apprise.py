"""The more than a hundred services of the library apprise, by its addresses."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from sealane.errors import Unavailable, UsageError

Tone = Literal["info", "success", "warning", "failure"]


class NotTaken(Unavailable):
    """A service did not accept it; the library does not tell why, so it is tried again."""


def send(address: str, title: str, text: Callable[[int], str], tone: Tone) -> None:
    """Notifies one service; `text` makes the message with at most so many characters. Blocks.

    Raises UsageError for an invalid address, and NotTaken with the library's message. That may repeat parts of the
    address: the caller masks its secret parts.
    """
    import apprise  # here: loading takes a sixth of a second, and most servers don't use it

    asset = apprise.AppriseAsset(app_id="Sealane", app_desc="Sealane", app_url="https://sealane.dev", async_mode=False)
    service = apprise.Apprise.instantiate(address, asset=asset)
    if service is None:
        raise UsageError(
            "this is no address of a service", hint="apprise lists them; it reads like ntfys://ntfy.sh/topic"
        )
    service.overflow_mode = apprise.OverflowMode.TRUNCATE  # otherwise, a long text is sent and rejected there
    with _said() as words:
        body = text(service.body_maxlen - len(title) - 2)  # many services put the title before the body
        taken = service.notify(title=title, body=body, notify_type=tone, body_format=apprise.NotifyFormat.TEXT)
    if not taken:
        scheme = address.partition(":")[0]
        why = f": {words[-1]}" if words else ""
        raise NotTaken(f"the service {scheme} did not take it{why}")


@contextmanager
def _said() -> Iterator[list[str]]:
    """The library's warnings in this thread meanwhile: only its log has reasons."""
    log, words = logging.getLogger("apprise"), list[str]()
    handler = _Kept(threading.get_ident(), words)
    log.addHandler(handler)
    try:
        yield words
    finally:
        log.removeHandler(handler)


class _Kept(logging.Handler):
    def __init__(self, thread: int, words: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._thread, self._words = thread, words

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self._words.append(record.getMessage()[:300])
