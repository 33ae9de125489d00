"""Workers as real processes, started quickly: one process imports everything and forks a worker for each order.

An order is a line of JSON on stdin. Its answer is the JSON of a file that the order names: the worker's exit code
(negative: the signal that killed it) and the boundaries it came to. Workers go side by side.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import signal
import sys
import threading
import time
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import DBAPIError

from sealane import composition
from sealane.environments.files import environment_file
from sealane.errors import Unavailable
from sealane.formations.files import formation_file
from sealane.pipelines.model import StepStatus
from sealane.records.deployments import DeploymentState
from sealane.settings.model import Settings
from sealane.workflows.durable import Boundary, Probe


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a worker is to do: everything there is, or until it comes to the first boundary that is not spared."""

    data: str
    answer: str = ""
    """The file that the answer is written to."""
    database: str | None = None
    spared: list[str] | None = None
    """Boundaries at which nothing happens; None spares all."""
    at_boundary: int | None = None
    """The how manieth boundary it is killed at, whichever that is."""
    signal: int = signal.SIGKILL
    killed_after: float | None = None
    """Seconds after which the worker is killed wherever it is."""
    leaves_in_a_step: bool = False
    """Whether the worker is told to end as soon as a step is running."""
    engine: str | None = None
    """Address of a real engine; None pretends."""
    registry: str | None = None
    """Host and path before the names of images."""
    killed_when_printed: str | None = None
    """What has to stand in a log of a run for the worker to be killed."""
    stays: bool = False
    """Whether it goes on when everything is done, until it ends by itself."""
    heartbeat: float = 0.1
    dead_after: float = 0.6


def serve() -> None:
    """Takes orders until stdin ends."""
    # What is slow the first time is done here, once for all children.
    settings_of("nowhere", None)
    environment_file().model_rebuild()
    formation_file().model_rebuild()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for keepers
    for line in sys.stdin:
        if os.fork() == 0:
            _keep(Order(**json.loads(line)))


def _keep(order: Order) -> None:
    """Forks a worker and tells its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    record = Path(order.data) / f"boundaries-{os.urandom(4).hex()}"
    pid = os.fork()
    if pid == 0:
        _child(order, record)
    _, status = os.waitpid(pid, 0)
    boundaries = record.read_text().splitlines() if record.exists() else []
    unfinished = Path(f"{order.answer}.unfinished")
    unfinished.write_text(json.dumps({"code": os.waitstatus_to_exitcode(status), "boundaries": boundaries}))
    unfinished.rename(order.answer)
    os._exit(0)


def _child(order: Order, record: Path) -> None:
    output = os.open(Path(order.data) / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(output, 1)
    os.dup2(output, 2)
    code = 1
    try:
        if order.killed_after is not None:
            threading.Timer(order.killed_after, os.kill, (os.getpid(), signal.SIGKILL)).start()
        if order.killed_when_printed is not None:
            threading.Thread(target=_kill_when_printed, args=(order,), daemon=True).start()
        asyncio.run(_work(order, _watching(order, record)))
        code = 0
    except BaseException:  # noqa: BLE001 - the child must end here, whatever happened
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _kill_when_printed(order: Order) -> None:
    wanted = str(order.killed_when_printed).encode()
    while not any(wanted in log.read_bytes() for log in Path(order.data).glob("logs/*/*/*.log")):
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGKILL)


def _watching(order: Order, record: Path) -> Probe:
    """Counts what this worker did itself; what it only reads back from a former one is no boundary.

    Where a step begins is the boundary at which the one before was recorded, but for the first write at a destination:
    between the two the formation was taken.
    """
    begun: set[str] = set()
    passed = 0

    def probe(step: str, boundary: Boundary) -> None:
        if boundary is Boundary.BEGUN:
            begun.add(step)
        if step not in begun or (boundary is Boundary.BEGUN and step != "apply"):
            return
        name = f"{step} {boundary}"
        with record.open("a") as file:
            file.write(f"{name}\n")
        nonlocal passed
        passed += 1
        if (order.spared is not None and name not in order.spared) or passed == order.at_boundary:
            (Path(order.data) / f"stopped-{os.getpid()}").touch()
            os.kill(os.getpid(), order.signal)

    return probe


async def _work(order: Order, probe: Probe) -> None:
    timing = {"heartbeat": order.heartbeat, "dead_after": order.dead_after}
    settings = settings_of(order.data, order.database, engine=order.engine, registry=order.registry, **timing)
    server = await composition.start(settings, role=composition.Role.WORKER, probe=probe)
    while order.stays or not await _done_as_far_as_known(server):
        if order.leaves_in_a_step and await _in_a_step(server):
            break
        await asyncio.sleep(0.02 if order.leaves_in_a_step else 0.2)  # looking takes the time of those who work
    await server.stop()


async def _done_as_far_as_known(server: composition.Server) -> bool:
    """As `all_done`. A worker that slept finds that PostgreSQL has ended the connection it was reading from."""
    try:
        return await all_done(server)
    except (Unavailable, DBAPIError):
        return False


async def _in_a_step(server: composition.Server) -> bool:
    views = [await server.views.run(run.id) for run in await server.views.runs()]
    return any(step.status is StepStatus.RUNNING for view in views for step in view.steps)


async def all_done(server: composition.Server) -> bool:
    """Whether every workflow has ended that was queued, or should be."""
    runs = await server.views.runs()
    deployments = await server.views.deployments()
    going = {DeploymentState.QUEUED, DeploymentState.ROLLING_OUT}
    if not all(run.ended for run in runs) or any(deployment.state in going for deployment in deployments):
        return False
    if await server.store.release_groups.unsettled():
        return False
    return not await server.queueing.client.list_workflows_async(status=["PENDING", "ENQUEUED"], limit=1)


def settings_of(
    data: str, database: str | None, *, engine: str | None = None, registry: str | None = None, **worker: Any
) -> Settings:
    """Settings of a server; without an engine it only pretends to run steps."""
    return Settings(
        data=Path(data),
        database=database,
        engine={"kind": "docker", "socket": engine} if engine else {"kind": "dummy"},
        registry={"prefix": registry},
        runs={"keep_workspaces": engine is not None},
        worker={"poll": 0.1, "sweep": 0.1 if database else 0.5, **worker},
    )


def words(order: Order) -> str:
    """The order as a line."""
    return json.dumps(asdict(order))


if __name__ == "__main__":
    serve()
