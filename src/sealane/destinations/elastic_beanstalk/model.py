"""Values about an environment: what Sealane wrote there, and its current state. Pure: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sealane.clients.aws.beanstalk_model import Environment, Event, Fleet

GROUP = "elasticbeanstalk.amazonaws.com"
API_VERSION = f"{GROUP}/v1"
KIND = "Environment"

BUNDLES = "sealane/bundles/"
"""Where uploaded bundles lie in the bucket, those of each app in a folder of its own."""

VARIABLES = "aws:elasticbeanstalk:application:environment"
"""Namespace of the application's variables, any of which may be a secret."""

Options = Mapping[tuple[str, str], str]
"""Option settings by namespace and name."""

_COMMAND = "aws:elasticbeanstalk:command"
_RESTORED_BY_THE_PLATFORM = frozenset({"Immutable", "TrafficSplitting"})


class Step(StrEnum):
    """The change of one update; for the service, each is an update of its own."""

    SETTINGS = "settings"
    VERSION = "version"
    SWAP = "swap"  # two environments exchange their names
    NOTHING = "nothing"  # the environment was already as desired


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """Sealane's last operation on an environment."""

    step: Step
    sequence: int
    revision: str
    label: str
    """The desired version after it."""
    before: str
    """The version before it."""
    at: datetime
    """The service's time just before it."""
    request: str = ""
    """The request's id; empty if nobody has seen the answer."""
    prefix: str = ""
    """For a swap: the new name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentRecord:
    """Sealane's record of an environment, in its bucket: its owner, how it was written, and the last operation."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    operation: Operation | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """A manifest's settings for an environment."""

    name: str
    label: str = ""
    """Empty if the manifest does not set the version."""
    bundle: Mapping[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=dict)
    cname_prefix: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """An environment as seen by one look. Times are the service's."""

    at: datetime
    environment: Environment | None
    others: tuple[Environment, ...] = ()
    """The application's other environments."""
    events: tuple[Event, ...] = ()
    """Since Sealane's last operation, oldest first."""
    fleet: Fleet | None = None
    """None if nothing is known of instances."""
    basic: bool = False
    """Whether that is because health is basic."""
    options: Options = field(default_factory=dict)
    managed: str = ""
    """What the service does by itself, such as `PlatformUpdate`, where an update under way is not Sealane's."""

    @property
    def whose(self) -> str:
        """Whose an update is that is not Sealane's, in words."""
        return f"the service's own {self.managed}" if self.managed else "somebody else's update"


def spec_of(manifest: Mapping[str, Any]) -> Spec:
    """The settings from a checked manifest."""
    spec = manifest.get("spec") or {}
    return Spec(
        name=str(manifest["metadata"]["name"]),
        label=str(spec.get("VersionLabel") or ""),
        bundle={key: str(value) for key, value in (spec.get("SourceBundle") or {}).items()},
        options={
            (str(option["Namespace"]), str(option["OptionName"])): _text(option.get("Value", ""))
            for option in spec.get("OptionSettings") or ()
        },
        cname_prefix=str(spec.get("CNAMEPrefix") or ""),
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def restores_itself(options: Options) -> bool:
    """Whether the service itself restores the former version when a deployment fails."""
    return options.get((_COMMAND, "DeploymentPolicy"), "AllAtOnce") in _RESTORED_BY_THE_PLATFORM


def command_seconds(options: Options) -> int:
    """How long one batch may take: the command's own timeout and the service's extra time."""
    return int(options.get((_COMMAND, "Timeout"), "600")) + 240


def holds(environment: Environment, prefix: str) -> bool:
    """Whether an environment has that name in its address."""
    return environment.cname.partition(".")[0] == prefix
