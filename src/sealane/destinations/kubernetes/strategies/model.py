"""The state before a rollout, and how it shapes a revision. Pure: plain values, serializable except the manifests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from sealane import typed_data
from sealane.destinations import stages
from sealane.destinations.kubernetes.stencils import variants
from sealane.formations.strategy import Strategy

Manifest = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveState:
    """The state before a deployment's first write. Workloads are named `Kind/name`."""

    colour: str | None = None
    """The colour that Services select; None when they select none."""
    there: tuple[str, ...] = ()
    """Live Services and workloads, including those made by strategies."""
    moved: tuple[str, ...] = ()
    """Workloads, named as in the revision, whose instances the revision would replace."""
    replicas: Mapping[str, int] = field(default_factory=dict)
    """How many instances each live workload asks for."""
    serves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Each live Service with the workloads whose instances it selects now."""
    leaves: tuple[str, ...] = ()
    """Services that will select none of their current workloads, so they would lead nowhere until others are ready."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """The settings for shaping a revision's objects, with the survey read."""

    strategy: Strategy = field(default_factory=Strategy)
    survey: LiveState = field(default_factory=LiveState)
    back: bool = False
    """It is the former revision: a rollback returns to the colour that served."""
    before: Sequence[Manifest] = field(default=(), repr=False)
    """The former objects, as they were written; a canary lowers the number of instances of some."""

    @classmethod
    def of(cls, shape: stages.Shape) -> Self:
        """The shape with its survey read."""
        survey = typed_data.convert(shape.survey, LiveState)
        return cls(strategy=shape.strategy, survey=survey, back=shape.back, before=shape.before)

    @property
    def colour(self) -> str:
        """The revision's colour: the serving one if no instance would be replaced."""
        if self.survey.colour is None:
            return variants.BLUE
        if self.back or not self.survey.moved:
            return self.survey.colour
        return variants.other(self.survey.colour)


@dataclass(frozen=True, kw_only=True, slots=True)
class StageWrite:
    """The writes of a stage."""

    objects: Sequence[Manifest]
    unwatched: frozenset[str] = frozenset()
    """`Kind/name` of objects that are written but tell nothing about the new version."""
