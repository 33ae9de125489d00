"""Plays seeded failures of `tests/scenarios/rollouts` with a stopwatch: from the decisive fact to the verdict.

The fact's time is that of a watch of our own over the whole cluster, which knows nothing of how Sealane watches: when a
status that shows the fact arrives there. A patient fact has no such moment: what counts is the time beyond its patience.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml

from bench.demo import places
from sealane import clock
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds, pod_objects
from sealane.verdicts import judgement
from sealane.verdicts import model as verdicts
from testbed.record import Bed
from tests.integration.deployments import outside, parts

K = verdicts.FactKind
AT_ONCE = 4
_SHOWN_BY = {
    K.IMAGE_MISSING: "pull",
    K.IMAGE_DENIED: "pull",
    K.IMAGE_INVALID: "pull",
    K.REFERENCE_MISSING: "configuration",
    K.ENDED: "ends",
    K.OUT_OF_MEMORY: "ends",
    K.KILLED_BY_PROBE: "ends",
    K.BAD_COMMAND: "ends",
    K.INIT_ENDED: "ends",
    K.QUOTA: "creation",
    K.REFUSED: "creation",
    K.JOB_FAILED: "job",
    K.JOB_TIMED_OUT: "job",
}
_PULLING = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """What Sealane said of a scenario, and when."""

    name: str
    title: str
    """What is wrong, in the scenario's words."""
    sentence: str
    decisive: bool
    seconds: float
    """From the end of applying to the judgement."""
    after: float | None
    """From the decisive fact, or the end of patience, to the judgement; None where no watch shows the fact."""


async def play(here: Bed, names: Sequence[str]) -> list[Told]:
    """Plays these scenarios, a few at a time. Raises places.Broke when one is not judged as it should be."""
    chosen = {scenario.name: scenario for scenario in parts.scenarios()}
    slots = asyncio.Semaphore(AT_ONCE)
    async with (
        clusters.Cluster.connect(Path(here.admin_kubeconfig)) as admin,
        clusters.Cluster.connect(Path(here.sealane_kubeconfig)) as cluster,
        outside.everything(here.registry) as words,
        _watching(admin) as seen,
    ):

        async def one(name: str) -> Told:
            async with slots:
                played = await parts.play(chosen[name], here, admin, cluster, **words)
            try:
                parts.check(played)
            except AssertionError as error:
                raise places.Broke(f"{name} was not judged as it should be: {error}") from error
            return _told(played, chosen[name], seen)

        return list(await asyncio.gather(*(one(name) for name in names)))


def _told(played: parts.Played, scenario: parts.Scenario, seen: dict[tuple[str, str], datetime]) -> Told:
    document: dict[str, Any] = yaml.safe_load(scenario.text)
    cause = played.outcome.verdict.cause
    judged = next(
        (
            progress.at
            for progress in played.told
            if progress.judgement and progress.judgement.state is judgement.State.FAILED
        ),
        None,
    )
    begun = next(progress.at for progress in played.told)
    judged = judged or begun  # refused by the first write: there is nothing to watch
    if cause is None:
        raise places.Broke(f"{played.name} has no cause")
    after = None
    if cause.decisive:
        shown = _SHOWN_BY.get(cause.reason, "")
        times = [at for (kind, name), at in seen.items() if kind == shown and name.startswith(played.name)]
        after = (judged - min(times)).total_seconds() if times else None
    elif patience := (document.get("rules") or {}).get("patience"):
        after = (judged - max(cause.since, begun) - parts.span(patience)).total_seconds()
    return Told(
        name=scenario.name,
        title=document["title"],
        sentence=cause.sentence.replace(played.name, "shop"),
        decisive=cause.decisive,
        seconds=round((judged - begun).total_seconds(), 2),
        after=None if after is None else round(max(after, 0.0), 3),
    )


@asynccontextmanager
async def _watching(admin: clusters.Cluster) -> AsyncIterator[dict[tuple[str, str], datetime]]:
    """When which kind of fact was first seen of which object, all over the cluster."""
    seen: dict[tuple[str, str], datetime] = {}
    async with (
        admin.live(kinds.POD) as pods,
        admin.live(kinds.REPLICA_SET) as sets,
        admin.live(kinds.JOB) as jobs,
    ):

        async def follow() -> None:
            with admin.reader() as reader:
                while True:
                    now = clock.now()
                    with reader.look():
                        there = reader.everything(pods), reader.everything(sets), reader.everything(jobs)
                    for kind, name in _shown(*(each.values() for each in there)):
                        seen.setdefault((kind, name), now)
                    await reader.changed()

        task = asyncio.create_task(follow())
        try:
            yield seen
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _shown(pods: Any, sets: Any, jobs: Any) -> Iterator[tuple[str, str]]:
    for pod in pods:
        for kind in _of_pod(pod):
            yield kind, pod.metadata.name
    for each in sets:
        if any(condition.type == "ReplicaFailure" for condition in each.status.conditions):
            yield "creation", each.metadata.name
    for each in jobs:
        if any(condition.type in {"Failed", "FailureTarget"} for condition in each.status.conditions):
            yield "job", each.metadata.name


def _of_pod(pod: pod_objects.Pod) -> Iterator[str]:
    for status in (*pod.status.init_container_statuses, *pod.status.container_statuses):
        waiting = status.state.waiting.reason if status.state.waiting else None
        if waiting in _PULLING:
            yield "pull"
        if waiting == "CreateContainerConfigError":
            yield "configuration"
        init = status in pod.status.init_container_statuses
        if status.restart_count + (0 if status.state.running else 1) >= (3 if init else 2):
            yield "ends"
