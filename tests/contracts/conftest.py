"""Fixtures of the contracts: each engine, and an account of AWS."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sealane.clients.engine import discovery
from sealane.runners.docker import ContainerDefaults, DockerRunner
from sealane.runners.model import RunKey, Workspace
from testbed.record import Bed
from tests.contracts import own_clients
from tests.contracts.sides import Side

if TYPE_CHECKING:
    from tests.contracts.aws_stories import Amazon

pytest.register_assert_rewrite("tests.contracts.aws_contract", "tests.contracts.aws_scenarios")


@pytest.fixture(params=["podman", "docker"])
async def side(request: pytest.FixtureRequest, bed: Bed, tmp_path: Path) -> AsyncIterator[Side]:
    """Each engine of the bed, with a run prepared in it."""
    client = own_clients.of(request.param)
    engine = await discovery.find({"DOCKER_HOST": f"unix://{client.socket}"})
    runner = DockerRunner(engine, owner="a test", habits=ContainerDefaults(grace=timedelta(seconds=5)))
    run = RunKey(value=f"h-{secrets.token_hex(4)}")
    await runner.prepare(run, Workspace(folder=tmp_path))
    yield Side(client=client, engine=engine, runner=runner, image=bed.busybox_image, run=run, folder=tmp_path)
    await runner.destroy(run)
    await engine.close()


@pytest.fixture(scope="module")
def aws() -> Iterator[Amazon]:
    """The stand-in of AWS, with an account that is signed in."""
    from tests.contracts.aws_stories import amazon

    with amazon() as aws:
        yield aws
