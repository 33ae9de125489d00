"""An engine is asked to fetch images of listed registries only: for steps, services, and what a Dockerfile names."""

from __future__ import annotations

import secrets
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from sealane.clients import build_context, building
from sealane.clients.addresses import NotListed
from sealane.clients.registry_access import RegistryAccess
from sealane.egress import Allowlist
from sealane.errors import SealaneError
from sealane.pipelines.model import StepStatus
from sealane.runners.docker import DockerRunner, Habits
from sealane.runners.model import Workspace
from tests.contracts.sides import Side

DOCKERFILES = {
    "from": "FROM IMAGE\n",
    "argument": "ARG where=IMAGE\nFROM OWN\nFROM ${where}\n",
    "copy": "FROM OWN\nCOPY --from=IMAGE /a /b\n",
    "continued": "FROM \\\n  IMAGE\n",
}


@dataclass
class Registry:
    """Hangs up on everybody, and counts who came."""

    place: str
    came: list[str] = field(default_factory=list)


@pytest.fixture
def other() -> Iterator[Registry]:
    with socket.create_server(("127.0.0.1", 0), backlog=20) as listening:
        found = Registry(f"127.0.0.1:{listening.getsockname()[1]}")

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, (host, _) = listening.accept()
                    found.came.append(host)
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield found


def access(*hosts: str) -> RegistryAccess:
    return RegistryAccess(allowed=Allowlist(hosts=hosts, listed_in="SEALANE_REGISTRY__PULLS"))


async def limited(side: Side, *hosts: str) -> Side:
    habits = Habits(grace=timedelta(seconds=5), pull_patience=timedelta(seconds=20))
    runner = DockerRunner(side.engine, owner="a test", habits=habits, pulls=access(*hosts))
    await runner.prepare(side.run, Workspace(folder=side.folder))
    return replace(side, runner=runner)


async def test_a_step_and_a_service_of_another_registry_are_refused_before_it_is_asked(
    side: Side, other: Registry
) -> None:
    image = f"{other.place}/base:{secrets.token_hex(4)}"
    strict = await limited(side, "docker.io", "127.0.0.1")
    result, _ = await strict.step("true", image=image)
    _, health = await strict.service(image=image)
    assert result.status is StepStatus.FAILED
    for reason in (result.reason, health.reason):
        assert f"the operators don't let {other.place} be asked" in str(reason)
        assert "SEALANE_REGISTRY__PULLS" in str(reason)
    assert other.came == []

    listed, _ = await (await limited(side, other.place)).step("true", image=image)
    assert listed.status in {StepStatus.FAILED, StepStatus.BROKEN}
    assert other.came != []


async def test_what_the_engine_has_is_not_fetched(side: Side) -> None:
    strict = await limited(side)
    result, _ = await strict.step("true")
    assert result.status is StepStatus.PASSED


@pytest.mark.parametrize("kind", DOCKERFILES)
async def test_a_build_fetches_from_listed_registries_only(side: Side, other: Registry, kind: str) -> None:
    image = f"{other.place}/base:{secrets.token_hex(4)}"
    (side.folder / "Dockerfile").write_text(DOCKERFILES[kind].replace("IMAGE", image).replace("OWN", side.image))
    source = build_context.Source(root=side.folder, inside="", context=".", dockerfile="Dockerfile")
    named = f"t/{secrets.token_hex(4)}:1"
    what = building.Build(source=source, target=None, args={}, labels={}, secrets={}, name=named, pulls=access())
    with pytest.raises(NotListed, match=f"the operators don't let {other.place} be asked"):
        await building.build(f"unix://{side.client.socket}", what, lambda _: None, within=60)
    assert other.came == []
    listed = replace(what, pulls=access(other.place))
    with pytest.raises(SealaneError):
        await building.build(f"unix://{side.client.socket}", listed, lambda _: None, within=60)
    assert other.came != []
