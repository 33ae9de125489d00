"""Regularly sends all current values to metric stores, the same as `/metrics` shows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sealane import clock, composition
from sealane.errors import SealaneError, trace
from sealane.metric_sinks.port import Push
from sealane.server.platform_metrics import PlatformMetrics

_log = logging.getLogger(__name__)


@asynccontextmanager
async def pushing(server: composition.Server, measured: PlatformMetrics) -> AsyncIterator[None]:
    """Sends to each store independently, as long as the block lasts."""
    tasks = [asyncio.create_task(_keep_pushing(key, push, server, measured)) for key, push in server.pushes.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _keep_pushing(key: str, push: Push, server: composition.Server, measured: PlatformMetrics) -> None:
    last_problem = ""
    while True:
        before, last_problem = last_problem, ""
        try:
            await push.send(await measured.families(server), clock.now())
        except SealaneError as error:
            last_problem = error.message
        except Exception as error:  # noqa: BLE001 - the next time may fare better
            last_problem = trace(error)
        if last_problem and last_problem != before:
            _log.warning("%s has no metrics now, and is told all of them again: %s", key, last_problem)
        await asyncio.sleep(push.every)
