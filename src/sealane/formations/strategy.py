"""How a formation rolls out, and when its verdict is decided. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal, Self

import msgspec

from sealane import typed_data
from sealane.formations.gates import Gate, Guard, gates_from, guard_from, written

HEALTHY_FOR = timedelta(seconds=10)
DEADLINE = timedelta(minutes=10)
KEEP_OLD_FOR = timedelta(seconds=30)
WATCH_FOR = timedelta(minutes=10)
"""How long production is watched by default."""
PERSON = timedelta(hours=24)


@dataclass(frozen=True, kw_only=True, slots=True)
class BlueGreen:
    """Two coloured sets of Deployments; one of them serves."""

    preview_service: str | None = None
    """The Service that reaches the new version before the switch; None: each Service's name with `-preview`."""
    keep_old_for: timedelta = KEEP_OLD_FOR
    promote: Literal["automatic", "manual"] = "automatic"
    """Whether the switch waits for a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CanaryStep:
    """One step of a canary: a percentage, a pause, or a wait for a person."""

    weight: int | None = None
    pause: timedelta | None = None
    person: timedelta | None = None
    """How long to wait for a person."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Strategy:
    """How a formation rolls out, and when its verdict is decided.

    `max_unavailable` and `max_surge` are counts or percentages ("25%"); None when the stencil, or else the destination,
    decides. `stated` is false when the formation names no strategy.
    """

    kind: Literal["rolling", "recreate", "blue_green", "canary"] = "rolling"
    stated: bool = False
    max_unavailable: int | str | None = None
    max_surge: int | str | None = None
    blue_green: BlueGreen | None = None
    """Only for a blue-green strategy."""
    steps: tuple[CanaryStep, ...] = ()
    """Only for a canary."""
    healthy_for: timedelta = HEALTHY_FOR
    """How long it must stay ready to count as healthy."""
    patience: timedelta | None = None
    """How long something not decisive may last; None: derived from the start-up of the last verified revision."""
    deadline: timedelta = DEADLINE
    """How long a stage of the rollout may take."""
    drain: timedelta | None = None
    """How long containers behind a Service, without their own preStop, go on serving after they are told to end."""
    watch_for: timedelta | None = None
    """How long after a good verdict it is rolled back if it degrades; None: depends on the environment."""

    def watched_for(self, *, production: bool) -> timedelta:
        """How long after a good verdict it is rolled back if it degrades, in such an environment."""
        if self.watch_for is not None:
            return self.watch_for
        return WATCH_FOR if production else timedelta()

    @property
    def every_gate(self) -> tuple[Gate, ...]:
        """Its gates, and the confirmations by people between stages."""
        if self.blue_green and self.blue_green.promote == "manual":
            return (*self.gates, Gate(name="switch", stage="preview", wait=PERSON))
        persons = (
            Gate(name=f"step-{number}", stage=f"{number} pause", wait=step.person)
            for number, step in enumerate(self.steps, start=1)
            if step.person is not None
        )
        return (*self.gates, *persons)

    @property
    def longest(self) -> timedelta:
        """The longest time of a rollout with all stages and pauses, plus the rollback."""
        waits = sum((gate.wait for gate in self.every_gate), timedelta())
        pauses = sum((step.pause or timedelta() for step in self.steps), timedelta())
        weights = sum(step.weight is not None for step in self.steps)
        beside = self.kind != "recreate"  # a second colour, or workloads beside those that serve
        return (2 + max(weights, beside)) * self.deadline + pauses + waits

    gates: tuple[Gate, ...] = ()
    """Checked once it is healthy; a strategy with stages may check some of them earlier."""
    guard: Guard = field(default_factory=Guard)

    def to_json(self) -> dict[str, Any]:
        """Plain data; durations in seconds."""
        return {
            "kind": self.kind,
            "stated": self.stated,
            "max_unavailable": self.max_unavailable,
            "max_surge": self.max_surge,
            "healthy_for": self.healthy_for.total_seconds(),
            "patience": self.patience.total_seconds() if self.patience is not None else None,
            "deadline": self.deadline.total_seconds(),
            **({"drain": self.drain.total_seconds()} if self.drain else {}),
            **({"watch_for": self.watch_for.total_seconds()} if self.watch_for is not None else {}),
            **written(self.gates, self.guard),
            **({"blue_green": msgspec.to_builtins(self.blue_green)} if self.blue_green else {}),
            **({"steps": msgspec.to_builtins(self.steps)} if self.steps else {}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The strategy from `to_json`'s data."""
        patience = data["patience"]
        return cls(
            kind=data["kind"],
            stated=data["stated"],
            max_unavailable=data["max_unavailable"],
            max_surge=data["max_surge"],
            healthy_for=timedelta(seconds=data["healthy_for"]),
            patience=timedelta(seconds=patience) if patience is not None else None,
            deadline=timedelta(seconds=data["deadline"]),
            drain=timedelta(seconds=data["drain"]) if "drain" in data else None,
            watch_for=timedelta(seconds=data["watch_for"]) if "watch_for" in data else None,
            gates=gates_from(data),
            guard=guard_from(data),
            blue_green=typed_data.convert(data["blue_green"], BlueGreen) if "blue_green" in data else None,
            steps=tuple(typed_data.convert(data.get("steps", ()), tuple[CanaryStep, ...])),
        )
