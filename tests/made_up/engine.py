"""An engine that pretends, in a folder of its own."""

from __future__ import annotations

from sealane.runners.dummy import DummyRunner
from sealane.runners.port import EngineAdapter, EngineContext, OpenEngine


async def _open(context: EngineContext) -> OpenEngine:
    return OpenEngine(runner=DummyRunner(context.state / "madeup"), address="")


ADAPTER = EngineAdapter(open=_open)
