"""What checking gates needs: `evaluate(gates, subject=…, around=…) -> Report`.

It may be called from any phase and called again: samples begin anew, Jobs are found by their names and go on, alerts are
counted since the deployment's start.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sealane import clock
from sealane.adapters import SHIPPED, Adapters
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.egress import Allowlist
from sealane.errors import Refused
from sealane.events.model import Alert
from sealane.formations.gates import Alerts
from sealane.verdicts.gate_requests import GateRequest


async def no_secret(reference: str) -> str:
    """The resolver for gates without secrets."""
    raise Refused(f"{reference} can't be resolved here", hint="where would its value come from?")


def unheard(says: str) -> None:
    """The listener for gates that nobody follows."""


def unnoted(gate: str, asked: str, request: GateRequest) -> None:
    """For gates whose requests are not kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GateContext:
    """What checking gates needs."""

    destination: Destination
    fence: destinations.Fence = destinations.unfenced
    secret: Callable[[str], Awaitable[str]] = no_secret
    """Resolves a reference of a secret, inside the step that asks."""
    allowed: Allowlist | None = None
    """What may be asked; None on a person's own machine: anything."""
    alerts: Callable[[Alerts, datetime], Awaitable[Sequence[Alert]]] | None = None
    """Alerts of this formation since then that count; None where nothing receives any."""
    adapters: Adapters = SHIPPED
    mask: Callable[[str], str] = str
    tell: Callable[[str], None] = unheard
    note: Callable[[str, str, GateRequest], None] = unnoted
    """Told of every request: the gate's name, what was asked, and what came back, masked."""
    now: clock.Clock = field(default=clock.now)
    sleep: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)
