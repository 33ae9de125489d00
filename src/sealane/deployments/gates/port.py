"""The port of gates: how a kind of gate is checked."""

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
    """Checks the gate once and waits as long as it has to; its address is allowed. May be repeated after a kill.

    Raises Fenced, and Unavailable when the destination is away.
    """
