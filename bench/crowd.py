"""Many rollouts at once, over pods that only pretend to run: `python -m bench.crowd --help`.

Machines and pods are kwok's (https://kwok.sigs.k8s.io): the API server, the controllers and the scheduler are real, and
what is watched is as much as on a cluster of that size. One process of ours applies and judges all rollouts; measured are
its memory, its processor time, and the seconds from the last pod's readiness to each verdict.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from bench import cluster, machine
from bench.demo import places
from sealane.clients.kubernetes import cluster as clusters
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.model import Identity
from sealane.rollouts import model, rolling_out
from testbed import golang
from testbed.layout import Layout
from testbed.record import Bed

_NAMESPACES = 10
_PODS_A_NODE = 100
_PRETENDED = {"type": "kwok"}
_TAINT = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """What the watching process came to; times in seconds, memory in MiB."""

    verdicts: dict[str, int]
    took: float
    processor: float
    memory: float
    memory_before: float
    latencies: tuple[float, ...]


def main() -> int:
    """Makes machines and namespaces, rolls out in a process of its own, prints what it came to."""
    parser = argparse.ArgumentParser(prog="python -m bench.crowd", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rollouts", type=int, default=500, help="Deployments rolled out at once (500)")
    parser.add_argument("--pods", type=int, default=20, help="pods of each (20)")
    parser.add_argument("--namespace", action="append", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.namespace:
        counted = asyncio.run(_roll_out(given.namespace, given.rollouts, given.pods))
        print(json.dumps(asdict(counted)))
        return 0
    here = cluster.bed()
    with ExitStack() as stack:
        stack.enter_context(_machines(here, given.rollouts * given.pods // _PODS_A_NODE + 1))
        namespaces = [stack.enter_context(cluster.namespace(here)) for _ in range(min(_NAMESPACES, given.rollouts))]
        words = [f"--namespace={each}" for each in namespaces]
        counted = Counted(
            **json.loads(
                places.run(
                    sys.executable,
                    "-m",
                    "bench.crowd",
                    f"--rollouts={given.rollouts}",
                    f"--pods={given.pods}",
                    *words,
                    cwd=places.ROOT,
                )
            )
        )
    _print(counted, given.rollouts, given.pods, machine.words(machine.describe(here)))
    return 0


def _print(counted: Counted, rollouts: int, pods: int, where: str) -> None:
    late = sorted(counted.latencies)
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in counted.verdicts.items())
    print(where)
    print(f"{rollouts} rollouts at once, {rollouts * pods} pods: {verdicts} in {counted.took:.0f} s")
    print(f"  memory           {counted.memory:.0f} MiB at most, {counted.memory_before:.0f} MiB before (wanted ≤ 400)")
    print(f"  processor        {counted.processor:.0f} s")
    if late:
        longest = late[int(len(late) * 0.95)]
        print(f"  ready to verdict {statistics.median(late):.1f} s in the middle, {longest:.1f} s for 95 of 100")


@contextmanager
def _machines(here: Bed, number: int) -> Iterator[None]:
    """So many pretended machines, and who pretends."""
    layout = Layout.from_environment()
    golang.build(layout, [golang.KWOK])
    log = (places.HOME / "kwok.log").open("wb") if places.HOME.is_dir() else subprocess.DEVNULL
    nodes = [_node(f"crowd-{each}") for each in range(number)]
    argv = [
        str(golang.path_of(layout, golang.KWOK)),
        f"--kubeconfig={here.admin_kubeconfig}",
        "--manage-all-nodes=false",
        "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
    ]
    pretending = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        given = json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes})
        cluster.kubectl(here, "apply", "--filename=-", given=given)
        cluster.kubectl(here, "wait", "--for=condition=Ready", "node", "--selector=type=kwok", "--timeout=120s")
        yield
    finally:
        cluster.kubectl(here, "delete", "node", "--selector=type=kwok", "--wait=false")
        pretending.terminate()
        pretending.wait()


def _node(name: str) -> dict[str, Any]:
    room = {"cpu": "1000", "memory": "1Ti", "pods": str(_PODS_A_NODE + 10)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": dict(_PRETENDED), "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "spec": {"taints": [_TAINT]},
        "status": {"allocatable": room, "capacity": room, "phase": "Running"},
    }


def _workload(name: str, pods: int) -> dict[str, Any]:
    made = cluster.deployment("registry.example.com/pretended:1")
    template = made["spec"]["template"]
    template["metadata"]["labels"] = made["spec"]["selector"]["matchLabels"] = {"run": name}
    template["spec"] |= {
        "nodeSelector": dict(_PRETENDED),
        "tolerations": [{"key": _TAINT["key"], "operator": "Exists"}],
    }
    made["spec"]["replicas"] = pods
    made["metadata"]["name"] = name
    return made


async def _roll_out(namespaces: list[str], rollouts: int, pods: int) -> Counted:
    """All of them in this process, as a server's worker has them."""
    here = cluster.bed()
    before, begun = _memory(), time.monotonic()
    latencies: list[float] = []
    verdicts: dict[str, int] = {}

    async with clusters.Cluster.connect(Path(here.sealane_kubeconfig)) as connected:
        destination = KubernetesDestination(connected)

        async def one(number: int) -> None:
            name = f"web-{number}"
            objects = [_workload(name, pods)]

            async def ready() -> list[dict[str, Any]]:
                return objects

            goal = model.Goal(
                identity=Identity(
                    app=name,
                    formation="crowd",
                    namespace=namespaces[number % len(namespaces)],
                    revision="sha256:one",
                    sequence=1,
                ),
                objects=ready,
                healthy_for=timedelta(),
                patience=timedelta(minutes=20),
                deadline=timedelta(minutes=25),
            )
            last: list[model.Progress] = []

            def hear(progress: model.Progress) -> None:
                last[:] = [progress]

            around = rolling_out.Surroundings(destination=destination, listener=hear)
            outcome = await rolling_out.roll_out(model.DeploymentPlan(goal=goal), around)
            verdicts[outcome.verdict.kind] = verdicts.get(outcome.verdict.kind, 0) + 1
            seen = last[-1].observation if last else None
            since = [each.ready_since for each in seen.instances if each.ready_since] if seen else []
            if since:
                latencies.append((outcome.verdict.at - max(since)).total_seconds())

        await asyncio.gather(*(one(number) for number in range(rollouts)))
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Counted(
        verdicts=verdicts,
        took=time.monotonic() - begun,
        processor=used.ru_utime + used.ru_stime,
        memory=used.ru_maxrss / 1024,
        memory_before=before,
        latencies=tuple(latencies),
    )


def _memory() -> float:
    """What this process has in memory now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


if __name__ == "__main__":
    sys.exit(main())
