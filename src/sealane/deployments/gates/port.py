"""The port of gates: what a kind of gate is checked with, and gives."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateResult, GateSubject
from sealane.formations.gate_files import GateShape
from sealane.formations.gates import Gate


@dataclass(frozen=True, kw_only=True, slots=True)
class GateKind(GateShape):
    """One line of the table of gates; its key stands in a formation's gates."""

    model: Any
    """The type of a gate's `check`."""
    check: Callable[[Gate, Any, GateSubject, GateContext], Awaitable[GateResult]]
    """Checks it once, and waits for what it has to wait for; its address is allowed. May be called again after a kill.

    Raises Fenced, and Unavailable when the destination is away.
    """
