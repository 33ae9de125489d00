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
            told = await self._call("describe_task_definition", taskDefinition=name, include=["TAGS"])
        except Rejected as rejected:
            if rejected.code == "ClientException":
                return None
            raise
        return _definition(told.values)

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
        told = await self._call("describe_services", cluster=cluster, services=[name])
        found = [_service(each) for each in told.values.get("services", ())]
        return next((each for each in found if each.status != "INACTIVE"), None), told.at

    async def services(self, cluster: str) -> tuple[Service, ...]:
        """All services of a cluster."""
        arns = await self._all("list_services", "serviceArns", cluster=cluster, maxResults=_AT_ONCE)
        found: list[Service] = []
        for start in range(0, len(arns), _TEN):
            told = await self._call("describe_services", cluster=cluster, services=arns[start : start + _TEN])
            found.extend(_service(each) for each in told.values.get("services", ()))
        return tuple(found)

    async def events(self, cluster: str, name: str) -> tuple[Line, ...]:
        """The service's last events, oldest first."""
        told = await self._call("describe_services", cluster=cluster, services=[name])
        lines = [event for each in told.values.get("services", ()) for event in each.get("events", ())]
        return tuple(Line(at=_utc(line["createdAt"]), message=str(line["message"])) for line in reversed(lines))

    async def create(self, cluster: str, name: str, fields: Mapping[str, Any], token: str) -> Service:
        """Makes a service. The same token makes it once."""
        told = await self._call(
            "create_service", **{**fields, "cluster": cluster, "serviceName": name}, clientToken=token
        )
        return _service(told.values["service"])

    async def update(self, cluster: str, name: str, fields: Mapping[str, Any]) -> Service:
        """Changes a service; a new task definition, among others, starts a deployment."""
        told = await self._call("update_service", **{**fields, "cluster": cluster, "service": name})
        return _service(told.values["service"])

    async def deployments(self, cluster: str, name: str, *, since: datetime) -> tuple[ServiceDeployment, ...]:
        """The service's deployments since a time, oldest first, with the task definitions that they are about."""
        briefs = await self._all(
            "list_service_deployments", "serviceDeployments", cluster=cluster, service=name, createdAt={"after": since}
        )
        arns = [str(brief["serviceDeploymentArn"]) for brief in briefs]
        whole: list[Any] = []
        for start in range(0, len(arns), _FEW):
            told = await self._call("describe_service_deployments", serviceDeploymentArns=arns[start : start + _FEW])
            whole.extend(told.values.get("serviceDeployments", ()))
        names = await self._revisions({arn for each in whole for arn in _revisions_of(each)})
        return tuple(sorted((_deployment(each, names) for each in whole), key=lambda each: each.created))

    async def _revisions(self, arns: set[str]) -> dict[str, str]:
        """The task definition of each revision of a service; a revision never changes."""
        every = sorted(arns - self._known.keys())
        for start in range(0, len(every), _FEW):
            told = await self._call("describe_service_revisions", serviceRevisionArns=every[start : start + _FEW])
            for each in told.values.get("serviceRevisions", ()):
                self._known[str(each["serviceRevisionArn"])] = str(each.get("taskDefinition", ""))
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
        found: list[Task] = []
        for start in range(0, len(arns), _AT_ONCE):
            told = await self._call("describe_tasks", cluster=cluster, tasks=list(arns[start : start + _AT_ONCE]))
            found.extend(_task(each) for each in told.values.get("tasks", ()))
        return tuple(found)

    async def run(self, cluster: str, fields: Mapping[str, Any], *, token: str, by: str) -> Task:
        """Starts one task; the same token starts it once. Raises NotStarted."""
        told = await self._call("run_task", **{**fields, "cluster": cluster, "clientToken": token, "startedBy": by})
        for failure in told.values.get("failures", ()):
            raise NotStarted(f"{failure.get('reason', 'it gives no reason')} {failure.get('detail') or ''}".strip())
        return _task(told.values["tasks"][0])

    async def end(self, cluster: str, task: str, reason: str) -> None:
        """Has a task stopped; one that has ended already stays as it is."""
        try:
            await self._call("stop_task", cluster=cluster, task=task, reason=reason)
        except Rejected as rejected:
            if rejected.code != "InvalidParameterException":  # nobody knows it any more
                raise

    async def _all(self, operation: str, key: str, **given: Any) -> list[Any]:
        """All that an operation lists under a key."""
        found: list[Any] = []
        more: dict[str, str] = {}
        while True:
            told = await self._call(operation, **given, **more)
            found.extend(told.values.get(key, ()))
            if not told.values.get("nextToken"):
                return found
            more = {"nextToken": told.values["nextToken"]}

    async def _call(self, operation: str, /, **given: Any) -> Answer:
        return await self._account.call("ecs", operation, **given)


def _definition(told: Mapping[str, Any]) -> Definition:
    whole = told["taskDefinition"]
    tags = {str(tag["key"]): str(tag["value"]) for tag in told.get("tags") or ()}
    return Definition(
        arn=str(whole["taskDefinitionArn"]),
        active=whole.get("status") == "ACTIVE",
        content=tags.get(CONTENT, ""),
        fields={key: value for key, value in whole.items() if key not in _READ_ONLY},
    )


def _service(told: Mapping[str, Any]) -> Service:
    return Service(
        arn=str(told["serviceArn"]),
        name=str(told["serviceName"]),
        status=str(told.get("status", "")),
        desired=int(told.get("desiredCount", 0)),
        controller=str((told.get("deploymentController") or {}).get("type") or "ECS"),
        rollouts=tuple(_rollout(each) for each in told.get("deployments", ())),
        fields=told,
    )


def _rollout(told: Mapping[str, Any]) -> Rollout:
    return Rollout(
        id=str(told["id"]),
        primary=told.get("status") == "PRIMARY",
        definition=str(told.get("taskDefinition", "")),
        running=int(told.get("runningCount", 0)),
        state=str(told.get("rolloutState") or ""),
        reason=str(told.get("rolloutStateReason") or ""),
        created=_utc(told["createdAt"]),
        goes_back="rolling back" in str(told.get("rolloutStateReason") or ""),  # it has no field for it
    )


def _revisions_of(told: Mapping[str, Any]) -> list[str]:
    arns = [
        (told.get("targetServiceRevision") or {}).get("arn"),
        *(each.get("arn") for each in told.get("sourceServiceRevisions") or ()),
    ]
    return [str(arn) for arn in arns if arn]


def _deployment(told: Mapping[str, Any], names: Mapping[str, str]) -> ServiceDeployment:
    back, breaker = told.get("rollback") or {}, told.get("deploymentCircuitBreaker") or {}
    alarms = told.get("alarms") or {}
    alarmed = ", ".join(alarms.get("triggeredAlarmNames") or ()) if alarms.get("status") == "TRIGGERED" else ""
    broken = "its circuit breaker" if breaker.get("status") == "TRIGGERED" else ""
    return ServiceDeployment(
        arn=str(told["serviceDeploymentArn"]),
        status=str(told.get("status", "")),
        reason=str(told.get("statusReason") or back.get("reason") or ""),
        created=_utc(told["createdAt"]),
        definition=names.get(str((told.get("targetServiceRevision") or {}).get("arn")), ""),
        sources=tuple(names.get(str(each.get("arn")), "") for each in told.get("sourceServiceRevisions") or ()),
        ended=_utc(told["finishedAt"]) if told.get("finishedAt") else None,
        stage=str(told.get("lifecycleStage") or ""),
        triggered=f"alarm {alarmed}" if alarmed else broken,
        awaits=tuple(
            (str(hook.get("hookId", "")), _utc(hook["expiresAt"]) if hook.get("expiresAt") else None)
            for hook in told.get("lifecycleHookDetails") or ()
            if hook.get("status") == "AWAITING_ACTION"
        ),
    )


def _task(told: Mapping[str, Any]) -> Task:
    return Task(
        arn=str(told["taskArn"]),
        definition=str(told.get("taskDefinitionArn", "")),
        status=str(told.get("lastStatus", "")),
        started_by=str(told.get("startedBy") or ""),
        stop_code=str(told.get("stopCode") or ""),
        stopped_reason=str(told.get("stoppedReason") or ""),
        health=str(told.get("healthStatus") or "UNKNOWN"),
        created=_utc(told["createdAt"]),
        started=_utc(told["startedAt"]) if told.get("startedAt") else None,
        stopped=_utc(told["stoppedAt"]) if told.get("stoppedAt") else None,
        containers=tuple(
            TaskContainer(
                name=str(each.get("name", "")),
                exit_code=each.get("exitCode"),
                reason=str(each.get("reason") or ""),
                digest=str(each.get("imageDigest") or ""),
            )
            for each in told.get("containers", ())
        ),
    )


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
