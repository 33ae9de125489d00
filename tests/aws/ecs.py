"""ECS' operations over the account, as its public service model names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.aws.services import ARN, Service, Task
from tests.aws.wire import Answered
from tests.aws.world import World

Form = Mapping[str, Any]
_KEPT = timedelta(hours=1)
"""How long a stopped task is to be seen."""


def _client(message: str) -> Answered:
    return Answered("ClientException", message)


def _one(world: World, given: Form, *, seen: bool = False) -> Service:
    every = world.seen_services() if seen else world.cluster.services
    name = str(given["service"]).rpartition("/")[2]
    found = every.get((given.get("cluster", "default"), name))
    if found is None:
        raise Answered("ServiceNotFoundException", "Service not found.")
    return found


def describe_services(world: World, given: Form) -> Form:
    told, failures = [], []
    for name in given["services"]:
        try:
            told.append(_one(world, {**given, "service": name}, seen=True).described())
        except Answered:
            failures.append({"arn": name, "reason": "MISSING"})
    return {"services": told, "failures": failures}


def list_services(world: World, given: Form) -> Form:
    arns = [service.arn for (cluster, _), service in world.cluster.services.items() if cluster == given["cluster"]]
    return _page(world, "serviceArns", arns, given)


def register(world: World, given: Form) -> Form:
    made = world.cluster.define(**given)
    return {"taskDefinition": made.described(), "tags": made.tags}


def describe_definition(world: World, given: Form) -> Form:
    found = world.cluster.newest(given["taskDefinition"])
    if found is None:
        raise _client("Unable to describe task definition.")
    return {"taskDefinition": found.described(), "tags": found.tags}


def create_service(world: World, given: Form) -> Form:
    name, cluster = given["serviceName"], given["cluster"]
    there = world.cluster.services.get((cluster, name))
    if there:
        if there.fields.get("_token") == given.get("clientToken"):
            return {"service": _without_token(there)}
        raise Answered("InvalidParameterException", "Creation of service was not idempotent.")
    fields = {key: value for key, value in given.items() if key not in _NOT_FIELDS}
    made = Service(name=name, cluster=cluster, desired=int(given.get("desiredCount", 1)), fields=fields)
    world.keep_shadow()
    world.cluster.services[cluster, name] = made
    world.roll(made, _active(world, given["taskDefinition"]))
    made.fields["_token"] = given.get("clientToken")
    return {"service": _without_token(made)}


def update_service(world: World, given: Form) -> Form:
    service = _one(world, given)
    if service.status != "ACTIVE":
        raise Answered("ServiceNotActiveException", "Service was not ACTIVE.")
    definition = _active(world, given["taskDefinition"]) if given.get("taskDefinition") else service.primary.definition
    world.keep_shadow()
    service.fields.update({key: value for key, value in given.items() if key not in _NOT_FIELDS})
    if "desiredCount" in given:
        world.scale(service, int(given["desiredCount"]))
    starts = {"networkConfiguration", "loadBalancers", "capacityProviderStrategy", "platformVersion"} & set(given)
    if definition != service.primary.definition or given.get("forceNewDeployment") or starts:
        world.roll(service, definition)
    return {"service": _without_token(service)}


_NOT_FIELDS = {
    "cluster",
    "service",
    "serviceName",
    "taskDefinition",
    "clientToken",
    "desiredCount",
    "forceNewDeployment",
}


def _without_token(service: Service) -> Form:
    return {key: value for key, value in service.described().items() if key != "_token"}


def _active(world: World, name: str) -> str:
    found = world.cluster.newest(name)
    if found is None or found.status != "ACTIVE":
        raise _client("TaskDefinition is inactive")
    return found.arn


def list_deployments(world: World, given: Form) -> Form:
    service = _one(world, given, seen=True)
    after = datetime.fromtimestamp(given["createdAt"]["after"], UTC) if given.get("createdAt") else None
    told = [
        {key: value for key, value in each.described().items() if key not in {"targetServiceRevision", "rollback"}}
        for each in reversed(service.deployments)
        if after is None or each.created >= after
    ]
    return _page(world, "serviceDeployments", told, given)


def describe_deployments(world: World, given: Form) -> Form:
    arns = given["serviceDeploymentArns"]
    assert len(arns) <= 20, "the service takes no more"
    every = {each.arn: each for service in world.seen_services().values() for each in service.deployments}
    told = [every[arn].described() for arn in arns if arn in every]
    return {
        "serviceDeployments": told,
        "failures": [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in every],
    }


def describe_revisions(world: World, given: Form) -> Form:
    assert len(given["serviceRevisionArns"]) <= 20, "the service takes no more"
    every = {arn: name for service in world.cluster.services.values() for arn, name in service.revisions.items()}
    told = [{"serviceRevisionArn": arn, "taskDefinition": every[arn]} for arn in given["serviceRevisionArns"]]
    return {"serviceRevisions": told, "failures": []}


def stop_deployment(world: World, given: Form) -> Form:
    for service in world.cluster.services.values():
        for deployment in service.deployments:
            if deployment.arn == given["serviceDeploymentArn"]:
                if deployment.status in {"ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"}:
                    return {"serviceDeploymentArn": deployment.arn}
                if deployment.status not in {"PENDING", "IN_PROGRESS"}:
                    raise Answered("ConflictException", f"The deployment is {deployment.status}.")
                world.stop(service, deployment)
                return {"serviceDeploymentArn": deployment.arn}
    raise Answered("ServiceDeploymentNotFoundException", "Service deployment not found.")


def continue_deployment(world: World, given: Form) -> Form:
    world.go_on(given["serviceDeploymentArn"], given["hookId"], given.get("action", "CONTINUE"))
    return {"serviceDeploymentArn": given["serviceDeploymentArn"]}


def list_tasks(world: World, given: Form) -> Form:
    assert not (given.get("startedBy") and len(given) > 2), "startedBy is the only filter then"
    service = _one(world, {"cluster": given["cluster"], "service": given["serviceName"]}, seen=True)
    status = given.get("desiredStatus", "RUNNING")
    arns = [task.arn for task in service.tasks if task.desired == status and _is_kept(world, task)]
    return _page(world, "taskArns", arns, given)


def describe_tasks(world: World, given: Form) -> Form:
    assert len(given["tasks"]) <= 100, "the service takes no more"
    every = {task.arn: task for service in world.seen_services().values() for task in service.tasks}
    hidden = {
        arn for arn, task in world.cluster.tasks.items() if world.now() < task.created + world.cluster.hides_tasks
    }
    every.update({arn: task for arn, task in world.cluster.tasks.items() if arn not in hidden})
    found = [arn for arn in given["tasks"] if arn in every and _is_kept(world, every[arn])]
    failures = [{"arn": arn, "reason": "MISSING"} for arn in given["tasks"] if arn not in found]
    return {"tasks": [every[arn].described() for arn in found], "failures": failures}


def _is_kept(world: World, task: Task) -> bool:
    return task.stopped is None or world.now() < task.stopped + _KEPT


def run_task(world: World, given: Form) -> Form:
    for task in world.cluster.tasks.values():
        if task.token == given.get("clientToken"):
            if {**task.given, "startedBy": ""} != {**given, "startedBy": ""}:
                raise Answered("ConflictException", "The token was used for another task.")
            return {"tasks": [task.described()], "failures": []}
    definition = _active(world, given["taskDefinition"])
    if world.cluster.refuses_tasks:
        return {"tasks": [], "failures": [world.cluster.refuses_tasks.pop(0)]}
    task = Task(
        arn=f"{ARN}task/{given['cluster']}/{next(world.cluster.numbers):032x}",
        definition=definition,
        started_by=given.get("startedBy", ""),
        created=world.now(),
        token=given.get("clientToken", ""),
        given=dict(given),
    )
    world.cluster.tasks[task.arn] = task
    world.run(task)
    return {"tasks": [task.described()], "failures": []}


def stop_task(world: World, given: Form) -> Form:
    task = world.cluster.tasks.get(given["task"])
    if task is None:
        raise Answered("InvalidParameterException", "The referenced task was not found.")
    if task.status != "STOPPED":
        world.forget(task.arn)
        task.stop(world.now(), "UserInitiated", given.get("reason", ""), exit_code=137)
    return {"task": task.described()}


def get_log_events(world: World, given: Form) -> Form:
    stream = given["logStreamName"].rpartition("/")[0]
    lines = world.cluster.streams.get((given["logGroupName"], stream))
    if lines is None:
        raise Answered("ResourceNotFoundException", "The specified log stream does not exist.")
    told = [{"timestamp": 0, "message": line, "ingestionTime": 0} for line in lines[-int(given.get("limit", 100)) :]]
    return {"events": told}


def _page(world: World, key: str, every: list[Any], given: Form) -> Form:
    start, size = int(given.get("nextToken") or 0), min(int(given.get("maxResults") or 100), world.trouble.page)
    more = {"nextToken": str(start + size)} if start + size < len(every) else {}
    return {key: every[start : start + size], **more}


OPERATIONS: dict[str, Callable[[World, Form], Form]] = {
    "DescribeServices": describe_services,
    "ListServices": list_services,
    "RegisterTaskDefinition": register,
    "DescribeTaskDefinition": describe_definition,
    "CreateService": create_service,
    "UpdateService": update_service,
    "ListServiceDeployments": list_deployments,
    "DescribeServiceDeployments": describe_deployments,
    "DescribeServiceRevisions": describe_revisions,
    "StopServiceDeployment": stop_deployment,
    "ContinueServiceDeployment": continue_deployment,
    "ListTasks": list_tasks,
    "DescribeTasks": describe_tasks,
    "RunTask": run_task,
    "StopTask": stop_task,
    "GetLogEvents": get_log_events,
}
