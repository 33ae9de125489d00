"""What commands do when a server is asked: they name `app/formation`, send the wish and tell how it goes."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

import typer

from sealane.cli import connecting, output
from sealane.errors import UsageError

_TONES = {
    "deployed": "green",
    "passed": "green",
    "rolled_back": "red",
    "rollback_failed": "red",
    "failed": "red",
    "broken": "red",
    "superseded": "dim",
    "cancelled": "dim",
    "waiting": "yellow",
    "queued": "yellow",
    "rolling_out": "blue",
    "running": "blue",
}
_NOT_THERE = {"rolled_back", "rollback_failed", "failed"}
_LOOK_EVERY = 0.5


def place(what: str) -> tuple[str, str]:
    """`app/formation` in its two parts. Raises UsageError for anything else."""
    app, slash, formation = what.partition("/")
    if not (app and slash and formation) or "/" in formation:
        raise UsageError(
            f"{what} does not name an app's formation", mend="write it as app/formation, such as shop/production"
        )
    return app, formation


def deploy(app: str, formation: str, given: dict[str, Any], *, wait: bool, as_json: bool) -> None:
    """Deploys a release, the newest by default; `given` is what else is said: a yes, a reason to break the glass."""
    body = {key: value for key, value in given.items() if value}
    made = connecting.server().post(f"/api/formations/{app}/{formation}/deploy", body)
    _told(made, wait=wait, as_json=as_json)


def rollback(app: str, formation: str, *, to: str | None, wait: bool, as_json: bool) -> None:
    """Goes back to a verified revision, the last one by default."""
    body = {"to": to} if to else {}
    made = connecting.server().post(f"/api/formations/{app}/{formation}/rollback", body)
    _told(made, wait=wait, as_json=as_json)


def drift(app: str, formation: str) -> dict[str, Any]:
    """What is not as it was deployed."""
    found: dict[str, Any] = connecting.server().get(f"/api/formations/{app}/{formation}/drift")
    return found


def lift_hold(app: str, formation: str) -> None:
    """Lets out again what a failure or a rollback holds up."""
    body = {"reason": "lifted from the command line"}
    connecting.server().post(f"/api/formations/{app}/{formation}/lift-hold", body)
    output.say(f"nothing is held back from {app}/{formation} any more")


def scale(app: str, formation: str, workload: str, replicas: int, *, wait: bool, as_json: bool) -> None:
    """Deploys what is there with another number of instances."""
    body = {"workload": workload, "replicas": replicas}
    made = connecting.server().post(f"/api/formations/{app}/{formation}/scale", body)
    _told(made, wait=wait, as_json=as_json)


def why(what: str, *, as_json: bool) -> None:
    """Why something failed or does not move."""
    found = connecting.server().get(f"/api/why/{what}")
    if as_json:
        output.json(found)
        return
    output.data(found["sentence"])
    for finding in found["findings"]:
        output.data(f"  {finding}")
    deliveries(found["deliveries"])
    for condition in found["waiting"]:
        ends = " · ".join(str(condition[part]) for part in ("who", "when") if condition.get(part))
        output.data(f"  {condition['what']}{f' ({ends})' if ends else ''}")


def deliveries(found: list[dict[str, Any]]) -> None:
    """What became of a run's deliveries, a line each, and where more is told of those that are not simply there."""
    for each in found:
        state = str(each["state"])
        pill = output.style(state.replace("_", " "), _TONES.get(state, "bold"))
        more = "" if state == "deployed" else f" (sealane why {each['deployment']})"
        output.data(f"  {each['formation']}  {pill}  {each['sentence']}{more}")


def status(what: str | None, *, as_json: bool) -> None:
    """What is where: every formation, one app's, or one formation."""
    found = connecting.server().get("/api/formations")
    if what:
        app, _, formation = what.partition("/")
        found = [row for row in found if row["app"] == app and formation in {"", row["formation"]}]
    if as_json:
        output.json(found)
        return
    if not found:
        output.say(f"nothing of {what} is delivered" if what else "nothing is delivered yet: a push starts a run")
        _newest_run(what)
        return
    output.table(("APP", "FORMATION", "STATE", "VERSION", "SINCE", "OWNER", "NOTE"), [_row(row) for row in found])


def _newest_run(what: str | None) -> None:
    """Says what became of the newest run, which delivered nothing."""
    query = {"app": what.partition("/")[0]} if what else {}
    for run in connecting.server().get("/api/runs", limit=1, **query):
        output.say(str(connecting.server().get(f"/api/why/{run['id']}")["sentence"]))


def follow(deployment: str) -> dict[str, Any]:
    """Tells how a deployment goes until it has ended; gives it as it ended."""
    server = connecting.server()
    told = 0
    said = ""
    while True:
        view = server.get(f"/api/deployments/{deployment}")
        for entry in view["timeline"][told:]:
            output.say(f"{entry['at'][11:19]}  {entry['text']}")
        told = len(view["timeline"])
        found: dict[str, Any] = view["deployment"]
        if found["verdict"]:
            return found
        waits = found["waiting_for"] or _waits(server.get(f"/api/why/{deployment}"))
        if waits and waits != said:
            output.say(f"          waits for {waits}", "dim")
            said = waits
        time.sleep(_LOOK_EVERY)


def _waits(why: dict[str, Any]) -> str:
    return "; ".join(f"{each['what']} ({each['when']})" if each["when"] else each["what"] for each in why["waiting"])


def ended(found: dict[str, Any]) -> None:
    """Says the verdict, the cause first, and ends with 1 unless it was deployed."""
    verdict = found["verdict"]
    kind = str(verdict["kind"])
    output.data(f"{output.style(kind.replace('_', ' '), 'bold', _TONES.get(kind, 'bold'))}  {verdict['reason']}")
    if kind != "deployed":
        raise typer.Exit(1)


def ago(at: str) -> str:
    """How long ago a moment was, for people."""
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"


def _told(made: dict[str, Any], *, wait: bool, as_json: bool) -> None:
    if wait:
        output.say(f"deployment {made['id']} of {made['app']} to {made['formation']}")
        made = follow(str(made["id"]))
    if as_json:
        output.json(made)
        if made["verdict"] and made["verdict"]["kind"] != "deployed":
            raise typer.Exit(1)
    elif wait:
        ended(made)
    else:
        output.data(str(made["id"]))
        output.say(f"asked for; how it goes: sealane why {made['id']}")


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    shown = row["running"] or row["last"] or row["current"] or next(iter(row["waiting"]), None)
    if shown is None:
        return (row["app"], row["formation"], "not here", "", "", row["owner"], "")
    state = str(shown["verdict"]["kind"] if shown["verdict"] else shown["state"])
    since = shown["ended"] or shown["started"] or shown["created"]
    release = row["release"] or {}
    version = str(release.get("commit", ""))[:7] or str(shown["revision_id"]).removeprefix("sha256:")[:7]
    bad = shown["verdict"] and state in _NOT_THERE
    notes = [row["hold"]["reason"] if row["hold"] else shown["verdict"]["reason"]] if row["hold"] or bad else []
    notes += [f"{len(row['waiting'])} waiting"] if row["waiting"] else []
    notes += [row["current"]["way_back"]] if row["current"] and row["current"]["way_back"] else []
    pill = output.style(state.replace("_", " "), _TONES.get(state, "bold"))
    return (row["app"], row["formation"], pill, version, ago(since), row["owner"], "; ".join(notes))
