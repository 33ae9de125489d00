"""Events about changes of a formation's health: the same for Sealane's deployments and for those of others."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sealane import typed_data
from sealane.outbox.model import Kind
from sealane.store import rows
from sealane.verdicts.health import BAD, FormationHealth, HealthState


def health_of(row: rows.Row) -> FormationHealth | None:
    """What the row keeps of it."""
    return typed_data.convert(row["health"], FormationHealth) if row["health"] is not None else None


def change(before: FormationHealth | None, current: FormationHealth, *, anew: bool) -> Kind | None:
    """The event of a change, if any: numbers of restarts and of ready instances are shown only on the page.

    What was never seen to exist can't degrade.
    """
    if current.state in BAD and current.bad_since and (before is None or before.bad_since is None):
        return Kind.HEALTH_DEGRADED
    if current.state is HealthState.HEALTHY and before and before.bad_since:
        return Kind.HEALTH_RECOVERED
    if anew or before is None or before.state is not current.state:
        return Kind.HEALTH_CHANGED
    same = (before.object, before.reason) == (current.object, current.reason)
    return None if same else Kind.HEALTH_CHANGED


def data(before: FormationHealth | None, current: FormationHealth, at: datetime) -> dict[str, Any]:
    """The data of the event."""
    bad_since = current.bad_since or (before.bad_since if before else None)
    facts = {
        "state": current.state.value,
        "before": before.state.value if before else None,
        "since": current.since.isoformat(),
        "cause": current.cause,
        "object": current.object,
        "workload": current.workload,
        "container": current.container,
        "reason": current.reason.value if current.reason else None,
        "bad_since": bad_since.isoformat() if bad_since else None,
        "seconds": round((at - bad_since).total_seconds(), 3) if bad_since and current.bad_since is None else None,
    }
    return {name: value for name, value in facts.items() if value not in {None, ""}}
