"""Runs a formation's health checks on live objects, and remembers since when one is ready."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from sealane import clock
from sealane.clients.kubernetes import resources
from sealane.destinations.kubernetes.converge import owned_objects
from sealane.formations import health_checks
from sealane.verdicts import model as verdicts

_HEALTH = {
    health_checks.State.READY: verdicts.Health.READY,
    health_checks.State.WAITING: verdicts.Health.CONVERGING,
    health_checks.State.FAILED: verdicts.Health.FAILED,
}


class CustomHealth:
    """The checks of one formation. A check has no times, so an object counts as ready from the first look that found it so."""

    def __init__(self, given: Sequence[health_checks.HealthCheck], *, now: clock.Clock) -> None:
        self._given = [health_checks.Compiled(check) for check in given]
        self._now = now
        self._ready: dict[str, datetime] = {}

    def about(self, group: str, kind: str) -> bool:
        """Whether there is a check for a kind."""
        return any(compiled.check.fits(group, kind) for compiled in self._given)

    def ask(self, live: resources.Custom) -> owned_objects.HealthAnswer | None:
        """The result of the check for the object's kind."""
        group = live.api_version.rpartition("/")[0]
        compiled = next((compiled for compiled in self._given if compiled.check.fits(group, live.kind)), None)
        if compiled is None:
            return None
        state, says = compiled.ask(_plain(live))
        uid = live.metadata.uid
        if state is health_checks.State.READY:
            self._ready.setdefault(uid, self._now())
        else:
            self._ready.pop(uid, None)
        return owned_objects.HealthAnswer(health=_HEALTH[state], message=says, since=self._ready.get(uid))


def _plain(live: resources.Custom) -> dict[str, Any]:
    """The object for expressions: missing parts are absent, rather than null."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(live))
    metadata = {key: value for key, value in plain["metadata"].items() if value or value == 0}
    return {key: value for key, value in {**plain, "metadata": metadata}.items() if value is not None}
