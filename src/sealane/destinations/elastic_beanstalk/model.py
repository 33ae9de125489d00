"""What is known of an environment: what Sealane wrote there, and what is there now. Pure: plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sealane.clients.aws.beanstalk_model import Environment, Event, Fleet
from sealane.destinations import model

GROUP = "elasticbeanstalk.amazonaws.com"
API_VERSION = f"{GROUP}/v1"
KIND = "Environment"

Options = Mapping[tuple[str, str], str]
"""Option settings by namespace and name."""

_COMMAND = "aws:elasticbeanstalk:command"
_RESTORED_BY_THE_PLATFORM = frozenset({"Immutable", "TrafficSplitting"})


class Step(StrEnum):
    """What one update changes; each is an update of its own for the service."""

    SETTINGS = "settings"
    VERSION = "version"
    SWAP = "swap"  # names of two environments are exchanged
    NOTHING = "nothing"  # all was there already


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """The last thing that Sealane did to an environment."""

    step: Step
    sequence: int
    revision: str
    label: str
    """The version that is to run once it is over."""
    before: str
    """The version before it; of a swap the environment that had the name."""
    at: datetime
    """The service's time just before."""
    request: str = ""
    """Number of the request; empty while nobody has seen the answer."""
    prefix: str = ""
    """Of a swap: the name that it is to have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class EnvironmentRecord:
    """What Sealane keeps of an environment, in its bucket: whose it is, how it was written, and what was done last."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    operation: Operation | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """What a manifest asks of an environment."""

    name: str
    label: str = ""
    """Empty: its version is not the manifest's to say."""
    bundle: Mapping[str, str] = field(default_factory=dict)
    options: Options = field(default_factory=dict)
    cname_prefix: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """An environment as one look found it. Times are the service's."""

    at: datetime
    environment: Environment | None
    others: tuple[Environment, ...] = ()
    """The application's other environments."""
    events: tuple[Event, ...] = ()
    """Since Sealane's last operation, oldest first."""
    fleet: Fleet | None = None
    """None: nothing is known of instances."""
    basic: bool = False
    """Whether that is so because health is basic."""
    options: Options = field(default_factory=dict)


def spec_of(manifest: Mapping[str, Any]) -> Spec:
    """What a manifest that was checked asks for."""
    spec = manifest.get("spec") or {}
    return Spec(
        name=str(manifest["metadata"]["name"]),
        label=str(spec.get("VersionLabel") or ""),
        bundle={key: str(value) for key, value in (spec.get("SourceBundle") or {}).items()},
        options={
            (str(each["Namespace"]), str(each["OptionName"])): _text(each.get("Value", ""))
            for each in spec.get("OptionSettings") or ()
        },
        cname_prefix=str(spec.get("CNAMEPrefix") or ""),
    )


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def restores_itself(options: Options) -> bool:
    """Whether the service itself restores the version before when a deployment fails."""
    return options.get((_COMMAND, "DeploymentPolicy"), "AllAtOnce") in _RESTORED_BY_THE_PLATFORM


def command_seconds(options: Options) -> int:
    """How long one batch may take: the command's own time, and what the service adds to it."""
    return int(options.get((_COMMAND, "Timeout"), "600")) + 240


def ref_of(manifest: Mapping[str, Any], application: str) -> model.ObjectRef:
    """The reference of an environment; its namespace is its application."""
    return model.ref_of(manifest, application)


def holds(environment: Environment, prefix: str) -> bool:
    """Whether an environment is reached by that name."""
    return environment.cname.partition(".")[0] == prefix
