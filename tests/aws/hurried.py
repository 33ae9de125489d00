"""The product's own destination, with pauses as much shorter as the stand-in's time is faster: a line for the table."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from sealane.adapters import SHIPPED, Adapters, Table
from sealane.destinations.aws.pace import Pace
from sealane.destinations.elastic_beanstalk import adapter
from sealane.destinations.elastic_beanstalk.adapter import ElasticBeanstalkFile
from sealane.destinations.port import Destination, DestinationContext
from tests.aws.virtual_clock import VirtualClock
from tests.aws.world import World

FASTER = 100.0


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds / FASTER)


@asynccontextmanager
async def _open(written: ElasticBeanstalkFile, context: DestinationContext) -> AsyncIterator[Destination]:
    yield adapter.opened(written, Pace(sleep=_sleep))


ADAPTER = replace(adapter.ADAPTER, open=_open)
HURRIED: Adapters = replace(
    SHIPPED,
    destinations=Table(
        SHIPPED.destinations.port,
        tuple((key, __name__ if key == "elastic_beanstalk" else module) for key, module in SHIPPED.destinations.lines),
    ),
)


def account() -> World:
    """An account whose time runs as much faster."""
    return World(clock=VirtualClock("scaled", FASTER))
