"""Stages of a rollout: a revision's objects are shaped into writes, one after the other. Pure: plain values.

A destination shapes in its own way (`Destination.in_stages`); everything else uses only the stages, and knows nothing of
colours, shares or partitions.
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
"""The live state before a deployment's first write: plain data, read only by the destination that returned it."""

Name = tuple[str, str, str]
"""Group, kind and name of an object within the formation's namespace."""


class StageKind(StrEnum):
    """The kind of a stage."""

    WHOLE = "whole"  # everything in its final state
    PREVIEW = "preview"  # the new version beside the serving one, with its own address
    BESIDE = "beside"  # workloads under other names and labels, beside the serving ones
    WEIGHT = "weight"  # a share of the new version
    PAUSE = "pause"  # nothing is written; the health is watched


@dataclass(frozen=True, kw_only=True, slots=True)
class StageMark:
    """A stage without its objects, for storage: objects may contain values of secrets, and are shaped again."""

    kind: StageKind
    name: str
    """Its name among the rollout's stages; empty if it is the only one."""
    message: str = ""
    """What begins with it, for people; empty if there is nothing to say."""
    weight: int = 100
    pause: timedelta = timedelta()


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage(StageMark):
    """One stage of a rollout. The last one is the whole revision."""

    objects: Sequence[Manifest] = field(default=(), repr=False)
    """The objects that it writes."""
    unwatched: frozenset[Name] = frozenset()
    """Objects that are written but tell nothing about the new version."""
    leftovers: frozenset[Name] = frozenset()
    """Of the last stage: objects that strategies may have created and that are not needed in the end; no budget counts them."""
    outgoing: frozenset[Name] = frozenset()
    """The leftovers that served before, and stay as long as the strategy says."""

    @property
    def mark(self) -> StageMark:
        """The stage without its objects."""
        return StageMark(kind=self.kind, name=self.name, message=self.message, weight=self.weight, pause=self.pause)


ONLY = Stage(kind=StageKind.WHOLE, name="")
"""The stage of a rollout with only one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """The settings for shaping a revision's objects."""

    strategy: Strategy = field(default_factory=Strategy)
    survey: Survey = field(default_factory=dict)
    back: bool = False
    """It is the former revision: a rollback returns to what served before."""
    staged: bool = False
    """This strategy or the former one has stages, so objects created by it may exist."""
    before: Sequence[Manifest] = field(default=(), repr=False)
    """The former objects, as they were written."""


Shaper = Callable[[Sequence[Manifest], Shape], tuple[Stage, ...]]
"""Shapes objects into stages; the same survey always gives the same stages."""


def at_once(objects: Sequence[Manifest], shape: Shape) -> tuple[Stage, ...]:
    """The shaper of a destination without strategies: everything in one stage."""
    del shape
    return (replace(ONLY, objects=tuple(objects)),)


def has_stages(strategy: Strategy) -> bool:
    """Whether the strategy has stages of its own, and hence depends on the live state."""
    return strategy.kind in ("blue_green", "canary")


def every_object(stages: Sequence[Stage]) -> tuple[Manifest, ...]:
    """One manifest for each object that any stage writes, for the inventory before the first write."""
    every = [*stages[-1].objects, *(manifest for stage in stages for manifest in stage.objects)]
    return tuple(
        {
            (manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"]): manifest for manifest in every
        }.values()
    )


def among(inventory: model.Inventory, names: frozenset[Name]) -> model.Inventory:
    """The named objects of the inventory."""
    return tuple(ref for ref in inventory if (ref.group, ref.kind, ref.name) in names)
