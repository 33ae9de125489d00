"""A steady load: new connections at a fixed rate, one request each, never a retry; every failure counts.

When the machine stood still, what was missed meanwhile is not sent at once afterwards: that would be another load.

`python -m bench.load URL [--rate 60] [--seconds 30]` prints what happened as one line of JSON when it is ended (SIGTERM
or SIGINT) or its time is up.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

PATIENCE = 10.0
"""Seconds a request may take before it counts as failed."""

LATE = 0.2
"""Seconds that the load may be behind and catch up on."""


@dataclass(slots=True)
class Tally:
    """What has happened so far; `failures` counts by kind, `examples` keeps the first words of each kind."""

    sent: int = 0
    passed: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    started: float = field(default_factory=time.monotonic)

    def as_json(self) -> dict[str, Any]:
        """Plain figures; `rate` is new connections a second as they really were."""
        seconds = time.monotonic() - self.started
        return {
            "sent": self.sent,
            "passed": self.passed,
            "failed": sum(self.failures.values()),
            "failures": dict(self.failures),
            "seconds": round(seconds, 1),
            "rate": round(self.sent / seconds, 1) if seconds else 0.0,
            "slowest": round(self.slowest, 3),
        }


async def request(url: str) -> str | None:
    """One request over a connection of its own; None when it was answered with 200, else what went wrong."""
    parts = urlsplit(url)
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(PATIENCE):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
            writer.write(
                f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n".encode()
            )
            await writer.drain()
            answer = await reader.read()
    except TimeoutError:
        return "timeout"
    except OSError as error:
        return type(error).__name__
    finally:
        if writer is not None:
            writer.close()
    status = answer.split(b" ", 2)[1:2]
    return None if status == [b"200"] else f"status {status[0].decode()}" if status else "empty answer"


async def load(url: str, *, rate: float, stop: asyncio.Event) -> Tally:
    """Sends `rate` requests a second until told to stop, then waits for those under way."""
    tally = Tally()
    due = tally.started
    under_way: set[asyncio.Task[None]] = set()

    async def once() -> None:
        began = time.monotonic()
        problem = await request(url)
        tally.slowest = max(tally.slowest, time.monotonic() - began)
        if problem is None:
            tally.passed += 1
        else:
            tally.failures[problem] += 1

    while not stop.is_set():
        tally.sent += 1
        task = asyncio.create_task(once())
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        now = time.monotonic()
        due = max(due + 1 / rate, now - LATE)
        try:
            await asyncio.wait_for(stop.wait(), max(0.0, due - now))
        except TimeoutError:
            continue
    await asyncio.gather(*under_way)
    return tally


async def _main(url: str, rate: float, seconds: float | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(which, stop.set)
    if seconds is not None:
        loop.call_later(seconds, stop.set)
    print(json.dumps((await load(url, rate=rate, stop=stop)).as_json()), flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--rate", type=float, default=60.0)
    parser.add_argument("--seconds", type=float)
    given = parser.parse_args()
    asyncio.run(_main(given.url, given.rate, given.seconds))
