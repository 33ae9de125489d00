"""What a look at a service comes to, by the facts alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sealane.clients.aws.ecs_model import Rollout, Service, ServiceDeployment, Task, TaskContainer
from sealane.destinations.ecs import converge, one_off, stopped_tasks
from sealane.destinations.ecs.model import Operation, Reading, Step
from sealane.verdicts.model import FactKind

AT = datetime(2026, 11, 21, 2, tzinfo=UTC)
BREAKER = {"deploymentConfiguration": {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}}
OPERATION = Operation(
    step=Step.DEPLOY,
    sequence=2,
    revision="r2",
    definition="app:2",
    before="app:1",
    at=AT,
    primary="one",
    deployment="two",
)
K = FactKind


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def rollout(key: str, definition: str, *, state: str = "COMPLETED", seconds: float = 1, **more: Any) -> Rollout:
    given = {"primary": True, "running": 2, "reason": ""} | more
    return Rollout(id=key, definition=definition, state=state, created=after(seconds), **given)


OURS = rollout("two", "app:2")
OLD = rollout("one", "app:1", seconds=-500)
BACK = rollout("three", "app:1", seconds=120, goes_back=True)
THEIRS = rollout("four", "app:3", seconds=50, state="IN_PROGRESS")


def ending(status: str, **more: Any) -> ServiceDeployment:
    given: dict[str, Any] = {"reason": "", "created": after(1), "definition": "app:2", "sources": ("app:1",)}
    return ServiceDeployment(arn="sd/two", status=status, **(given | more))


def task(name: str, *, by: str = "two", definition: str = "app:2", status: str = "RUNNING", **more: Any) -> Task:
    given: dict[str, Any] = {
        "stop_code": "",
        "stopped_reason": "",
        "health": "UNKNOWN",
        "created": after(20),
        "started": after(30),
        "stopped": None,
        "containers": (TaskContainer(name="app", exit_code=None, reason="", digest="sha256:a"),),
    }
    return Task(arn=f"task/{name}", definition=definition, status=status, started_by=by, **(given | more))


def crashed(name: str, code: int | None = 1, **more: Any) -> Task:
    container = TaskContainer(name="app", exit_code=code, reason="", digest="")
    given: dict[str, Any] = {"stop_code": "EssentialContainerExited", "containers": (container,)} | more
    return task(name, status="STOPPED", **given)


def reading(
    *rollouts: Rollout, seconds: float = 400, end: ServiceDeployment | None = None, tasks: tuple[Task, ...] | None = None,
    desired: int = 2, status: str = "ACTIVE", later: tuple[ServiceDeployment, ...] = (), **fields: Any,
) -> Reading:  # fmt: skip
    """A look at a service of two tasks, which is well with `app:2` unless told otherwise."""
    service = Service(
        arn="service/web", name="web", status=status, desired=desired, controller="ECS", rollouts=rollouts or (OURS,), fields=fields or BREAKER
    )  # fmt: skip
    ended = (end or ending("SUCCESSFUL"),)
    return Reading(
        at=after(seconds),
        service=service,
        deployments=(*ended, *later),
        tasks=(task("a"), task("b")) if tasks is None else tasks,
    )


MANY = tuple(crashed(name) for name in "cde")
OTHER = ending("IN_PROGRESS", created=after(50), definition="app:3")


@pytest.mark.parametrize(
    ("look", "kind"),
    [
        (reading(), None),
        (replace(reading(), service=None), K.UNPROVEN),
        (reading(status="DRAINING"), K.RESOURCE_FAILED),
        (reading(OLD, seconds=20), K.RESOURCE_PENDING),
        (reading(OLD, seconds=100), K.UNPROVEN),
        (reading(end=ending("IN_PROGRESS")), K.RESOURCE_PENDING),
        (reading(end=ending("IN_PROGRESS"), tasks=MANY), K.RESOURCE_PENDING),
        (reading(end=ending("IN_PROGRESS"), tasks=MANY, other=1), K.RESOURCE_FAILED),
        (reading(end=ending("IN_PROGRESS"), tasks=MANY[:2], other=1), K.RESOURCE_PENDING),
        (reading(BACK, end=ending("ROLLBACK_IN_PROGRESS")), K.RESOURCE_PENDING),
        (reading(BACK, end=ending("ROLLBACK_SUCCESSFUL")), K.RESOURCE_FAILED),
        (reading(end=ending("ROLLBACK_FAILED")), K.RESOURCE_FAILED),
        (reading(end=ending("STOPPED", triggered="its circuit breaker")), K.RESOURCE_FAILED),
        (reading(end=ending("STOPPED")), K.RESOURCE_FAILED),
        (reading(end=ending("STOPPED"), later=(OTHER,)), K.SUPERSEDED),
        (reading(THEIRS, end=ending("STOPPED"), later=(OTHER,)), K.SUPERSEDED),
        (reading(THEIRS), K.SUPERSEDED),
        (reading(rollout("five", "app:1", seconds=50)), K.SUPERSEDED),
        (reading(tasks=(task("a"),)), K.RESOURCE_PENDING),
        (reading(tasks=(task("a"), task("b", by="one"))), K.RESOURCE_PENDING),
        (reading(tasks=(task("a"), task("b", health="UNHEALTHY"))), K.RESOURCE_PENDING),
        (reading(desired=0), K.UNPROVEN),
        (reading(OURS, replace(OLD, primary=False)), K.RESOURCE_PENDING),
        (reading(OURS, replace(OLD, primary=False, running=0)), None),
    ],
)
def test_rules(look: Reading, kind: FactKind | None) -> None:
    judged = converge.judge(OPERATION, look)
    assert judged.kind is kind, judged.words


def test_without_the_record_of_its_end_the_services_own_list_counts() -> None:
    unseen = replace(reading(), deployments=())
    failed = replace(reading(rollout("two", "app:2", state="FAILED")), deployments=())
    back = replace(reading(BACK), deployments=())
    assert converge.judge(OPERATION, unseen).kind is None
    assert "may not see it" in " ".join(converge.judge(OPERATION, unseen).notes)
    assert converge.judge(OPERATION, failed).kind is K.RESOURCE_FAILED
    assert converge.judge(OPERATION, back).kind is K.RESOURCE_FAILED


def test_an_answer_that_was_lost_is_found_among_the_deployments() -> None:
    assert converge.judge(replace(OPERATION, deployment=""), reading()).kind is None


def test_what_the_service_stopped_itself_is_no_trouble() -> None:
    scaled = crashed("a", 143, stop_code="ServiceSchedulerInitiated", stopped_reason="Scaling activity initiated by x")
    sick = crashed("b", 137, stop_code="ServiceSchedulerInitiated", stopped_reason="Task failed ELB health checks in x")
    assert stopped_tasks.of([scaled, sick, crashed("c", by="one")], "two") == (sick,)


@pytest.mark.parametrize(
    ("ended", "says"),
    [
        (crashed("a", 0), ""),
        (crashed("a", 1), "ended with exit code 1"),
        (crashed("a", None, stopped_reason="CannotPullContainerError: x"), "it never started: CannotPull"),
        (crashed("a", 0, stop_code="SpotInterruption", stopped_reason="Spot"), "stopped before its end: Spot"),
        (crashed("a", 0, containers=()), "it never started"),
    ],
)
def test_a_task_ended_well_by_its_exit_codes(ended: Task, says: str) -> None:
    problem = one_off.failed(ended)
    assert (says in problem) if says else problem == ""


def test_a_hook_that_waits_for_somebody_moves_the_deadline() -> None:
    waits = ending("IN_PROGRESS", awaits=(("approve", after(86400)),))
    look = reading(end=waits, deploymentConfiguration={"bakeTimeInMinutes": 5})
    judged = converge.judge(OPERATION, look)
    assert (judged.kind, "hook approve until 2026-11-22 02:00 UTC" in judged.words) == (K.RESOURCE_PENDING, True)
    assert converge.allowed(look) > timedelta(days=1)


@pytest.mark.parametrize(
    ("ended", "tasks", "enough"),
    [
        (100, (), True),
        (350, (), False),
        (100, (crashed("c", stopped=after(390)),), False),
        (100, (crashed("c", stopped=after(90)),), True),
        (100, (task("d", started=after(390)),), False),
    ],
)
def test_one_look_is_enough_long_after_the_end(ended: float, tasks: tuple[Task, ...], enough: bool) -> None:
    look = reading(end=ending("SUCCESSFUL", ended=after(ended)), tasks=(task("a"), task("b"), *tasks))
    judged = converge.judge(OPERATION, look)
    assert (judged.kind, judged.at_once) == (None, enough)
