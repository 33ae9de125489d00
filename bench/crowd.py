"""Many rollouts at once, over pods that only pretend to run: `python -m bench.crowd --help`.

The API server, the controllers and the scheduler are real (`bench/pretending.py`), and what is watched is as much as on a
cluster of that size. One process of ours applies and judges all rollouts; measured are its memory, its processor time, and
the seconds from the last pod's readiness to each verdict, beside the processor time of the cluster's own parts. A cluster
tells readiness in whole seconds, cut off, so that these times are too long by half a second in the mean.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import time
import traceback
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import cluster, machine, pretending
from bench.demo import places
from sealane.clients.kubernetes import cluster as clusters
from sealane.deployments import model
from sealane.deployments.deploy import deploy
from sealane.deployments.process_memory import ProcessMemory
from sealane.deployments.steps.work import Context
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.model import Identity
from sealane.journal import Plain

_LAST_WORDS = 60
"""Seconds that the process with the rollouts gets for ending, when its time is up."""


@dataclass(kw_only=True, slots=True)
class Counted:
    """What the watching process came to; times in seconds, memory in MiB."""

    verdicts: dict[str, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    """From the readiness of a rollout's last pod to its verdict."""
    all_ready: float = 0.0
    """When the last pod of all was ready, from the beginning."""
    took: float = 0.0
    processor: float = 0.0
    memory: float = 0.0
    memory_before: float = 0.0


def main() -> int:
    """Makes machines and namespaces, rolls out in a process of its own, prints what it came to."""
    parser = argparse.ArgumentParser(prog="python -m bench.crowd", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rollouts", type=int, default=500, help="Deployments rolled out at once (500)")
    parser.add_argument("--pods", type=int, default=20, help="pods of each (20)")
    parser.add_argument("--namespaces", type=int, default=10, help="namespaces they are spread over (10)")
    parser.add_argument("--minutes", type=float, default=20, help="when to stop, whatever is still under way (20)")
    parser.add_argument("--in", dest="places", action="append", help=argparse.SUPPRESS)
    parser.add_argument("--kubeconfig", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.places:
        print(json.dumps(asdict(asyncio.run(_roll_out(given)))))
        return 0
    here = cluster.bed()
    machines = given.rollouts * given.pods // pretending.PODS_A_MACHINE + 1
    where = machine.words(machine.describe(here))
    with pretending.crowd(here, machines=machines, namespaces=given.namespaces) as crowd:
        before = crowd.used()
        counted = _counted(crowd, given)
        used = {name: seconds - before[name] for name, seconds in crowd.used().items()}
        _print(counted, used, where, given)
    return 0 if counted.verdicts == {"deployed": given.rollouts} else 1


def _counted(crowd: pretending.Crowd, given: argparse.Namespace) -> Counted:
    """What a process of its own says that applies and watches, as a server's worker does."""
    words = [f"--rollouts={given.rollouts}", f"--pods={given.pods}", f"--minutes={given.minutes}"]
    words += [f"--kubeconfig={crowd.here.sealane_kubeconfig}", *(f"--in={name}" for name in crowd.namespaces)]
    done = subprocess.run(
        [sys.executable, "-m", "bench.crowd", *words],
        cwd=places.ROOT,
        stdout=subprocess.PIPE,
        check=True,
        timeout=given.minutes * 60 + _LAST_WORDS,
    )
    return Counted(**json.loads(done.stdout))


def _print(counted: Counted, used: dict[str, float], where: str, given: argparse.Namespace) -> None:
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 140)
    console.print(where)
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in counted.verdicts.items())
    title = f"{given.rollouts} rollouts of {given.pods} pods at once, in {given.namespaces} namespaces: {verdicts}"
    table = Table("", "Measured", "Wanted", title=title, title_justify="left")
    table.add_row("memory at most", f"{counted.memory:.0f} MiB ({counted.memory_before:.0f} before)", "≤ 400 MiB")
    share = 100 * counted.processor / counted.took
    table.add_row("processor time", f"{counted.processor:.0f} s, {share:.0f} % of one core")
    late = sorted(counted.latencies)
    for name, part in (("in the middle", 0.5), ("for 95 of 100", 0.95), ("at most", 1.0)):
        if late:
            seconds = late[min(int(len(late) * part), len(late) - 1)]
            table.add_row(f"ready to verdict, {name}", f"{seconds:.1f} s", "≤ 2 s" if part == 0.5 else "")
    table.add_row("until all pods were ready", f"{counted.all_ready:.0f} s")
    table.add_row("until the last verdict", f"{counted.took:.0f} s")
    total = sum(used.values())
    parts = ", ".join(f"{name} {seconds:.0f}" for name, seconds in used.items())
    table.add_row("the cluster's processor time", f"{total:.0f} s, {total / counted.took:.1f} cores: {parts}")
    console.print(table)


def _workload(name: str, pods: int) -> dict[str, Any]:
    made = cluster.deployment("registry.example.com/pretended:1")
    labels = {"run": name}
    template = {**made["spec"]["template"], "metadata": {"labels": labels}}
    spec = {**made["spec"], "replicas": pods, "selector": {"matchLabels": labels}, "template": template}
    return {**made, "metadata": {"name": name}, "spec": spec}


async def _roll_out(given: argparse.Namespace) -> Counted:
    """All of them in this process, as a server's worker has them, until they are done or time is up."""
    counted = Counted(memory_before=_memory())
    begun, began = time.monotonic(), datetime.now(UTC)
    verdicts: Counter[str] = Counter()
    async with clusters.Cluster.connect(Path(given.kubeconfig)) as connected:
        destination = KubernetesDestination(connected)

        async def one(number: int) -> None:
            target = _goal(number, given)
            last: list[model.Progress] = []

            def hear(progress: model.Progress) -> None:
                last[:] = [progress]

            memory = ProcessMemory(plan=model.DeploymentPlan(target=target), destination=destination, listener=hear)
            outcome = await deploy(memory.start({}), Plain(), memory, Context())
            verdicts[outcome.verdict.kind.value] += 1
            seen = last[0].observation if last else None
            if since := [instance.ready_since for instance in (seen.instances if seen else ()) if instance.ready_since]:
                counted.latencies.append((outcome.verdict.at - max(since)).total_seconds())
                counted.all_ready = max(counted.all_ready, (max(since) - began).total_seconds())

        tasks = [asyncio.create_task(one(number)) for number in range(given.rollouts)]
        _, unfinished = await asyncio.wait(tasks, timeout=given.minutes * 60)
        for task in unfinished:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    broken = [each for each in ended if isinstance(each, Exception)]
    for error in broken[:1]:
        traceback.print_exception(error)
    verdicts["broken"] = len(broken)
    verdicts["unfinished"] = len(unfinished)
    used = resource.getrusage(resource.RUSAGE_SELF)
    counted.verdicts = dict(+verdicts)
    counted.took = time.monotonic() - begun
    counted.processor = used.ru_utime + used.ru_stime
    counted.memory = used.ru_maxrss / 1024
    return counted


def _goal(number: int, given: argparse.Namespace) -> model.Target:
    name = f"web-{number}"
    objects = [_workload(name, given.pods)]

    async def ready() -> list[dict[str, Any]]:
        return objects

    return model.Target(
        identity=Identity(
            app=name,
            formation="crowd",
            namespace=given.places[number % len(given.places)],
            revision="sha256:one",
            sequence=1,
        ),
        objects=ready,
        healthy_for=timedelta(),
        patience=timedelta(minutes=given.minutes),
        deadline=timedelta(minutes=given.minutes),
    )


def _memory() -> float:
    """What this process has in memory now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024


if __name__ == "__main__":
    sys.exit(main())
