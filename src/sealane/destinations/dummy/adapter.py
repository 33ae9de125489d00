"""The simulated destination's line in the table of destinations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sealane.configfiles.fields import File
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.dummy.state import State
from sealane.destinations.kubernetes.stencils.platform import PLATFORM
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext
from sealane.errors import UsageError


class DummyFile(File):
    """A destination that only pretends, for tests: {}, there is nothing to set."""


@asynccontextmanager
async def _open(written: DummyFile, context: DestinationContext) -> AsyncIterator[Destination]:
    """Opens the part of a server's folder that belongs to it."""
    del written
    if context.state is None:
        raise UsageError(f"the destination {context.name} only pretends", hint="a server has it, no command line")
    yield DummyDestination(State(context.state / context.environment / f"{context.name}.json"))


ADAPTER = DestinationAdapter(file=DummyFile, open=_open, platform=PLATFORM)
