"""The requests of gates and their answers, one by one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sealane.server.pages import text
from sealane.server.pages.deployment_views import GateCard
from sealane.server.pages.views import Pill
from sealane.verdicts.gate_requests import GateRequests

_ONLY = "rolling"
"""The key of a rollout's only place for gates."""


def cards(requests: Sequence[GateRequests]) -> Iterator[GateCard]:
    """One card per gate and place, in the order in which they began."""
    for number, gate in enumerate(requests):
        bad = gate.count - gate.good
        yield GateCard(
            key=f"gate-{number}",
            gate=gate.gate,
            place="" if gate.key == _ONLY else gate.key,
            asked=gate.asked,
            pill=Pill(tone="bad" if bad else "ok", words=f"{gate.good} of {text.count(gate.count, 'answer')} good"),
            answers=tuple(
                (request.at, request.answer, text.duration(request.seconds), request.good)
                for request in reversed(gate.requests)
            ),
            earlier=gate.count - len(gate.requests),
        )
