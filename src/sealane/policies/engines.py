"""The port of policy engines: languages for policies, each with its own files and its own way to read them. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sealane.adapters import SHIPPED, Adapters
from sealane.configfiles.documents import Path
from sealane.findings import Finding, Place
from sealane.policies.model import Decision, Facts


class Origin(Protocol):
    """Knows the source of an object."""

    def place(self, path: Path = ()) -> Place:
        """The source of the field or its nearest parent."""


class Vettable(Protocol):
    """A rendered object with its source."""

    @property
    def object(self) -> dict[str, Any]:
        """The manifest."""

    @property
    def origin(self) -> Origin:
        """Its source."""


class EnginePolicy(Protocol):
    """A policy that was read; its engine knows everything else."""

    @property
    def engine(self) -> str:
        """The engine's key in the table."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyEngine:
    """One line of the table of policy engines."""

    endings: tuple[str, ...]
    """Endings of its files' names; no two engines share one."""
    read: Callable[[Mapping[str, str]], tuple[Sequence[EnginePolicy], list[Finding]]]
    """Reads all policies of some files, by file name, and returns them with all problems."""
    vet: Callable[[Sequence[Vettable], Sequence[Any], Facts], tuple[Decision, ...]]
    """Every violation of the engine's policies, in the order of objects, the gravest first."""


def vet(
    objects: Sequence[Vettable], policies: Iterable[EnginePolicy], facts: Facts, adapters: Adapters = SHIPPED
) -> tuple[Decision, ...]:
    """Every decision of all engines that have policies here, one engine after the other."""
    own: dict[str, list[EnginePolicy]] = {}
    for policy in policies:
        own.setdefault(policy.engine, []).append(policy)
    return tuple(
        decision
        for key, chosen in own.items()
        for decision in adapters.policy_engines.get(key, PolicyEngine).vet(objects, chosen, facts)
    )
