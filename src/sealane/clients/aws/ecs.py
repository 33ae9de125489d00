"""ECS' calls. Lists are read to their end, and failures inside of good answers are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sealane import errors
from sealane.clients.aws.account import Account, Answer, Rejected
from sealane.clients.aws.ecs_model import (
    CONTENT,
    Definition,
    Line,
    Rollout,
    Service,
    ServiceDeployment,
    Task,
    TaskContainer,
)

_AT_ONCE = 100
_FEW = 20
"""Addresses that a call about deployments takes."""
_TEN = 10
"""Services that one call describes."""
_READ_ONLY = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
    }
)
_BUSY = "Too many concurrent attempts to create a new revision"


class NotStarted(errors.Refused):
    """The service took the call, and started no task."""


class Ecs:
    """The service, in one account and region. Everything raises what `Account.call` raises."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._known: dict[str, str] = {}

    async def definition(self, name: str) -> Definition | None:
        """A task definition by its address, or the newest active one of a family; None if there is none."""
        try:
            answer = await self._call("describe_task_definition", taskDefinition=name, include=["TAGS"])
        except Rejected as rejected:
            if rejected.code == "ClientException":
                return None
            raise
        return _definition(answer.values)

    async def register(self, fields: Mapping[str, Any], content: str) -> Definition:
        """Registers a new revision of a family, with the hash of its content as a tag."""
        tags = [*(fields.get("tags") or ()), {"key": CONTENT, "value": content}]
        try:
            return _definition((await self._call("register_task_definition", **{**fields, "tags": tags})).values)
        except Rejected as rejected:
            if _BUSY in rejected.message:
                raise errors.Overrun(rejected.message, after=2) from None
            raise

    async def service(self, cluster: str, name: str) -> tuple[Service | None, datetime]:
        """A service and the account's time; None if there is none."""
        answer = await self._call("describe_services", cluster=cluster, services=[name])
        services = [_service(each) for each in answer.values.get("services", ())]
        return next((each for each in services if each.status != "INACTIVE"), None), answer.at

    async def services(self, cluster: str) -> tuple[Service, ...]:
        """All services of a cluster."""
        arns = await self._all("list_services", "serviceArns", cluster=cluster, maxResults=_AT_ONCE)
        services: list[Service] = []
        for start in range(0, len(arns), _TEN):
            answer = await self._call("describe_services", cluster=cluster, services=arns[start : start + _TEN])
            services.extend(_service(service) for service in answer.values.get("services", ()))
        return tuple(services)

    async def events(self, cluster: str, name: str) -> tuple[Line, ...]:
        """The service's last events, oldest first."""
        answer = await self._call("describe_services", cluster=cluster, services=[name])
        lines = [event for service in answer.values.get("services", ()) for event in service.get("events", ())]
        return tuple(Line(at=_utc(line["createdAt"]), message=str(line["message"])) for line in reversed(lines))

    async def create(self, cluster: str, name: str, fields: Mapping[str, Any], token: str) -> Service:
        """Makes a service. The same token makes it once."""
        answer = await self._call(
            "create_service", **{**fields, "cluster": cluster, "serviceName": name}, clientToken=token
        )
        return _service(answer.values["service"])

    async def update(self, cluster: str, name: str, fields: Mapping[str, Any]) -> Service:
        """Changes a service; a new task definition, among others, starts a deployment."""
        answer = await self._call("update_service", **{**fields, "cluster": cluster, "service": name})
        return _service(answer.values["service"])

    async def deployments(self, cluster: str, name: str, *, since: datetime) -> tuple[ServiceDeployment, ...]:
        """The service's deployments since a time, oldest first, with the task definitions that they are about."""
        briefs = await self._all(
            "list_service_deployments", "serviceDeployments", cluster=cluster, service=name, createdAt={"after": since}
        )
        arns = [str(brief["serviceDeploymentArn"]) for brief in briefs]
        described: list[Any] = []
        for start in range(0, len(arns), _FEW):
            answer = await self._call("describe_service_deployments", serviceDeploymentArns=arns[start : start + _FEW])
            described.extend(answer.values.get("serviceDeployments", ()))
        names = await self._revisions({arn for each in described for arn in _revisions_of(each)})
        return tuple(sorted((_deployment(each, names) for each in described), key=lambda each: each.created))

    async def _revisions(self, arns: set[str]) -> dict[str, str]:
        """The task definition of each revision of a service; a revision never changes."""
        every = sorted(arns - self._known.keys())
        for start in range(0, len(every), _FEW):
            answer = await self._call("describe_service_revisions", serviceRevisionArns=every[start : start + _FEW])
            for revision in answer.values.get("serviceRevisions", ()):
                self._known[str(revision["serviceRevisionArn"])] = str(revision.get("taskDefinition", ""))
        return self._known

    async def stop(self, deployment: str) -> None:
        """Has a deployment that is under way rolled back by the service."""
        await self._call("stop_service_deployment", serviceDeploymentArn=deployment, stopType="ROLLBACK")

    async def go_on(self, deployment: str, hook: str, *, back: bool) -> None:
        """Continues a deployment that waits at a hook, or has it rolled back; one that waits there no more stays as it is."""
        action = "ROLLBACK" if back else "CONTINUE"
        try:
            await self._call("continue_service_deployment", serviceDeploymentArn=deployment, hookId=hook, action=action)
        except Rejected as rejected:
            if rejected.denied:
                raise

    async def tasks_of(self, cluster: str, service: str) -> tuple[Task, ...]:
        """The service's tasks, with those that stopped within the last hour."""
        arns: list[str] = []
        for status in ("RUNNING", "STOPPED"):
            arns.extend(
                await self._all("list_tasks", "taskArns", cluster=cluster, serviceName=service, desiredStatus=status)
            )
        return await self.tasks(cluster, arns)

    async def tasks(self, cluster: str, arns: Sequence[str]) -> tuple[Task, ...]:
        """These tasks, without those that nobody knows any more."""
        tasks: list[Task] = []
        for start in range(0, len(arns), _AT_ONCE):
            answer = await self._call("describe_tasks", cluster=cluster, tasks=list(arns[start : start + _AT_ONCE]))
            tasks.extend(_task(task) for task in answer.values.get("tasks", ()))
        return tuple(tasks)

    async def run(self, cluster: str, fields: Mapping[str, Any], *, token: str, by: str) -> Task:
        """Starts one task; the same token starts it once. Raises NotStarted."""
        answer = await self._call("run_task", **{**fields, "cluster": cluster, "clientToken": token, "startedBy": by})
        for failure in answer.values.get("failures", ()):
            raise NotStarted(f"{failure.get('reason', 'it gives no reason')} {failure.get('detail') or ''}".strip())
        return _task(answer.values["tasks"][0])

    async def end(self, cluster: str, task: str, reason: str) -> None:
        """Has a task stopped; one that has ended already stays as it is."""
        try:
            await self._call("stop_task", cluster=cluster, task=task, reason=reason)
        except Rejected as rejected:
            if rejected.code != "InvalidParameterException":  # nobody knows it any more
                raise

    async def _all(self, operation: str, key: str, **given: Any) -> list[Any]:
        """All that an operation lists under a key."""
        listed: list[Any] = []
        more: dict[str, str] = {}
        while True:
            answer = await self._call(operation, **given, **more)
            listed.extend(answer.values.get(key, ()))
            if not answer.values.get("nextToken"):
                return listed
            more = {"nextToken": answer.values["nextToken"]}

    async def _call(self, operation: str, /, **given: Any) -> Answer:
        return await self._account.call("ecs", operation, **given)


def _definition(answer: Mapping[str, Any]) -> Definition:
    whole = answer["taskDefinition"]
    tags = {str(tag["key"]): str(tag["value"]) for tag in answer.get("tags") or ()}
    return Definition(
        arn=str(whole["taskDefinitionArn"]),
        active=whole.get("status") == "ACTIVE",
        content=tags.get(CONTENT, ""),
        fields={key: value for key, value in whole.items() if key not in _READ_ONLY},
    )


def _service(service: Mapping[str, Any]) -> Service:
    return Service(
        arn=str(service["serviceArn"]),
        name=str(service["serviceName"]),
        status=str(service.get("status", "")),
        desired=int(service.get("desiredCount", 0)),
        controller=str((service.get("deploymentController") or {}).get("type") or "ECS"),
        rollouts=tuple(_rollout(rollout) for rollout in service.get("deployments", ())),
        fields=service,
    )


def _rollout(rollout: Mapping[str, Any]) -> Rollout:
    return Rollout(
        id=str(rollout["id"]),
        primary=rollout.get("status") == "PRIMARY",
        definition=str(rollout.get("taskDefinition", "")),
        running=int(rollout.get("runningCount", 0)),
        state=str(rollout.get("rolloutState") or ""),
        reason=str(rollout.get("rolloutStateReason") or ""),
        created=_utc(rollout["createdAt"]),
        goes_back="rolling back" in str(rollout.get("rolloutStateReason") or ""),  # it has no field for it
    )


def _revisions_of(deployment: Mapping[str, Any]) -> list[str]:
    arns = [
        (deployment.get("targetServiceRevision") or {}).get("arn"),
        *(source.get("arn") for source in deployment.get("sourceServiceRevisions") or ()),
    ]
    return [str(arn) for arn in arns if arn]


def _deployment(deployment: Mapping[str, Any], names: Mapping[str, str]) -> ServiceDeployment:
    back, breaker = deployment.get("rollback") or {}, deployment.get("deploymentCircuitBreaker") or {}
    alarms = deployment.get("alarms") or {}
    alarmed = ", ".join(alarms.get("triggeredAlarmNames") or ()) if alarms.get("status") == "TRIGGERED" else ""
    broken = "its circuit breaker" if breaker.get("status") == "TRIGGERED" else ""
    return ServiceDeployment(
        arn=str(deployment["serviceDeploymentArn"]),
        status=str(deployment.get("status", "")),
        reason=str(deployment.get("statusReason") or back.get("reason") or ""),
        created=_utc(deployment["createdAt"]),
        definition=names.get(str((deployment.get("targetServiceRevision") or {}).get("arn")), ""),
        sources=tuple(
            names.get(str(source.get("arn")), "") for source in deployment.get("sourceServiceRevisions") or ()
        ),
        ended=_utc(deployment["finishedAt"]) if deployment.get("finishedAt") else None,
        stage=str(deployment.get("lifecycleStage") or ""),
        triggered=f"alarm {alarmed}" if alarmed else broken,
        awaits=tuple(
            (str(hook.get("hookId", "")), _utc(hook["expiresAt"]) if hook.get("expiresAt") else None)
            for hook in deployment.get("lifecycleHookDetails") or ()
            if hook.get("status") == "AWAITING_ACTION"
        ),
    )


def _task(task: Mapping[str, Any]) -> Task:
    return Task(
        arn=str(task["taskArn"]),
        definition=str(task.get("taskDefinitionArn", "")),
        status=str(task.get("lastStatus", "")),
        started_by=str(task.get("startedBy") or ""),
        stop_code=str(task.get("stopCode") or ""),
        stopped_reason=str(task.get("stoppedReason") or ""),
        health=str(task.get("healthStatus") or "UNKNOWN"),
        created=_utc(task["createdAt"]),
        started=_utc(task["startedAt"]) if task.get("startedAt") else None,
        stopped=_utc(task["stoppedAt"]) if task.get("stoppedAt") else None,
        containers=tuple(
            TaskContainer(
                name=str(container.get("name", "")),
                exit_code=container.get("exitCode"),
                reason=str(container.get("reason") or ""),
                digest=str(container.get("imageDigest") or ""),
            )
            for container in task.get("containers", ())
        ),
    )


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
