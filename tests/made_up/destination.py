"""A destination that pretends, in a file that the operators name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sealane.configfiles.fields import File
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.dummy.state import State
from sealane.destinations.kubernetes.stencils.platform import PLATFORM
from sealane.destinations.port import Destination, DestinationAdapter, DestinationContext


class MadeUpFile(File):
    """A made-up destination."""

    shelf: str
    """The name of its file, in the folder of a server or where a command runs."""


@asynccontextmanager
async def _open(written: MadeUpFile, context: DestinationContext) -> AsyncIterator[Destination]:
    yield DummyDestination(State((context.state or Path()) / written.shelf))


ADAPTER = DestinationAdapter(file=MadeUpFile, open=_open, platform=PLATFORM)
