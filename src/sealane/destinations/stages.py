"""Stages of a rollout: how a revision's objects are shaped into writes, one after the other. Pure: plain values.

A destination shapes by its own means (`Destination.in_stages`); everybody else goes by what the stages say, and knows nothing
of colours, shares or partitions.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import Any

from sealane.destinations import model
from sealane.formations.strategy import Strategy

Manifest = Mapping[str, Any]

Survey = Mapping[str, Any]
"""What a deployment found there before it wrote anything: plain data, read only by the destination that gave it."""

Name = tuple[str, str, str]
"""Group, kind and name: an object within the formation's namespace."""


class StageKind(StrEnum):
    """What a stage does."""

    WHOLE = "whole"  # everything as it shall be in the end
    PREVIEW = "preview"  # the new version beside the one that serves, reachable by itself
    BESIDE = "beside"  # workloads under other names and labels, beside those that serve
    WEIGHT = "weight"  # a share of the new version
    PAUSE = "pause"  # nothing is written, it has to stay healthy


@dataclass(frozen=True, kw_only=True, slots=True)
class StageMark:
    """A stage without its objects, to be kept: those may hold values of secrets, and are shaped anew."""

    kind: StageKind
    name: str
    """Its name among the rollout's stages; empty for the only one."""
    message: str = ""
    """What begins with it, for people; empty where there is nothing to say."""
    weight: int = 100
    pause: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage(StageMark):
    """One stage of a rollout. The last one is the whole revision."""

    objects: Sequence[Manifest] = field(default=(), repr=False)
    """What it writes."""
    unwatched: frozenset[Name] = frozenset()
    """Those that are written but say nothing about the new version."""
    leftovers: frozenset[Name] = frozenset()
    """Of the last stage: what strategies may have made that is not there in the end; nobody's budget counts it."""
    outgoing: frozenset[Name] = frozenset()
    """Those of the leftovers that served before, and stay for as long as the strategy says."""

    @property
    def mark(self) -> StageMark:
        """The stage without its objects."""
        return StageMark(kind=self.kind, name=self.name, message=self.message, weight=self.weight, pause=self.pause)


ONLY = Stage(kind=StageKind.WHOLE, name="")
"""The stage of a rollout that has no others."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """By what a revision's objects are shaped."""

    strategy: Strategy = field(default_factory=Strategy)
    survey: Survey = field(default_factory=dict)
    back: bool = False
    """It is the revision that was there before: going back goes to what served."""
    staged: bool = False
    """This strategy or the one before has stages: objects that it made may be there."""
    before: Sequence[Manifest] = field(default=(), repr=False)
    """The objects there before, as they were written."""


Shaper = Callable[[Sequence[Manifest], Shape], tuple[Stage, ...]]
"""Shapes objects into stages; the same survey gives the same stages, always."""


def at_once(objects: Sequence[Manifest], shape: Shape) -> tuple[Stage, ...]:
    """The shaper of a destination that knows no strategies: everything in one stage."""
    del shape
    return (replace(ONLY, objects=tuple(objects)),)


def has_stages(strategy: Strategy) -> bool:
    """Whether the strategy has stages of its own, and hence has to know what is there."""
    return strategy.kind in ("blue_green", "canary")


def every_object(stages: Sequence[Stage]) -> tuple[Manifest, ...]:
    """One manifest of each object that any stage writes: what the inventory must know before the first write."""
    every = [*stages[-1].objects, *(manifest for stage in stages for manifest in stage.objects)]
    return tuple(
        {
            (manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in every
        }.values()
    )


def among(inventory: model.Inventory, names: frozenset[Name]) -> model.Inventory:
    """Those of the inventory that are named."""
    return tuple(ref for ref in inventory if (ref.group, ref.kind, ref.name) in names)
