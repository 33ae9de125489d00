"""Configurations, their plans, and Sealane's records of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sealane import hashing
from sealane.destinations import model
from sealane.destinations.outputs import Outputs

API_VERSION = "opentofu.org/v1"
CONFIGURATION = "Configuration"
CHANGE = "ResourceChange"
"""One change of a plan, among the objects of its revision: policies and approvers see it."""
PLAN = "sealane.plan"
KEPT = "sealane-kept.tfstate"
VARIABLES = "sealane.auto.tfvars.json"
OVERRIDE = "sealane_override.tf.json"
"""Files that Sealane writes beside those of the configuration."""
STATE = "terraform.tfstate"
"""The state of a configuration without a backend, in its folder."""
OWN = "sealane"
"""How the names of all such files begin, and no other's may."""
NEVER_WRITTEN = 0
"""The serial of a state that does not exist."""

Manifest = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class StateVersion:
    """Which state it is: the lineage never changes, the serial grows with every write."""

    lineage: str = ""
    serial: int = NEVER_WRITTEN

    def __str__(self) -> str:
        return f"serial {self.serial}" if self.lineage else "no state yet"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a plan does to one resource. Sensitive and unknown values are replaced by words."""

    address: str
    type: str
    provider: str
    actions: tuple[str, ...]
    """As the plan names them: `create`, `update`, `delete`, `read`; a replacement has two."""
    before: Any = None
    after: Any = None
    reason: str = ""
    """Why it is replaced or deleted, in the plan's word."""

    @property
    def deletes(self) -> bool:
        """Whether something that exists is deleted: also when it is replaced."""
        return "delete" in self.actions

    @property
    def forgets(self) -> bool:
        """Whether it is removed from the state only."""
        return "forget" in self.actions


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """A saved plan as it stands in a revision."""

    sha256: str
    """Of the plan file."""
    state: StateVersion
    """The state that it was made from; it can be applied to no other."""
    of: str
    """The revision without its plans."""

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "sha256": self.sha256,
            "lineage": self.state.lineage,
            "serial": self.state.serial,
            "of": self.of,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Attempt:
    """One application of a plan: written before it begins."""

    sequence: int
    revision: str
    plan: str
    """The plan's hash."""
    began: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """How an attempt ended."""

    at: datetime
    problem: str = ""
    """The program's first complaint; empty if it applied everything."""
    where: str = ""
    """The resource or the file that the complaint is about."""
    interrupted: bool = False
    """Its program was killed in between."""
    remaining: tuple[Change, ...] = ()
    """What a plan right afterwards would still change."""
    kept: str = ""
    """The file with a state that could not be stored where it belongs."""
    resources: int = 0
    """The number of resources in the state."""
    outputs: Outputs | None = None
    """What the state gives to others; None if it could not be seen, or was not kept by the version that applied it."""

    @property
    def is_good(self) -> bool:
        """Whether everything was applied, and a plan changes nothing."""
        return not (self.problem or self.interrupted or self.remaining)


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """What Sealane keeps of one configuration."""

    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    attempt: Attempt | None = None
    result: Result | None = None
    content: str = ""
    """The hash of what was applied: files and variables."""
    former: Outputs | None = None
    """What the last good attempt before this one gave to others."""

    @property
    def outputs(self) -> Outputs | None:
        """What the last good attempt gives to others; None if there was none."""
        return self.result.outputs if self.result and self.result.is_good else self.former

    def is_of(self, identity: model.Identity) -> bool:
        """Whether the last attempt is this deployment's."""
        attempt = self.attempt
        own = attempt and (attempt.sequence, attempt.revision) == (identity.sequence, identity.revision)
        return bool(own) and identity.sequence > 0


def plan_of(manifest: Manifest) -> Plan | None:
    """The plan in a configuration of a revision; None while it is not planned."""
    written = manifest["spec"].get("plan")
    if not written:
        return None
    state = StateVersion(lineage=written["lineage"], serial=written["serial"])
    return Plan(sha256=written["sha256"], state=state, of=written["of"])


def content(manifest: Manifest) -> str:
    """The hash of what the configuration says, without its plan."""
    spec = {key: value for key, value in manifest["spec"].items() if key != "plan"}
    return hashing.content_id(spec)


def is_configuration(manifest: Manifest) -> bool:
    """Whether it is one, and not a change of its plan."""
    return bool(manifest["kind"] == CONFIGURATION)
