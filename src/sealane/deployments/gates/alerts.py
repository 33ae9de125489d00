"""Gates that count alerts."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from sealane.configfiles.fields import WHOLE, Duration, File, Maybe
from sealane.deployments.gates import samples
from sealane.deployments.gates.context import GateContext
from sealane.deployments.gates.model import GateJudgement, GateResult, GateSubject, Outcome
from sealane.deployments.gates.port import GateKind
from sealane.formations import gates
from sealane.formations.gate_files import Text
from sealane.formations.gate_reading import span
from sealane.formations.gates import Alerts, Gate

POLL = 1.0
"""Seconds between two looks at the alerts that came in."""


class AlertsFile(File):
    """Alerts that Alertmanager, Datadog, Grafana and the like send to the server about this formation."""

    max: Annotated[int, Field(ge=0, le=10_000), WHOLE] = 0
    """How many alerts may come in."""
    duration: Maybe[Duration] = None
    """How long to wait for alerts, from the deployment's start; when left out, those that have come by then count."""
    matching: Maybe[Annotated[dict[Text, Text], Field(max_length=50)]] = None
    """Labels that an alert must have to count: {severity: critical}."""


def _read(name: str, written: AlertsFile, wait: timedelta) -> Gate:
    check = Alerts(max=written.max, duration=span(written.duration, timedelta()), matching=written.matching or {})
    return gates.alerts(name, check, wait=wait)


async def _check(gate: Gate, check: Alerts, subject: GateSubject, context: GateContext) -> GateResult:
    if context.alerts is None:
        message = "no server receives alerts here; deploy by a server, or leave the gate out"
        return GateJudgement(outcome=Outcome.INCONCLUSIVE, message=message).of(gate.name)
    until = subject.since + check.duration
    while True:
        ended = context.now() >= until
        judged = samples.alerts(check, await context.alerts(check, subject.since), ended=ended)
        if judged.outcome:
            return judged.of(gate.name)
        await context.sleep(min(POLL, max(0.0, (until - context.now()).total_seconds())))


ADAPTER = GateKind(
    file=AlertsFile, doc="Which alerts, and how many may come in.", read=_read, model=Alerts, check=_check
)
