"""The hundred and more services that the library apprise knows, by its addresses."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from sealane.errors import Unavailable, UsageError

Tone = Literal["info", "success", "warning", "failure"]


class NotTaken(Unavailable):
    """A service did not take it; the library tells no reasons apart, so it is tried again."""


def send(address: str, title: str, text: Callable[[int], str], tone: Tone) -> None:
    """Tells one service; `text` is what there is to say in so many characters. Blocks.

    Raises UsageError for what is no address of the library's, and NotTaken with its words. Those may repeat parts of the
    address: the caller masks what is secret in it.
    """
    import apprise  # here: it takes a sixth of a second to load, and most servers tell nobody by it

    asset = apprise.AppriseAsset(app_id="Sealane", app_desc="Sealane", app_url="https://sealane.dev", async_mode=False)
    service = apprise.Apprise.instantiate(address, asset=asset)
    if service is None:
        raise UsageError(
            "this is no address of a service", hint="apprise lists them; it reads like ntfys://ntfy.sh/topic"
        )
    service.overflow_mode = apprise.OverflowMode.TRUNCATE  # else what is too long is sent, and refused over there
    with _said() as words:
        body = text(service.body_maxlen - len(title) - 2)  # many put the title before the body
        taken = service.notify(title=title, body=body, notify_type=tone, body_format=apprise.NotifyFormat.TEXT)
    if not taken:
        scheme = address.partition(":")[0]
        why = f": {words[-1]}" if words else ""
        raise NotTaken(f"the service {scheme} did not take it{why}")


@contextmanager
def _said() -> Iterator[list[str]]:
    """What the library warns of in this thread meanwhile: it tells reasons in its log alone."""
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
