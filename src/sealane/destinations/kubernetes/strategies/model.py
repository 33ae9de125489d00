"""What was there before a rollout, and how it shapes a revision. Pure: plain values, all of them plain data but the manifests."""

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
    """What a deployment found there before it wrote anything. Workloads are named `Kind/name`."""

    colour: str | None = None
    """The colour that Services select; None when they select none."""
    there: tuple[str, ...] = ()
    """Services and workloads that are there, strategies' own included."""
    moved: tuple[str, ...] = ()
    """Workloads, named as in the revision, whose instances the revision would make anew."""
    replicas: Mapping[str, int] = field(default_factory=dict)
    """How many instances each workload that is there asks for."""
    serves: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Each Service that is there to the workloads whose instances it selects now."""
    leaves: tuple[str, ...] = ()
    """Services that will select none of those they select now: until others are ready, they would lead nowhere."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """By what a revision's objects are shaped, what was there read."""

    strategy: Strategy = field(default_factory=Strategy)
    survey: LiveState = field(default_factory=LiveState)
    back: bool = False
    """It is the revision that was there before: going back goes to the colour that served."""
    before: Sequence[Manifest] = field(default=(), repr=False)
    """The objects there before, as they were written; those whose number of instances a canary lowers."""

    @classmethod
    def of(cls, shape: stages.Shape) -> Self:
        """The shape with its survey read."""
        survey = typed_data.convert(shape.survey, LiveState)
        return cls(strategy=shape.strategy, survey=survey, back=shape.back, before=shape.before)

    @property
    def colour(self) -> str:
        """The colour that the revision gets: the one that serves when no instance would be made anew."""
        if self.survey.colour is None:
            return variants.BLUE
        if self.back or not self.survey.moved:
            return self.survey.colour
        return variants.other(self.survey.colour)


@dataclass(frozen=True, kw_only=True, slots=True)
class StageWrite:
    """What a stage writes."""

    objects: Sequence[Manifest]
    unwatched: frozenset[str] = frozenset()
    """`Kind/name` of those that are written but say nothing about the new version."""
