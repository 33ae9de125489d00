"""Elastic Beanstalk's operations over the account, as its public service model names them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.aws.environments import COLORS, Environment
from tests.aws.timelines import Update
from tests.aws.wire import Answered
from tests.aws.world import Log, Version, World

Form = Mapping[str, Any]
_SEVERITIES = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
READY_AFTER = timedelta(seconds=8)
"""How long logs take to come."""


def _wrong(message: str) -> Answered:
    return Answered("InvalidParameterValue", message)


def _one(world: World, given: Form, *, seen: bool = False) -> Environment:
    every = world.seen() if seen else world.environments
    name = given.get("EnvironmentName") or given.get("SourceEnvironmentName")
    found = next((each for each in every.values() if name == each.name or given.get("EnvironmentId") == each.id), None)
    if found is None or found.status == "Terminated":
        raise _wrong(f"No Environment found for EnvironmentName = '{name}'.")
    return found


def _must_be_ready(environment: Environment) -> None:
    if environment.status != "Ready":
        raise _wrong(f"Environment named {environment.name} is in an invalid state for this operation. Must be Ready.")


def _version(world: World, application: str, label: str) -> Version:
    found = world.versions.get((application, label))
    if found is None:
        raise _wrong(f"No Application Version named '{label}' found.")
    return found


def describe_environments(world: World, given: Form, request: str) -> Form:
    names = given.get("EnvironmentNames")
    application = given.get("ApplicationName")
    every = [
        each.described()
        for each in world.seen().values()
        if (not names or each.name in names) and (not application or each.application == application)
    ]
    return {"Environments": every}


def describe_events(world: World, given: Form, request: str) -> Form:
    environment = _one(world, given, seen=True)
    since = datetime.fromisoformat(given["StartTime"]) if given.get("StartTime") else None
    least = _SEVERITIES.index(given.get("Severity", "TRACE"))
    kept = world.now() - world.trouble.keeps
    events = [
        event
        for event in sorted(environment.events, key=lambda event: event.at, reverse=True)
        if (not since or event.at >= since)
        and (not given.get("RequestId") or given["RequestId"] == event.request)
        and _SEVERITIES.index(event.severity) >= least
        and event.at >= kept
    ]
    start = int(given.get("NextToken") or 0)
    size = min(int(given.get("MaxRecords") or 1000), world.trouble.page)
    told = [
        {
            "EventDate": event.at,
            "Message": event.message,
            "ApplicationName": environment.application,
            "EnvironmentName": environment.name,
            "Severity": event.severity,
            "RequestId": event.request or None,
        }
        for event in events[start : start + size]
    ]
    return {"Events": told, "NextToken": str(start + size) if start + size < len(events) else None}


def describe_environment_health(world: World, given: Form, request: str) -> Form:
    environment = _one(world, given, seen=True)
    if not environment.enhanced:
        raise Answered("InvalidRequestException", "DescribeEnvironmentHealth is not supported.")
    return {
        "EnvironmentName": environment.name,
        "HealthStatus": environment.health,
        "Status": environment.status,
        "Color": environment.color,
        "Causes": environment.causes,
        "RefreshedAt": world.now(),
    }


def describe_instances_health(world: World, given: Form, request: str) -> Form:
    environment = _one(world, given, seen=True)
    if not environment.enhanced:
        raise Answered("InvalidRequestException", "DescribeInstancesHealth is not supported.")
    start, size = int(given.get("NextToken") or 0), world.trouble.page
    told = [
        {
            "InstanceId": instance.id,
            "HealthStatus": instance.health,
            "Color": COLORS[instance.health],
            "Causes": instance.causes,
            "Deployment": {
                "VersionLabel": instance.label,
                "DeploymentId": instance.deployment,
                "Status": instance.status,
                "DeploymentTime": world.now(),
            },
        }
        for instance in environment.instances[start : start + size]
    ]
    more = str(start + size) if start + size < len(environment.instances) else None
    return {"InstanceHealthList": told, "RefreshedAt": world.now(), "NextToken": more}


def describe_configuration_settings(world: World, given: Form, request: str) -> Form:
    environment = _one(world, given)
    options = [
        {"Namespace": namespace, "OptionName": name, "Value": value}
        for (namespace, name), value in environment.settings.items()
    ]
    told = {
        "ApplicationName": environment.application,
        "EnvironmentName": environment.name,
        "DeploymentStatus": "deployed",
        "OptionSettings": options,
    }
    return {"ConfigurationSettings": [told]}


def describe_managed_actions(world: World, given: Form, request: str) -> Form:
    every = _one(world, given).actions
    return {"ManagedActions": [each for each in every if each["Status"] == given.get("Status", each["Status"])]}


def describe_managed_history(world: World, given: Form, request: str) -> Form:
    return {"ManagedActionHistoryItems": _one(world, given).ended_actions}


def create_version(world: World, given: Form, request: str) -> Form:
    application, label = given["ApplicationName"], given["VersionLabel"]
    if (application, label) in world.versions:
        raise _wrong(f"Application Version {label} already exists.")
    fails = label in world.fails_processing
    status = ("FAILED" if fails else "PROCESSED") if given.get("Process") == "true" else "UNPROCESSED"
    version = Version(
        label=label, bundle=dict(given.get("SourceBundle") or {"S3Bucket": "samples", "S3Key": "sample.zip"}),
        status=status, created=world.now(), words=given.get("Description", ""),
    )  # fmt: skip
    world.versions[application, label] = version
    return {"ApplicationVersion": _told(application, version)}


def describe_versions(world: World, given: Form, request: str) -> Form:
    labels = given.get("VersionLabels")
    found = [
        _told(application, version)
        for (application, label), version in world.versions.items()
        if application == given.get("ApplicationName") and (not labels or label in labels)
    ]
    return {"ApplicationVersions": found}


def delete_version(world: World, given: Form, request: str) -> Form:
    _version(world, given["ApplicationName"], given["VersionLabel"])
    assert given.get("DeleteSourceBundle", "false") == "false", "the bundle is somebody else's"
    if any(each.label == given["VersionLabel"] for each in world.environments.values()):
        raise Answered("SourceBundleDeletionFailure", "The version is deployed.")
    del world.versions[given["ApplicationName"], given["VersionLabel"]]
    return {}


def _told(application: str, version: Version) -> Form:
    return {
        "ApplicationName": application,
        "VersionLabel": version.label,
        "SourceBundle": version.bundle,
        "Status": version.status,
        "DateCreated": version.created,
        "Description": version.words or None,
    }


def update_environment(world: World, given: Form, request: str) -> Form:
    environment = _one(world, given)
    label, options = given.get("VersionLabel"), given.get("OptionSettings") or []
    if label and options:
        raise Answered("InvalidParameterCombination", "Specify either a version or option settings, not both.")
    _must_be_ready(environment)
    if label:
        _version(world, environment.application, label)
    before = environment.label
    started = world.update(environment.name, label=label)
    for option in options:
        environment.settings[option["Namespace"], option["OptionName"]] = option["Value"]
    told = environment.described()
    return {**told, "Status": "Updating", "Health": "Grey", "VersionLabel": label or before, "_request": started}


def abort(world: World, given: Form, request: str) -> Form:
    environment = _one(world, given)
    if environment.status != "Updating" or not environment.abortable:
        message = f"Environment named {environment.name} is in an invalid state for this operation. Must be pending deployment."
        raise _wrong(message)
    world.abort(environment.name)
    return {}


def swap(world: World, given: Form, request: str) -> Form:
    source = _one(world, given)
    destination = _one(world, {"EnvironmentName": given["DestinationEnvironmentName"]})
    for environment in (source, destination):
        _must_be_ready(environment)
    world.shadow()
    ours, theirs = source.described()["CNAME"], destination.described()["CNAME"]
    source.cname, destination.cname = theirs, ours
    for environment, other in ((source, destination), (destination, source)):
        environment.say(world.now(), "INFO", "swapEnvironmentCNAMEs is starting.", request)
        words = f"Completed swapping CNAMEs for environments '{source.name}' and '{destination.name}'."
        environment.say(world.now(), "INFO", words, request)
        environment.updated = world.now()
        del other
    if world.swaps:
        update = Update(environment=source, request="", before=source.label, label=source.label)
        world.begin(source.name, world.swaps.pop(0), update)
    return {}


def request_info(world: World, given: Form, request: str) -> Form:
    environment = _one(world, given)
    for instance in environment.instances:
        asked = world.now()
        world.logs.append(
            Log(
                kind=given["InfoType"],
                instance=instance.id,
                asked=asked,
                ready=asked + READY_AFTER,
                text=world.log_text,
            )
        )
    return {}


def retrieve_info(world: World, given: Form, request: str) -> Form:
    told = [
        {
            "InfoType": log.kind,
            "Ec2InstanceId": log.instance,
            "SampleTimestamp": log.asked,
            "Message": f"{world.address}/logs/{number}",
        }
        for number, log in enumerate(world.logs)
        if log.kind == given["InfoType"] and log.ready <= world.now()
    ]
    return {"EnvironmentInfo": told}


OPERATIONS: dict[str, Callable[[World, Form, str], Form]] = {
    "DescribeEnvironments": describe_environments,
    "DescribeEvents": describe_events,
    "DescribeEnvironmentHealth": describe_environment_health,
    "DescribeInstancesHealth": describe_instances_health,
    "DescribeConfigurationSettings": describe_configuration_settings,
    "DescribeEnvironmentManagedActions": describe_managed_actions,
    "DescribeEnvironmentManagedActionHistory": describe_managed_history,
    "CreateApplicationVersion": create_version,
    "DescribeApplicationVersions": describe_versions,
    "DeleteApplicationVersion": delete_version,
    "UpdateEnvironment": update_environment,
    "AbortEnvironmentUpdate": abort,
    "SwapEnvironmentCNAMEs": swap,
    "RequestEnvironmentInfo": request_info,
    "RetrieveEnvironmentInfo": retrieve_info,
}
LISTS = {
    "DescribeEnvironments": "Environments",
    "DescribeEvents": "Events",
    "DescribeInstancesHealth": "InstanceHealthList",
    "DescribeApplicationVersions": "ApplicationVersions",
}
"""What is empty for a caller who may not read it."""
