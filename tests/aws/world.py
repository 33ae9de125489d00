"""The account: its applications, versions, environments and buckets, and what is still to come in them."""

from __future__ import annotations

import copy
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.aws import service_timelines
from tests.aws.cluster import Cluster, Roll
from tests.aws.environments import Environment, Instance
from tests.aws.faults import Trouble
from tests.aws.services import Deployment, Service, Task
from tests.aws.timelines import Timeline, Update, aborted, well
from tests.aws.virtual_clock import VirtualClock
from tests.aws.wire import Answered


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call that came, whatever was answered."""

    op: str
    given: dict[str, Any]
    at: datetime
    answered: str = ""
    """The code of the error, or what became of the connection; empty where it was done and told."""


@dataclass(kw_only=True)
class Version:
    """One version of an application."""

    label: str
    bundle: dict[str, str]
    status: str = "UNPROCESSED"
    created: datetime | None = None
    words: str = ""


@dataclass(kw_only=True)
class Log:
    """Logs that somebody asked for."""

    kind: str
    instance: str
    asked: datetime
    ready: datetime
    text: str


@dataclass(kw_only=True)
class World:
    """All of it; whoever reads or writes holds the server's lock."""

    clock: VirtualClock = field(default_factory=VirtualClock)
    trouble: Trouble = field(default_factory=Trouble)
    environments: dict[str, Environment] = field(default_factory=dict)
    versions: dict[tuple[str, str], Version] = field(default_factory=dict)
    cluster: Cluster = field(default_factory=Cluster)
    schedules: dict[str, dict[str, Any]] = field(default_factory=dict)
    buckets: dict[str, dict[str, bytes]] = field(default_factory=lambda: defaultdict(dict))
    read: int = 0
    """Bytes of objects that were read in parts."""
    logs: list[Log] = field(default_factory=list)
    log_text: str = "boom: no such table"
    address: str = ""
    """Where it is reached."""
    scripts: dict[str, list[Timeline]] = field(default_factory=lambda: defaultdict(list))
    """How the next updates of each environment come along; `well()` for those that are not told."""
    swaps: list[Timeline] = field(default_factory=list)
    """What comes after a swap of names."""
    fails_processing: set[str] = field(default_factory=set)
    assumed: list[tuple[str, str]] = field(default_factory=list)
    """Roles that were assumed, with the external id that was told."""
    signers: list[str] = field(default_factory=list)
    """Whose key each request was signed with."""
    calls: list[Call] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    """What the stand-in itself could not do: a test that leaves any is wrong."""
    _pending: list[tuple[datetime, int, str, Any]] = field(default_factory=list)
    _shadow: tuple[datetime, dict[str, Environment]] | None = None

    def environment(self, name: str, application: str, label: str, *, instances: int = 2, **more: Any) -> Environment:
        """Makes one that is well."""
        fleet = [Instance(id=f"i-{letter}", label=label, deployment=7) for letter in "abcdef"[:instances]]
        made = Environment(name=name, application=application, label=label, instances=fleet, **more)
        self.environments[name] = made
        self.version(application, label)
        return made

    def version(self, application: str, label: str) -> None:
        """Makes a version of an application."""
        self.versions[application, label] = Version(
            label=label, bundle={"S3Bucket": "builds", "S3Key": f"{label}.zip"}, created=self.clock.now()
        )

    def now(self) -> datetime:
        """The service's time."""
        return self.clock.now() + self.trouble.skew

    def settle(self) -> None:
        """Lets come what is due."""
        due = sorted((item for item in self._pending if item[0] <= self.clock.now()), key=lambda item: item[:2])
        self._pending = [item for item in self._pending if item not in due]
        for at, _, _, step in due:
            step(at + self.trouble.skew)

    def begin(self, name: str, timeline: Any, update: Any, *, at: datetime | None = None) -> None:
        """Anchors a timeline at a write."""
        began = at or self.clock.now()
        for number, (seconds, step) in enumerate(timeline(update)):
            self._pending.append((began + timedelta(seconds=seconds), len(self._pending) + number, name, step))
        self.settle()

    def forget(self, name: str) -> None:
        """What was to come of an environment does not come any more."""
        self._pending = [item for item in self._pending if item[2] != name]

    def update(self, name: str, *, label: str | None = None, timeline: Timeline | None = None) -> str:
        """Starts an update of an environment, whoever asked for it; gives the number of the request."""
        environment = self.environments[name]
        request = str(uuid.uuid4())
        self.shadow()
        update = Update(
            environment=environment, request=request, before=environment.label, label=label or environment.label
        )
        environment.move("Updating")
        if label:
            environment.deployment += 1
        self.forget(name)  # the health after an earlier update is this one's now
        chosen = timeline or (self.scripts[name].pop(0) if self.scripts[name] else well())
        self.begin(name, chosen, update)
        return request

    def assume(self, given: dict[str, Any]) -> str:
        """Somebody assumes a role; gives its name, which is its key, too."""
        role = str(given["RoleArn"])
        self.assumed.append((role, str(given.get("ExternalId", ""))))
        return role.rpartition("/")[2]

    def platform_update(self, name: str, *, seconds: float = 60) -> None:
        """The service updates the environment's platform by itself."""
        environment, began = self.environments[name], self.now()
        known = {"ActionId": "1", "ActionType": "PlatformUpdate", "ActionDescription": "to 4.1.2"}
        environment.actions.append({**known, "Status": "Running"})

        def ended(at: datetime) -> None:
            environment.actions.clear()
            environment.ended_actions.append(
                {**known, "Status": "Completed", "ExecutedTime": began, "FinishedTime": at}
            )

        self.update(name, timeline=lambda update: [*well(seconds)(update), (seconds, ended)])

    def abort(self, name: str) -> None:
        """Aborts what is under way."""
        environment = self.environments[name]
        environment.move("Aborting")
        self.forget(name)
        began = [event for event in environment.events if event.request]
        update = Update(
            environment=environment, request=began[-1].request, before=environment.label, label=environment.label
        )
        self.begin(name, aborted, update)

    def roll(self, service: Service, definition: str) -> Roll:
        """A deployment of a service begins, whoever asked for it; what was to come of an earlier one does not come."""
        self.forget(service.arn)
        roll = self.cluster.begin(service, definition, self.now())
        scripts = self.cluster.scripts[service.name]
        self.begin(service.arn, scripts.pop(0) if scripts else service_timelines.quick, roll)
        return roll

    def stop(self, service: Service, deployment: Deployment) -> None:
        """A deployment is rolled back because somebody asked for it."""
        rollouts = {rollout.id: rollout for rollout in service.rollouts}
        roll = Roll(
            cluster=self.cluster,
            service=service,
            rollout=rollouts[deployment.rollout],
            deployment=deployment,
            before=deployment.before,
        )
        self.forget(service.arn)
        deployment.move("ROLLBACK_REQUESTED")
        self.begin(service.arn, service_timelines.stopped, roll)

    def go_on(self, arn: str, hook: str, action: str) -> None:
        """A deployment that waits for somebody is continued."""
        for service in self.cluster.services.values():
            for deployment in service.deployments:
                if deployment.arn != arn:
                    continue
                waiting = [each for each in deployment.hooks if each["status"] == "AWAITING_ACTION"]
                if [each["hookId"] for each in waiting] != [hook]:
                    raise Answered("InvalidParameterException", f"The deployment does not wait at hook {hook}.")
                deployment.hooks = [
                    {**each, "status": "SUCCEEDED" if each["hookId"] == hook else each["status"]}
                    for each in deployment.hooks
                ]
                if action == "ROLLBACK":
                    return self.stop(service, deployment)
                own = next(each for each in service.rollouts if each.id == deployment.rollout)
                before = next((each for each in service.rollouts if each is not own), None)
                roll = Roll(cluster=self.cluster, service=service, rollout=own, deployment=deployment, before=before)
                after = self.cluster.continued
                self.begin(service.arn, after.pop(0) if after else service_timelines.shifted, roll)
        return None

    def scale(self, service: Service, desired: int) -> None:
        """Another number of tasks, without a deployment."""
        service.desired = desired
        running = service.running(service.primary.id)
        for task in running[desired:]:
            task.stop(
                self.now(), "ServiceSchedulerInitiated", "Scaling activity initiated by deployment", exit_code=143
            )
        for _ in range(desired - len(running)):
            self.cluster.task(service, service.primary, self.now()).run(self.now())

    def run(self, task: Task) -> None:
        """A one-off task comes along as its script says, else ends well after ten seconds."""
        script = self.cluster.runs.pop(0) if self.cluster.runs else ends(0)
        self.begin(task.arn, script, task)

    def keep_shadow(self) -> None:
        """Keeps what stale reads of ECS show from now on."""
        if self.trouble.lag:
            self.cluster.keep_shadow(self.clock.now())

    def seen_services(self) -> dict[tuple[str, str], Service]:
        """The services as a read shows them now."""
        shadow = self.cluster.shadow
        if shadow and self.clock.now() < shadow[0] + self.trouble.lag:
            return shadow[1]
        return self.cluster.services

    def shadow(self) -> None:
        """Keeps what stale reads show from now on."""
        if self.trouble.lag:
            self._shadow = (self.clock.now(), copy.deepcopy(self.environments))

    def seen(self) -> dict[str, Environment]:
        """The environments as a read shows them now."""
        if self._shadow and self.clock.now() < self._shadow[0] + self.trouble.lag:
            return self._shadow[1]
        return self.environments

    def writes(self) -> list[str]:
        """What reached the service and was done there, of what changes environments or versions."""
        changing = (
            "Update", "Create", "Swap", "Abort", "Delete", "Terminate", "Rebuild", "Restart",
            "Register", "Deregister", "Run", "Stop", "Continue",
        )  # fmt: skip
        done = (call for call in self.calls if call.answered in {"", "drop"})
        return [call.op for call in done if call.op.startswith(changing)]


def ends(exit_code: int | None, reason: str = "Essential container in task exited", *, code: str = "") -> Any:
    """How a one-off task comes along: it runs, and ends; without an exit code it never starts."""

    def script(task: Task) -> list[tuple[float, Any]]:
        if exit_code is None:
            return [(5, lambda at: task.stop(at, code or "TaskFailedToStart", reason))]
        return [
            (5, task.run),
            (10, lambda at: task.stop(at, code or "EssentialContainerExited", reason, exit_code=exit_code)),
        ]

    return script
