"""`sealane status` without a server: the formations' ledgers, and their health now."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from sealane import clock
from sealane.cli import output
from sealane.cli.local import local_health
from sealane.cli.local.local_formation import Project
from sealane.cli.local.local_health import Seen
from sealane.cli.remote import client
from sealane.cli.screens import rollout_messages
from sealane.deployments import messages
from sealane.deployments.ledger_history import LedgerRecord
from sealane.environments.model import DestinationConfig
from sealane.verdicts.health import FormationHealth
from sealane.verdicts.model import VerdictKind

_HEADERS = ("FORMATION", "#", "STATE", "HEALTH", "REVISION", "SINCE", "BY", "NOTE")


async def tell(places: Sequence[tuple[Project, DestinationConfig]], *, whole: bool, watch: bool, as_json: bool) -> None:
    """Shows the newest deployment of each, or the history of one; then each change, without end.

    Raises the error of a destination that could not be asked, after all others were.
    """
    seen = await asyncio.gather(*(local_health.look(*place) for place in places))
    rows = [
        row for (project, _), health in zip(places, seen, strict=True) for row in _rows(project, health, whole=whole)
    ]
    if as_json:
        output.json(rows)
    elif rows:
        output.table(_HEADERS, [_row(row) for row in rows])
    else:
        output.say("nothing was deployed from a command line yet: `sealane deploy FORMATION`")
    if watch:
        await asyncio.gather(
            *(_Lines(place, health, as_json).go_on() for place, health in zip(places, seen, strict=True))
        )
    for health in seen:
        if health.error:
            raise health.error


class _Lines:
    """The changes of one formation, a line each."""

    def __init__(self, place: tuple[Project, DestinationConfig], seen: Seen, as_json: bool) -> None:
        self._place = place
        self._seen = seen
        self._as_json = as_json

    async def go_on(self) -> None:
        await local_health.watch(*self._place, self._tell)

    async def _tell(self, seen: Seen) -> bool:
        before, self._seen = self._seen, seen
        name, last, health = _name(self._place[0]), seen.history.last, seen.health
        if last and last != before.history.last:
            why = last.verdict.reason if last.verdict else f"#{last.sequence}"
            self._say(name, _state(last), why, last.verdict.at if last.verdict else last.started)
        if health and (before.health is None or _shown(before.health) != _shown(health)):
            self._say(name, health.state.value, health.cause, clock.now())
        return True

    def _say(self, name: str, state: str, why: str, at: datetime) -> None:
        if self._as_json:
            line = {"formation": name, "state": state, "cause": why, "at": at}
            output.data(msgspec.json.encode(line).decode())
        else:
            output.data(f"{at.astimezone():%H:%M:%S}  {name}  {client.pill(state)}  {why}".rstrip())


def _shown(health: FormationHealth) -> tuple[object, ...]:
    return health.state, health.object, health.reason


def _name(project: Project) -> str:
    return f"{project.app}/{project.sources.formation.name}"


def _rows(project: Project, seen: Seen, *, whole: bool) -> Iterable[dict[str, Any]]:
    """The deployments, newest first; for a destination that could not be asked, only that."""
    there = seen.history.there
    rows = [_one(record, _name(project), seen, is_there=record is there) for record in reversed(seen.history.records)]
    if not rows:
        return [{"formation": _name(project), "health": seen.health}] if seen.error else []
    return rows if whole else [{**rows[0], "health": seen.health}]


def _state(record: LedgerRecord) -> str:
    return record.verdict.kind.value if record.verdict else "rolling_out"


def _one(record: LedgerRecord, name: str, seen: Seen, *, is_there: bool) -> dict[str, Any]:
    return {
        "formation": name,
        "sequence": record.sequence,
        "state": _state(record),
        "there": is_there,
        "health": seen.health if is_there else None,
        "revision": record.revision,
        "can_go_back": record.revision in seen.history.revisions,
        "since": record.verdict.at if record.verdict else record.started,
        "by": record.by,
        "reason": record.verdict.reason if record.verdict else None,
        "rollback": record.is_rollback,
        "images": dict(record.images),
        "note": record.note,
        "way_back": record.way_back,
    }


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    health: FormationHealth | None = row["health"]
    fares = client.pill(health.state.value) if health else "-"
    notes = (
        [f"{health.state.value} for {_ago(health.since)}: {health.cause.rstrip('.')}"]
        if health and health.cause
        else []
    )
    if "state" not in row:
        return (row["formation"], "", "", fares, "", "", "", "; ".join(notes))
    colour = rollout_messages.COLOURS.get(VerdictKind(row["state"])) if row["state"] != "rolling_out" else "blue"
    notes += ["there now"] if row["there"] else []
    notes += ["a rollback"] if row["rollback"] else []
    notes += [row["note"]] if row["note"] else []
    notes += [row["way_back"]] if row["way_back"] and row["there"] else []
    return (
        row["formation"],
        str(row["sequence"]),
        output.style(row["state"].replace("_", " "), colour or "bold"),
        fares,
        messages.short(row["revision"]),
        _ago(row["since"]),
        row["by"],
        "; ".join(notes),
    )


def _ago(at: datetime) -> str:
    return rollout_messages.ago(clock.now() - at)
