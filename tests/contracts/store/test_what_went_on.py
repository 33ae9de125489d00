"""What pictures of runs and rollouts are drawn from is kept as it was, and small, on each database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import sqlalchemy as sa

from sealane.records import instance_counts
from sealane.records.deployments import DeploymentState
from sealane.records.views import RunService
from sealane.store import conclusion, deployment_tables
from sealane.store import instance_counts as stored
from sealane.store.all_stores import Store
from sealane.store.deployments import Line
from sealane.verdicts import gate_requests
from sealane.verdicts.gate_requests import GateRequest
from sealane.verdicts.model import Health, Observation, Verdict, VerdictKind, Workload

from .samples import NOON, push
from .test_cancellations import at as in_state


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def seen(seconds: float, ready: int, updated: int, old: int, **more: Any) -> Observation:
    workload = Workload(
        object="Deployment/web",
        health=Health.CONVERGING,
        desired=3,
        updated=updated,
        ready=ready,
        old=old,
        ready_since=None,
        message="",
    )
    return Observation(at=after(seconds), workloads=(workload,), **more)


async def test_services_of_a_run_are_there_in_their_order(store: Store) -> None:
    """What failed says why, also when it had been healthy; one that is started anew is on its way."""
    run = (await store.events.receive(push("a"), source="git")).run_id
    for name, begun in (("db", 0.0), ("queue", 0.0), ("search", 1.0)):
        await store.run_services.started(run, name, at=after(begun))
    await store.run_services.ended(run, "db", at=after(2))
    await store.run_services.ended(run, "search", at=after(3))
    await store.run_services.ended(run, "search", at=after(9), reason="it ended with exit code 1")
    assert (await store.views.run(run)).services == (
        RunService(name="db", started=NOON, ended=after(2), reason=None),
        RunService(name="queue", started=NOON, ended=None, reason=None),
        RunService(name="search", started=after(1), ended=after(9), reason="it ended with exit code 1"),
    )
    await store.run_services.started(run, "db", at=after(20))
    assert (await store.views.run(run)).services[-1] == RunService(
        name="db", started=after(20), ended=None, reason=None
    )


async def test_instances_are_counted_while_it_rolls_out(store: Store) -> None:
    """Whenever their number changes, the way back told apart; not while nobody can look, and not after the verdict."""
    subject = await in_state(store, DeploymentState.ROLLING_OUT)
    for observation in (
        Observation(at=NOON),
        seen(1, 0, 1, 3),
        seen(2, 0, 1, 3),
        seen(3, 1, 1, 2),
        seen(4, 0, 0, 0, blind_since=after(4)),
    ):
        await store.observations.keep(subject, observation)
    await store.deployments.tell(subject, at=after(5), line=Line(key="back", phase="revert", text="going back"))
    await store.observations.keep(subject, seen(6.25, 2, 3, 1))
    verdict = Verdict(kind=VerdictKind.ROLLED_BACK, reason="it ended", at=after(9))
    await conclusion.conclude(store.database, subject, verdict)
    await store.observations.keep(subject, seen(10, 3, 3, 0))
    counts = (await store.views.deployment(subject)).instances
    assert [(count.at, count.ready, count.updated, count.old, count.back) for count in counts] == [
        (after(1), 0, 1, 3, False),
        (after(3), 1, 1, 2, False),
        (after(6.25), 2, 3, 1, True),
    ]


async def test_a_rollout_without_end_keeps_some_kilobytes(store: Store) -> None:
    """Every other count goes when there are many; one takes about 20 bytes."""
    subject = await in_state(store, DeploymentState.ROLLING_OUT)
    many = [instance_counts.seen(seen(at, at % 100, 100, 100), back=False) for at in range(instance_counts.MOST + 50)]
    await store.database.write(lambda c: [stored.note(c, subject, count) for count in many if count])
    table = deployment_tables.instance_counts
    (counts,) = await store.database.read(lambda c: c.execute(sa.select(table.c.counts)).scalars().all())
    assert instance_counts.MOST / 2 < len(counts) <= instance_counts.MOST
    assert len(msgspec.json.encode(counts)) < 22 * instance_counts.MOST
    assert counts[0][0] == 0


async def test_gates_keep_what_came_back(store: Store) -> None:
    """Of a gate the newest answers, of all of them how many; each place of the rollout by itself, the first asked first."""
    subject = await in_state(store, DeploymentState.ROLLING_OUT)
    asked = gate_requests.first("canary 10", "answers", "http://web/")
    later = gate_requests.first("canary 50", "answers", "http://web/")
    first = GateRequest(at=after(1), seconds=0.012, answer="status 200", good=True)
    last = replace(first, at=after(5), answer="status 503", good=False)
    await store.gate_requests.add(subject, [(later, replace(first, at=after(60)))])
    await store.gate_requests.add(subject, [(asked, first)] * gate_requests.MOST)
    await store.gate_requests.add(subject, [(asked, last)])
    one, other = (await store.views.deployment(subject)).requests
    assert (one.key, one.gate, one.asked, one.count, one.good) == ("canary 10", "answers", "http://web/", 201, 200)
    assert len(one.requests) == gate_requests.MOST
    assert (one.requests[0], one.requests[-1]) == (first, last)
    assert (other.key, other.count) == ("canary 50", 1)
