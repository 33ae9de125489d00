"""Formations watched over pods that only pretend to run: `python -m bench.health --help`.

The API server and the controllers are real (`bench/pretending.py`), and so is the server, in a process of its own on SQLite.
Measured are its memory and its processor time while nothing happens, and how long after the API server told of a pod's
failure the overview in an open browser says so. The peer is `kubectl get pods --all-namespaces --watch` at the same time: a
bare watch of the same pods, whose line is the failure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from bench import cluster, deployed, figures, followed, machine, pretending, serving
from bench.demo import places
from sealane.clients.kubernetes import credentials, direct, exchange, lists, objects, pod_objects, transport
from sealane.clients.kubernetes.informer import watch_stream

_MERGE = "application/merge-patch+json"
_PATIENCE = 60.0
"""Seconds that the page gets for the last failure."""
_RAN = timedelta(seconds=30)
"""How long a container ran before it ended."""
_STAMP = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(kw_only=True, slots=True)
class Watcher:
    """What one process took while nothing happened, and when it told of what failed."""

    memory: float = 0.0
    """MiB: the more of what it was before the failures, and after them."""
    idle: float = 0.0
    """Of a core, in hundredths."""
    after: list[float] = field(default_factory=list)
    """Seconds after the API server told."""


class PodKey(msgspec.Struct):
    """A pod, as far as a bare watch has to know it."""

    metadata: objects.Metadata
    status: pod_objects.PodStatus


def main() -> int:
    """Makes a cluster, deploys, watches, breaks pods, and prints what it came to."""
    parser = argparse.ArgumentParser(prog="python -m bench.health", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--formations", type=int, default=500, help="Deployments watched (500)")
    parser.add_argument("--pods", type=int, default=20, help="pods of each (20)")
    parser.add_argument("--namespaces", type=int, default=10, help="namespaces they are spread over (10)")
    parser.add_argument("--failures", type=int, default=100, help="pods that fail, each of another formation (100)")
    parser.add_argument("--idle", type=float, default=60, help="seconds in which nothing happens (60)")
    parser.add_argument("--every", type=float, default=1, help="seconds between two failures, in the mean (1)")
    parser.add_argument("--minutes", type=float, default=20, help="how long making the pods may take (20)")
    given = parser.parse_args()
    here = cluster.bed()
    machines = given.formations * given.pods // pretending.PODS_A_MACHINE + 1
    described = machine.describe(here)
    with (
        TemporaryDirectory(prefix="sealane-bench-") as name,
        pretending.crowd(here, machines=machines, namespaces=given.namespaces) as crowd,
    ):
        wanted = deployed.formations(given.formations, crowd.namespaces)
        deployed.write_environment(Path(name) / "config", crowd, wanted)
        asyncio.run(deployed.deploy(Path(name) / "data", crowd, wanted, pods=given.pods))
        deployed.until_ready(crowd, wanted, pods=given.pods, within=given.minutes * 60)
        ours, theirs = asyncio.run(measure(Path(name), crowd, wanted, given))
    described |= {"load_at_the_end": round(os.getloadavg()[0], 1)}
    show(ours, theirs, machine.words(described), given)
    return 0 if len(ours.after) == given.failures else 1


async def measure(
    folder: Path, crowd: pretending.Crowd, wanted: Sequence[deployed.Formation], given: argparse.Namespace
) -> tuple[Watcher, Watcher]:
    """A server of ours and the peer, while nothing happens, and while pods fail."""
    ours, theirs = Watcher(), Watcher()
    with serving.server(folder, SEALANE_ENGINE__KIND="dummy") as server, _peer(crowd) as peer:
        await asyncio.to_thread(_until_watched, server, len(wanted))
        async with followed.overview(server) as page, _pods(crowd) as pods:
            await asyncio.sleep(5)  # what was begun ends
            before = (_used(server.pid), _used(peer.pid), time.monotonic())
            await asyncio.sleep(given.idle)
            took = time.monotonic() - before[2]
            ours.idle = 100 * (_used(server.pid) - before[0]) / took
            theirs.idle = 100 * (_used(peer.pid) - before[1]) / took
            ours.memory, theirs.memory = _memory(server.pid), _memory(peer.pid)
            chosen = random.Random(7).sample(wanted, given.failures)
            failed = {each.deployment: await _fail_one(pods, each, given.every) for each in chosen}
            with suppress(TimeoutError):  # the table says how many were shown
                async with asyncio.timeout(_PATIENCE):
                    await page.shows(failed.keys())
            ours.memory, theirs.memory = max(ours.memory, _memory(server.pid)), max(theirs.memory, _memory(peer.pid))
        for deployment, pod in failed.items():
            told = pods.told.get(pod)
            if told is not None and deployment in page.degraded:
                ours.after.append(max(page.degraded[deployment] - told, 0.0))
            if told is not None and pod in peer.told:
                theirs.after.append(max(peer.told[pod] - told, 0.0))
        print(f"the page was read {len(page.read)} times, in {figures.median(page.read):.2f} s", file=sys.stderr)
    return ours, theirs


def show(ours: Watcher, theirs: Watcher, where: str, given: argparse.Namespace) -> None:
    """The table."""
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    console.print(where)
    pods = given.formations * given.pods
    title = f"{given.formations} formations over {pods:,} pods in {given.namespaces} namespaces, watched"
    table = Table("", "Ours", "kubectl get pods --watch", "Wanted", title=title, title_justify="left")
    table.add_row("memory", f"{ours.memory:.0f} MiB", f"{theirs.memory:.0f} MiB", "≤ 400 MiB")
    table.add_row("of a core, while nothing happens", f"{ours.idle:.1f} %", f"{theirs.idle:.1f} %", "≤ 5 %")
    for name, part, limit in (
        ("in the middle", 50, ""),
        ("for 95 of 100", 95, "≤ 2 s"),
        ("at most", 100, ""),
    ):
        cells = [f"{figures_of(each.after, part):.2f} s" if each.after else "" for each in (ours, theirs)]
        table.add_row(f"a pod's failure, told to shown, {name}", *cells, limit)
    table.add_row("failures shown", *(f"{len(each.after)} of {given.failures}" for each in (ours, theirs)))
    console.print(table)


def figures_of(samples: Sequence[float], part: int) -> float:
    """What so many of a hundred are not above."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) * part // 100, len(ordered) - 1)]


def _until_watched(server: serving.Server, number: int) -> None:
    def watched() -> bool | None:
        rows = server.ask("/formations")
        well = (row for row in rows if row["drift"] is not None and (row["health"] or {}).get("state") == "healthy")
        return sum(1 for _ in well) == number or None

    places.until("all formations to be watched, and healthy", watched, within=900)


class Pods:
    """A watch of all pods that knows nothing of Sealane's, and the way to break one."""

    def __init__(self, connection: transport.Transport, there: Sequence[PodKey]) -> None:
        self.told: dict[str, float] = {}
        """When the API server told of a pod's failure, by the monotonic clock."""
        self._connection = connection
        self._there = there

    async def listen(self, since: str) -> None:
        """Notes failures as they come."""
        told = watch_stream.changes(self._connection, "/api/v1/pods", msgspec.json.Decoder(PodKey), since=since)
        async for change in told:
            if change.object and any(each.state.waiting for each in change.object.status.container_statuses):
                self.told.setdefault(change.object.metadata.name, time.monotonic())

    async def fail(self, workload: str) -> str:
        """Has a pod of the workload crash, as a kubelet says it; gives the pod's name."""
        pod = next(each for each in self._there if each.metadata.name.startswith(f"{workload}-"))
        path = f"/api/v1/namespaces/{pod.metadata.namespace}/pods/{pod.metadata.name}/status"
        body = json.dumps({"status": _crashed(pod)}).encode()
        await self._connection.call(exchange.Call(method="PATCH", path=path, body=body, content_type=_MERGE))
        return pod.metadata.name


@asynccontextmanager
async def _pods(crowd: pretending.Crowd) -> AsyncIterator[Pods]:
    source = credentials.Source(kubeconfig=Path(crowd.here.admin_kubeconfig))
    connection = transport.Transport(direct.Direct(source))
    await connection.open()
    try:
        there = await lists.listed(connection, "/api/v1/pods", PodKey, {})
        pods = Pods(connection, there.items)
        listening = asyncio.create_task(pods.listen(there.version))
        try:
            yield pods
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
    finally:
        await connection.close()


async def _fail_one(pods: Pods, formation: deployed.Formation, every: float) -> str:
    await asyncio.sleep(random.uniform(0.5, 1.5) * every)
    return await pods.fail(formation.workload)


def _crashed(pod: PodKey) -> dict[str, Any]:
    now = datetime.now(UTC)
    times = {"startedAt": f"{now - _RAN:{_STAMP}}", "finishedAt": f"{now:{_STAMP}}"}
    ended = {"exitCode": 3, "reason": "Error", **times}
    waiting = {"reason": "CrashLoopBackOff", "message": "back-off 20s restarting failed container"}
    status = pod.status.container_statuses[0]
    conditions = [
        {"type": each.type, "status": "False" if each.type in {"Ready", "ContainersReady"} else each.status}
        for each in pod.status.conditions
    ]
    container = {
        "name": status.name,
        "image": status.image,
        "imageID": status.image_id,
        "ready": False,
        "restartCount": 2,
        "state": {"waiting": waiting},
        "lastState": {"terminated": ended},
    }
    return {"conditions": conditions, "containerStatuses": [container]}


class Peer:
    """`kubectl get pods --watch`, and when it printed of whom that it crashes."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.pid = process.pid
        self.told: dict[str, float] = {}
        self._process = process
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "CrashLoopBackOff" in line:
                self.told.setdefault(re.split(r"\s+", line)[1], time.monotonic())


@contextmanager
def _peer(crowd: pretending.Crowd) -> Iterator[Peer]:
    argv = [crowd.here.kubectl, f"--kubeconfig={crowd.here.admin_kubeconfig}"]
    process = subprocess.Popen([*argv, "get", "pods", "--all-namespaces", "--watch"], stdout=subprocess.PIPE, text=True)
    try:
        yield Peer(process)
    finally:
        process.terminate()
        process.wait()


def _used(pid: int) -> float:
    return sum(map(pretending.processor, _family(pid)))


def _memory(pid: int) -> float:
    """What a process and all that it started have in memory, shared pages counted by their share, in MiB."""
    found = [
        re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{each}/smaps_rollup").read_text(), re.MULTILINE)
        for each in _family(pid)
    ]
    return sum(int(each[1]) for each in found if each) / 1024


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(each for child in children for each in _family(int(child)))]


if __name__ == "__main__":
    sys.exit(main())
