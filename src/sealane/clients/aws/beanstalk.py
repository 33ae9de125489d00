"""Elastic Beanstalk's calls. Lists are read to their end; texts that alone tell an update's outcome become signs."""

from __future__ import annotations

import asyncio
import urllib.request
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sealane import errors
from sealane.clients.aws.account import Account, Answer, Rejected
from sealane.clients.aws.beanstalk_model import Environment, Event, Fleet, InstanceHealth, LogSample, Version
from sealane.clients.aws.event_signs import sign

_MOST_EVENTS = 3000
_LOG_BYTES = 256 * 1024


class Busy(Rejected):
    """Another update of the environment is under way: the service allows one at a time."""


_MOST_VERSIONS = 500
_EARLY = timedelta(seconds=60)
"""How much later than its first event an action of the service may be said to be executed."""


class Beanstalk:
    """The service, in one account and region. Everything raises what `Account.call` raises."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def environments(self, application: str) -> tuple[tuple[Environment, ...], datetime]:
        """The environments of an application, and the service's time. Empty if the account may not see them."""
        answer = await self._call("describe_environments", ApplicationName=application, IncludeDeleted=False)
        return tuple(_environment(environment) for environment in answer.values.get("Environments", ())), answer.at

    async def events(self, name: str, *, since: datetime) -> tuple[Event, ...]:
        """The environment's events since a time, oldest first."""
        descriptions: list[Any] = []
        more: dict[str, str] = {}
        while len(descriptions) < _MOST_EVENTS:
            answer = await self._call("describe_events", EnvironmentName=name, StartTime=since, MaxRecords=1000, **more)
            descriptions.extend(answer.values.get("Events", ()))
            if not answer.values.get("NextToken"):
                break
            more = {"NextToken": answer.values["NextToken"]}
        return tuple(_event(description) for description in reversed(descriptions))

    async def fleet(self, name: str) -> Fleet | None:
        """Its instances; None with basic health, which knows nothing about them."""
        instances: list[Any] = []
        more: dict[str, str] = {}
        try:
            whole = await self._call("describe_environment_health", EnvironmentName=name, AttributeNames=["All"])
            while True:
                answer = await self._call(
                    "describe_instances_health", EnvironmentName=name, AttributeNames=["All"], **more
                )
                instances.extend(answer.values.get("InstanceHealthList", ()))
                if not answer.values.get("NextToken"):
                    break
                more = {"NextToken": answer.values["NextToken"]}
        except Rejected as rejected:
            if rejected.code == "InvalidRequestException":
                return None
            raise
        return Fleet(
            causes=tuple(whole.values.get("Causes", ())), instances=tuple(_instance(instance) for instance in instances)
        )

    async def managed(self, name: str, *, since: datetime | None) -> str:
        """What the service does to the environment by itself now, or did to it from that time on, such as `PlatformUpdate`.

        Empty if nothing, or if the account may not see it.
        """
        try:
            now = await self._call("describe_environment_managed_actions", EnvironmentName=name, Status="Running")
            running = now.values.get("ManagedActions", ())
            if running or since is None:
                return str(running[0].get("ActionType", "")) if running else ""
            ended = await self._call("describe_environment_managed_action_history", EnvironmentName=name, MaxItems=5)
        except Rejected:
            return ""
        for action in ended.values.get("ManagedActionHistoryItems", ()):
            if _utc(action["ExecutedTime"]) - _EARLY <= since <= _utc(action["FinishedTime"]):
                return str(action.get("ActionType", ""))
        return ""

    async def settings(self, application: str, name: str) -> dict[tuple[str, str], str]:
        """The current option settings, by namespace and name."""
        answer = await self._call("describe_configuration_settings", ApplicationName=application, EnvironmentName=name)
        deployed = [
            each for each in answer.values.get("ConfigurationSettings", ()) if each.get("DeploymentStatus") != "pending"
        ]
        options = deployed[0].get("OptionSettings", ()) if deployed else ()
        return {(each["Namespace"], each["OptionName"]): str(each.get("Value", "")) for each in options}

    async def version(self, application: str, label: str) -> Version | None:
        """A version; None if it does not exist."""
        answer = await self._call("describe_application_versions", ApplicationName=application, VersionLabels=[label])
        return next((_version(version) for version in answer.values.get("ApplicationVersions", ())), None)

    async def versions(self, application: str) -> tuple[Version, ...]:
        """All versions of an application."""
        versions: list[Version] = []
        more: dict[str, str] = {}
        while True:
            answer = await self._call(
                "describe_application_versions", ApplicationName=application, MaxRecords=_MOST_VERSIONS, **more
            )
            versions.extend(_version(version) for version in answer.values.get("ApplicationVersions", ()))
            if not answer.values.get("NextToken"):
                return tuple(versions)
            more = {"NextToken": answer.values["NextToken"]}

    async def delete_version(self, application: str, label: str) -> None:
        """Deletes a version, and not the bundle that it was made from."""
        await self._call(
            "delete_application_version", ApplicationName=application, VersionLabel=label, DeleteSourceBundle=False
        )

    async def create_version(self, application: str, label: str, bundle: Mapping[str, str], words: str) -> Version:
        """Creates a version with its configuration files checked."""
        answer = await self._call(
            "create_application_version",
            ApplicationName=application,
            VersionLabel=label,
            Description=words[:200],
            SourceBundle=dict(bundle),
            Process=True,
            AutoCreateApplication=False,
        )
        return _version(answer.values["ApplicationVersion"])

    async def deploy(self, name: str, label: str) -> str:
        """Starts an update to a version and returns the request's ID. Raises Busy, as all writes do."""
        return (await self._call("update_environment", EnvironmentName=name, VersionLabel=label)).request

    async def configure(self, name: str, options: Sequence[Mapping[str, str]]) -> str:
        """Starts an update of option settings and returns the request's ID."""
        given = [dict(option) for option in options]
        return (await self._call("update_environment", EnvironmentName=name, OptionSettings=given)).request

    async def swap(self, name: str, other: str) -> str:
        """Exchanges the names of two environments."""
        answer = await self._call(
            "swap_environment_cnames", SourceEnvironmentName=name, DestinationEnvironmentName=other
        )
        return answer.request

    async def abort(self, name: str) -> None:
        """Stops an update that is under way."""
        await self._call("abort_environment_update", EnvironmentName=name)

    async def ask_for_logs(self, name: str) -> datetime:
        """Requests the ends of all logs, which come later. Returns the service's time."""
        return (await self._call("request_environment_info", EnvironmentName=name, InfoType="tail")).at

    async def logs(self, name: str, *, since: datetime) -> tuple[LogSample, ...]:
        """The logs that have come since; the service lists older ones, too."""
        answer = await self._call("retrieve_environment_info", EnvironmentName=name, InfoType="tail")
        fresh = [
            sample for sample in answer.values.get("EnvironmentInfo", ()) if _utc(sample["SampleTimestamp"]) >= since
        ]
        return tuple([await _sample(sample) for sample in fresh])

    async def _call(self, operation: str, **given: Any) -> Answer:
        try:
            return await self._account.call("elasticbeanstalk", operation, **given)
        except Rejected as rejected:
            if rejected.message.endswith("Must be Ready."):  # the code is the same for any wrong parameter
                raise Busy(rejected.code, rejected.message) from None
            raise


async def _sample(sample: Mapping[str, Any]) -> LogSample:
    text = await asyncio.to_thread(_fetched, str(sample["Message"]))
    return LogSample(
        instance=str(sample["Ec2InstanceId"]), at=_utc(sample["SampleTimestamp"]), lines=tuple(text.splitlines())
    )


def _fetched(address: str) -> str:
    """The content at an address that the service signed."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - the service's own address
            return str(answer.read(_LOG_BYTES).decode(errors="replace"))
    except OSError as error:
        raise errors.Unavailable(f"a log could not be fetched: {error}") from None


def _environment(description: Mapping[str, Any]) -> Environment:
    return Environment(
        id=str(description.get("EnvironmentId", "")),
        name=str(description["EnvironmentName"]),
        application=str(description.get("ApplicationName", "")),
        status=str(description.get("Status", "")),
        color=str(description.get("Health", "Grey")),
        health=str(description.get("HealthStatus") or ""),
        label=str(description.get("VersionLabel") or ""),
        cname=str(description.get("CNAME") or ""),
        abortable=bool(description.get("AbortableOperationInProgress")),
    )


def _event(description: Mapping[str, Any]) -> Event:
    message = str(description.get("Message", ""))
    return Event(
        at=_utc(description["EventDate"]),
        severity=str(description.get("Severity", "INFO")),
        message=message,
        request=str(description.get("RequestId") or ""),
        sign=sign(message),
    )


def _instance(description: Mapping[str, Any]) -> InstanceHealth:
    deployment = description.get("Deployment") or {}
    return InstanceHealth(
        id=str(description.get("InstanceId", "")),
        health=str(description.get("HealthStatus", "")),
        label=str(deployment.get("VersionLabel", "")),
        status=str(deployment.get("Status", "")),
        deployment=int(deployment.get("DeploymentId") or 0),
        causes=tuple(description.get("Causes", ())),
    )


def _version(description: Mapping[str, Any]) -> Version:
    return Version(
        label=str(description["VersionLabel"]),
        bundle={key: str(value) for key, value in (description.get("SourceBundle") or {}).items()},
        status=str(description.get("Status", "")).upper(),
        made_for=str(description.get("Description") or "").partition(" ")[0],
        created=_utc(description["DateCreated"]) if description.get("DateCreated") else None,
    )


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)
