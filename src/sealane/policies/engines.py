"""The port of policy engines: languages that policies are written in, each with files and a reading of its own. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sealane.adapters import SHIPPED, Adapters
from sealane.configfiles.documents import Path
from sealane.findings import Finding, Place
from sealane.policies.model import Decision, Facts


class Origin(Protocol):
    """Knows where an object was written."""

    def place(self, path: Path = ()) -> Place:
        """Where the field, or its nearest parent, was written."""


class Vettable(Protocol):
    """A rendered object with its origin."""

    @property
    def object(self) -> dict[str, Any]:
        """The manifest."""

    @property
    def origin(self) -> Origin:
        """Where it was written."""


class EnginePolicy(Protocol):
    """A policy that was read; all else of it is its engine's."""

    @property
    def engine(self) -> str:
        """The engine's key in the table."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyEngine:
    """One line of the table of policy engines."""

    endings: tuple[str, ...]
    """How names of its files end; no two engines share one."""
    read: Callable[[Mapping[str, str]], tuple[Sequence[EnginePolicy], list[Finding]]]
    """All policies of some files, by file name, and all that is wrong with them."""
    vet: Callable[[Sequence[Vettable], Sequence[Any], Facts], tuple[Decision, ...]]
    """Every decision that an object does not meet one of the engine's policies, in the order of objects, the gravest first."""


def vet(
    objects: Sequence[Vettable], policies: Iterable[EnginePolicy], facts: Facts, adapters: Adapters = SHIPPED
) -> tuple[Decision, ...]:
    """Every decision of every engine that has policies here, one engine after the other."""
    own: dict[str, list[EnginePolicy]] = {}
    for policy in policies:
        own.setdefault(policy.engine, []).append(policy)
    return tuple(
        decision
        for key, chosen in own.items()
        for decision in adapters.policy_engines.get(key, PolicyEngine).vet(objects, chosen, facts)
    )
