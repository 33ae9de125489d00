"""What the account has of ECS, and how deployments begin there."""

from __future__ import annotations

import copy
import itertools
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.aws.services import ARN, Definition, Deployment, Rollout, Service, Task

Step = Callable[[datetime], None]


@dataclass(frozen=True, kw_only=True)
class Roll:
    """One deployment of a service that was accepted."""

    cluster: Cluster
    service: Service
    rollout: Rollout
    deployment: Deployment
    before: Rollout | None

    def say(self, message: str) -> Step:
        """An event of the service."""
        return lambda at: self.service.events.append((at, f"(service {self.service.name}) {message}"))

    def started(self, count: int, *, health: str = "UNKNOWN", rollout: Rollout | None = None) -> Step:
        """So many tasks of it run."""

        def step(at: datetime) -> None:
            for _ in range(count):
                task = self.cluster.task(self.service, rollout or self.rollout, at)
                task.run(at, health)

        return step

    def fails(self, reason: str, *, code: str = "TaskFailedToStart", exit_code: int | None = None) -> Step:
        """A task of it stops by itself; one that never ran has no exit code."""

        def step(at: datetime) -> None:
            running = self.service.running(self.rollout.id)
            if exit_code is not None and running:
                running[0].stop(at, code, reason, exit_code=exit_code)
                return
            self.cluster.task(self.service, self.rollout, at).stop(at, code, reason)
            self.rollout.failed += 1

        return step

    def drained(self, rollout: Rollout | None = None) -> Step:
        """Tasks of that deployment, or of all before, are stopped by the scheduler, and it is listed no more."""

        def step(at: datetime) -> None:
            for old in [rollout] if rollout else [each for each in self.service.rollouts if each is not self.rollout]:
                reason = f"Scaling activity initiated by (deployment {old.id})"
                for task in self.service.running(old.id):
                    task.stop(at, "ServiceSchedulerInitiated", reason, exit_code=143)
                if old in self.service.rollouts:
                    self.service.rollouts.remove(old)

        return step

    def ended(self, status: str, reason: str = "") -> Step:
        """The service deployment ends, or moves on."""
        return lambda at: self.deployment.move(status, at=at, reason=reason)

    def completed(self, rollout: Rollout | None = None) -> Step:
        """The deployment in the service's own list is completed."""

        def step(at: datetime) -> None:
            done = rollout or self.service.primary
            done.end("COMPLETED", f"ECS deployment {done.id} completed.")

        return step

    def well(self) -> Step:
        """Both ends at once."""

        def step(at: datetime) -> None:
            self.completed(self.rollout)(at)
            self.deployment.move("SUCCESSFUL", at=at)
            self.say(f"(deployment {self.rollout.id}) deployment completed.")(at)
            self.say("has reached a steady state.")(at)

        return step

    def goes_back(self, reason: str, *, breaker: bool = False, alarms: tuple[str, ...] = ()) -> Step:
        """The service makes a deployment of the task definition before, and lists the failed one as that."""

        def step(at: datetime) -> None:
            assert self.before is not None, "there is something to roll back to"
            self.deployment.breaker = "TRIGGERED" if breaker else self.deployment.breaker
            self.deployment.alarms = list(alarms)
            self.deployment.hooks = [
                {**hook, "status": "FAILED"} if hook["status"] == "AWAITING_ACTION" else hook
                for hook in self.deployment.hooks
            ]
            if self.deployment.status == "IN_PROGRESS" or self.deployment.status == "ROLLBACK_REQUESTED":
                self.deployment.move("ROLLBACK_IN_PROGRESS", reason=reason)
            self.deployment.rollback = {
                "reason": reason, "startedAt": at, "serviceRevisionArn": self.deployment.sources[0],
            }  # fmt: skip
            if self.rollout.state == "IN_PROGRESS":
                self.rollout.end("FAILED", reason)
            self.rollout.status = "ACTIVE"
            words = f"ECS deployment circuit breaker: rolling back to deploymentId {self.before.id}."
            back = self.cluster.rollout(self.service, self.before.definition, at, reason=words)
            for task in self.service.running(self.before.id):
                task.started_by = back.id
            if self.before in self.service.rollouts:
                self.service.rollouts.remove(self.before)
            self.service.rollouts.insert(0, back)

        return step

    def back(self, status: str = "ROLLBACK_SUCCESSFUL") -> Step:
        """What was there before runs again."""

        def step(at: datetime) -> None:
            self.drained(self.rollout)(at)
            missing = self.service.desired - len(self.service.running(self.service.primary.id))
            self.started(missing, rollout=self.service.primary)(at)
            self.completed()(at)
            self.deployment.move(status, at=at)
            self.say("has reached a steady state.")(at)

        return step


Timeline = Callable[[Roll], list[tuple[float, Step]]]


@dataclass(kw_only=True)
class Cluster:
    """All of it; the world it stands in has the clock."""

    services: dict[tuple[str, str], Service] = field(default_factory=dict)
    definitions: list[Definition] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    """One-off tasks by their addresses."""
    streams: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    """Lines of a log, by group and the first parts of the stream's name."""
    scripts: dict[str, list[Timeline]] = field(default_factory=lambda: defaultdict(list))
    """How the next deployments of each service come along."""
    continued: list[Timeline] = field(default_factory=list)
    """How the next deployments come along that somebody continues at a hook; to their end if none is left."""
    runs: list[Any] = field(default_factory=list)
    """How the next one-off tasks come along: steps at seconds, over the task."""
    refuses_tasks: list[dict[str, str]] = field(default_factory=list)
    """What RunTask answers in place of a task."""
    hides_tasks: timedelta = timedelta()
    """So long a new task is not to be seen."""
    numbers: Any = field(default_factory=lambda: itertools.count(1))
    shadow: tuple[datetime, dict[tuple[str, str], Service]] | None = None

    def define(self, family: str, **fields: Any) -> Definition:
        """Registers a revision."""
        number = 1 + max((each.revision for each in self.definitions if each.family == family), default=0)
        tags = fields.pop("tags", [])
        made = Definition(family=family, revision=number, fields=fields, tags=tags)
        self.definitions.append(made)
        return made

    def newest(self, name: str) -> Definition | None:
        """By address, by family and revision, or the newest active one of a family."""
        name = name.rpartition("/")[2]
        for each in reversed(self.definitions):
            if f"{each.family}:{each.revision}" == name or (each.family == name and each.status == "ACTIVE"):
                return each
        return None

    def service(self, name: str, definition: str, at: datetime, *, desired: int = 2, **fields: Any) -> Service:
        """Makes one that is well."""
        made = Service(name=name, cluster="shop", desired=desired, fields=fields)
        first = self.rollout(made, definition, at)
        first.end("COMPLETED", f"ECS deployment {first.id} completed.")
        made.rollouts.append(first)
        for _ in range(desired):
            self.task(made, first, at).run(at)
        self.services["shop", name] = made
        return made

    def rollout(self, service: Service, definition: str, at: datetime, *, reason: str = "") -> Rollout:
        """A new entry, which is not listed yet."""
        return Rollout(id=f"ecs-svc/{next(self.numbers):016d}", definition=definition, created=at, reason=reason)

    def task(self, service: Service, rollout: Rollout, at: datetime) -> Task:
        """A new task of a deployment."""
        made = Task(
            arn=f"{ARN}task/{service.cluster}/{next(self.numbers):032x}",
            definition=rollout.definition,
            started_by=rollout.id,
            created=at,
            group=f"service:{service.name}",
        )
        service.tasks.append(made)
        return made

    def begin(self, service: Service, definition: str, at: datetime) -> Roll:
        """A deployment begins: what was primary is active, and one that was under way is stopped."""
        old = service.primary if service.rollouts else None
        rollout = self.rollout(service, definition, at)
        for other in service.deployments:
            if other.status == "IN_PROGRESS":
                other.move("STOP_REQUESTED")
                other.move("STOPPED", at=at + timedelta(seconds=0.3))
        if old:
            old.status = "ACTIVE"
        service.rollouts.insert(0, rollout)
        deployment = Deployment(
            arn=f"{ARN}service-deployment/{service.cluster}/{service.name}/{next(self.numbers)}",
            target=self.revision(service, definition),
            sources=[self.revision(service, old.definition)] if old else [],
            created=at,
            rollout=rollout.id,
            before=old,
        )
        service.deployments.append(deployment)
        deployment.move("IN_PROGRESS")
        return Roll(cluster=self, service=service, rollout=rollout, deployment=deployment, before=old)

    def revision(self, service: Service, definition: str) -> str:
        """The address of a revision of a service."""
        arn = f"{ARN}service-revision/{service.cluster}/{service.name}/{next(self.numbers)}"
        service.revisions[arn] = definition
        return arn

    def keep_shadow(self, at: datetime) -> None:
        """Keeps what stale reads show from now on."""
        self.shadow = (at, copy.deepcopy(self.services))
