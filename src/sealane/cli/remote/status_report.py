"""`sealane status` with a server: what runs where, and a formation's history with the numbers for `--to`."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sealane import typed_data
from sealane.cli import output
from sealane.cli.remote import app_report, client, connection, names
from sealane.errors import Unavailable
from sealane.records.drift import DriftSeen

if TYPE_CHECKING:
    from sealane.clients.server import Server

LOOK_EVERY = 0.5
"""Seconds between two requests of `watch`."""
_EVENTS = 200
_LATEST = 2**62
"""A cursor after all events."""
_HISTORY = 20
"""Deployments of a formation that are shown."""


def status(subject: str | None, *, as_json: bool) -> None:
    """What runs where: every formation, one app's, or one formation with its history. Raises NotThere for unknown names."""
    server = connection.server()
    if subject is None:
        rows = server.get("/api/formations")
        _table(rows, as_json=as_json)
        if as_json:
            return
        observed = server.get("/api/observed")
        if observed:
            headers = ("OBSERVED", "FORMATION", "HEALTH", "VERSION", "OWNER", "NOTE")
            output.table(headers, [_observed(place) for place in observed])
        if not rows and not observed:
            output.say("nothing is delivered yet")
            _newest_run(None)
        return
    app, slash, formation = subject.partition("/")
    if slash:
        _formation(server, names.place(server, app, formation), as_json=as_json)
        return
    view = server.get(f"/api/apps/{app}/status")
    if as_json:
        output.json(view)
        return
    app_report.about(view)
    _table([formation["row"] for formation in view["formations"]], as_json=False)
    if view["formations"]:
        app_report.trees(view)
        app_report.last(view)
    else:
        output.say(f"nothing of {app} is delivered")
        _newest_run(app)


def watch(subject: str | None, *, as_json: bool) -> None:
    """Shows changes without end: health, deployments that begin and end, drift."""
    app, _, formation = (subject or "").partition("/")
    server = connection.server()
    asked = {"app": app or None, "formation": formation or None, "limit": _EVENTS}
    cursor = server.get("/api/events", after=_LATEST, **asked)["cursor"]
    while True:
        time.sleep(LOOK_EVERY)
        try:
            page = server.get("/api/events", after=cursor, **asked)
        except Unavailable:  # events of the meantime are shown when it answers again
            continue
        cursor = page["cursor"]
        for event in page["events"]:
            if line := _told(event):
                output.data(json.dumps(event) if as_json else line)


def _told(event: dict[str, Any]) -> str:
    """The event as a line; empty for events that don't concern health, deployments or drift."""
    data, (topic, _, word) = event["data"], event["kind"].partition(".")
    if topic == "health":
        state, why = str(data["state"]), data.get("cause", "")
    elif topic == "deployment" and word in {"started", "ended"}:
        state, why = str(data.get("verdict") or "rolling_out"), data.get("reason") or f"#{data['number']}"
    elif topic == "drift":
        by = f" by {', '.join(data['by'])}" if data.get("by") else ""
        state, why = "drift", f"{word}{by}"
    else:
        return ""
    at = datetime.fromisoformat(event["at"]).astimezone()
    return f"{at:%H:%M:%S}  {event['app']}/{event['formation']}  {client.pill(state)}  {why}".rstrip()


def _table(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        output.json(rows)
    elif rows:
        output.table(
            ("APP", "FORMATION", "STATE", "HEALTH", "VERSION", "SINCE", "OWNER", "NOTE"), [_row(row) for row in rows]
        )


def _observed(row: dict[str, Any]) -> tuple[str, ...]:
    health = row["health"] or {}
    state = client.pill(health["state"]) if health else "-"
    return (row["app"], row["formation"], state, row["version"] or "-", row["owner"], health.get("cause", ""))


def _formation(server: Server, row: dict[str, Any], *, as_json: bool) -> None:
    history = server.get("/api/deployments", app=row["app"], formation=row["formation"], limit=_HISTORY)
    if as_json:
        output.json({**row, "history": history})
        return
    there = row["current"]["id"] if row["current"] else None
    headers = ("#", "STATE", "REVISION", "SINCE", "BY", "DEPLOYMENT", "NOTE")
    output.table(headers, [_past(deployment, is_there=deployment["id"] == there) for deployment in history])
    if row["hold"]:
        output.say(f"held: {row['hold']['reason']}", "yellow")
        output.say(f"  sealane rollback {row['app']}/{row['formation']} --lift-hold", "dim")


def _past(deployment: dict[str, Any], *, is_there: bool) -> tuple[str, ...]:
    state = str(deployment["verdict"]["kind"] if deployment["verdict"] else deployment["state"])
    notes = ["there now"] if is_there else []
    notes += [
        {"rollback": "a rollback", "scale": "scaled", "restart": "restarted", "manual": "by hand"}.get(
            deployment["kind"], ""
        )
    ]
    notes += [deployment["note"] or "", (deployment["way_back"] or "") if is_there else ""]
    return (
        str(deployment["sequence"]),
        client.pill(state),
        client.short(deployment["revision_id"]),
        client.ago(deployment["ended"] or deployment["started"] or deployment["created"]),
        deployment["requested_by"] or "its run",
        deployment["id"],
        "; ".join(filter(None, notes)),
    )


def _newest_run(app: str | None) -> None:
    """Reports the result of the newest run if it delivered nothing."""
    runs = connection.server().get("/api/runs", limit=1, app=app)
    for run in runs:
        output.say(str(connection.server().get(f"/api/why/{run['id']}")["sentence"]))
    if not runs:
        output.say("a push starts a run", "dim")


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    shown = row["running"] or row["last"] or row["current"] or next(iter(row["waiting"]), None)
    if shown is None:
        return (row["app"], row["formation"], "not here", "", "", "", row["owner"], "")
    state = str(shown["verdict"]["kind"] if shown["verdict"] else shown["state"])
    since = shown["ended"] or shown["started"] or shown["created"]
    release = row["release"] or {}
    version = str(release.get("commit", ""))[:7] or client.short(shown["revision_id"])
    bad = shown["verdict"] and state in client.NOT_THERE
    notes = [shown["verdict"]["reason"]] if bad and not row["hold"] else []
    if row["hold"]:
        label = f"{row['app']}/{row['formation']}"
        notes.append(f"held: {row['hold']['reason'].rstrip('.')} (sealane rollback {label} --lift-hold)")
    notes += [f"{len(row['waiting'])} waiting"] if row["waiting"] else []
    notes += [row["current"]["way_back"]] if row["current"] and row["current"]["way_back"] else []
    if (health_row := row["health"]) and health_row["cause"]:
        notes.insert(
            0, f"{health_row['state']} for {client.ago(health_row['since'])}: {health_row['cause'].rstrip('.')}"
        )
    notes += [typed_data.convert(row["drift"], DriftSeen).words] if row["drift"] else []
    health = client.health(health_row)
    cells = (row["app"], row["formation"], client.pill(state), health, version, client.ago(since), row["owner"])
    return (*cells, "; ".join(filter(None, notes)))
