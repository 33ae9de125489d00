"""The last lines of the container that is to blame: masked as one text, of nothing else, and never waited for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sealane.deployments import last_lines
from sealane.destinations import model as destinations
from sealane.destinations.dummy.destination import DummyDestination
from sealane.errors import Unavailable
from sealane.verdicts.health import FormationHealth, HealthState

WEB, QUEUE = (
    destinations.ObjectRef(group="apps", version="v1", kind="Deployment", namespace="shop", name=name)
    for name in ("web", "queue")
)
FELL = FormationHealth(
    state=HealthState.DEGRADED,
    since=datetime(2026, 11, 30, tzinfo=UTC),
    object="Pod/web-1",
    workload="Deployment/web",
    container="app",
)


class Printing(DummyDestination):
    """A destination whose containers print what a test gives; `...` never comes."""

    def __init__(self, *printed: Any) -> None:
        super().__init__()
        self.printed = printed
        self.asked: dict[str, Any] = {}

    async def tail(self, refs: destinations.Inventory, **asked: Any) -> AsyncIterator[str]:
        self.asked = {"refs": refs, **asked}
        for line in self.printed:
            if line is ...:
                await asyncio.Event().wait()
            if isinstance(line, Exception):
                raise line
            yield f"web-1/app  {line}"


async def read(destination: Printing, said: FormationHealth = FELL) -> last_lines.LastLines | None:
    return await last_lines.read(
        destination, (QUEUE, WEB), said, namespace="shop", mask=lambda text: text.replace("top\nsecret", "***\n***")
    )


async def test_they_are_the_blamed_containers_and_masked_as_one_text() -> None:
    destination = Printing("starts", "key: top", "secret  it  is")
    told = await read(destination)
    assert told == last_lines.LastLines(
        object="Pod/web-1", container="app", lines=("starts", "key: ***", "***  it  is")
    )
    asked = {"refs": (WEB,), "namespace": "shop", "container": "app", "instance": "web-1", "follow": False}
    assert destination.asked == {**asked, "lines": last_lines.LINES}


@pytest.mark.parametrize(
    "printed", [(), ("starts", ...), ("starts", Unavailable("no answer", hint=""))], ids=["none", "late", "away"]
)
async def test_nobody_waits_long_for_them(printed: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_lines, "PATIENCE_SECONDS", 0.05)
    assert await read(Printing(*printed)) is None


async def test_a_workload_without_a_container_to_blame_has_none() -> None:
    said = FormationHealth(
        state=HealthState.MISSING, since=FELL.since, object="Deployment/web", workload="Deployment/web"
    )
    destination = Printing("starts")
    assert await read(destination, said) is None
    assert destination.asked == {}
