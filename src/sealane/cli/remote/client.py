"""Commands with a server: they name `app/formation`, send the request and report its progress."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import typer

from sealane.cli import output
from sealane.cli.remote import connection
from sealane.errors import UsageError

_TONES = {
    "deployed": "green",
    "passed": "green",
    "rolled_back": "red",
    "rollback_failed": "red",
    "failed": "red",
    "broken": "red",
    "superseded": "dim",
    "unproven": "yellow",
    "cancelled": "dim",
    "waiting": "yellow",
    "queued": "yellow",
    "rolling_out": "blue",
    "running": "blue",
    "healthy": "green",
    "progressing": "blue",
    "degraded": "red",
    "missing": "red",
    "suspended": "yellow",
    "unknown": "yellow",
}
NOT_THERE = {"rolled_back", "rollback_failed", "failed", "unproven"}


def place(subject: str) -> tuple[str, str]:
    """Splits `app/formation`. Raises UsageError for anything else."""
    app, slash, formation = subject.partition("/")
    if not (app and slash and formation) or "/" in formation:
        raise UsageError(
            f"{subject} does not name an app's formation", hint="write it as app/formation, such as shop/production"
        )
    return app, formation


def deploy(app: str, formation: str, given: dict[str, Any], *, wait: bool, as_json: bool) -> None:
    """Deploys a release, by default the newest; `given` are further options: a yes, a reason to break the glass."""
    body = {key: value for key, value in given.items() if value}
    made = connection.server().post(f"/api/formations/{app}/{formation}/deploy", body)
    _told(made, wait=wait, as_json=as_json)


def rollback(app: str, formation: str, *, to: str | None, wait: bool, as_json: bool) -> None:
    """Rolls back to a verified revision, by default the last one."""
    body = {"to": to} if to else {}
    made = connection.server().post(f"/api/formations/{app}/{formation}/rollback", body)
    _told(made, wait=wait, as_json=as_json)


def drift(app: str, formation: str) -> dict[str, Any]:
    """Shows what differs from what was deployed."""
    report: dict[str, Any] = connection.server().get(f"/api/formations/{app}/{formation}/drift")
    return report


def lift_hold(app: str, formation: str) -> None:
    """Lifts a hold that a failure or a rollback set."""
    body = {"reason": "lifted from the command line"}
    connection.server().post(f"/api/formations/{app}/{formation}/lift-hold", body)
    output.say(f"nothing is held back from {app}/{formation} any more")


def scale(app: str, formation: str, workload: str, replicas: int, *, wait: bool, as_json: bool) -> None:
    """Deploys the current revision with another number of instances."""
    body = {"workload": workload, "replicas": replicas}
    made = connection.server().post(f"/api/formations/{app}/{formation}/scale", body)
    _told(made, wait=wait, as_json=as_json)


def restart(app: str, formation: str, workload: str, *, wait: bool, as_json: bool) -> None:
    """Deploys the current revision so that all instances of a workload are replaced."""
    made = connection.server().post(f"/api/formations/{app}/{formation}/restart", {"workload": workload})
    _told(made, wait=wait, as_json=as_json)


def why(subject: str, *, as_json: bool) -> None:
    """Why something failed or does not move."""
    answer = connection.server().get(f"/api/why/{subject}")
    if as_json:
        output.json(answer)
    else:
        print_why(answer)


def print_why(answer: dict[str, Any]) -> None:
    """The answer to `why`: the result, then each delivery and everything that is waited for."""
    output.sentence(answer["sentence"])
    if note := answer["note"]:
        output.sentence(f"  {note}")
    if state := answer["health"]:
        output.sentence(
            f"  {health(state)} for {ago(state['since'])}{f': {cause}' if (cause := state['cause']) else ''}"
        )
    if until := answer["watched_until"]:
        when = datetime.fromisoformat(until)
        output.sentence(f"  watched until {when:%H:%M} UTC: should it degrade, it is rolled back automatically")
    for finding in answer["findings"]:
        output.sentence(f"  {finding}")
    from sealane.cli.remote import release_groups

    grouped = {part["deployment"] for group in answer["groups"] for part in release_groups.parts(group)}
    deliveries([delivery for delivery in answer["deliveries"] if delivery["deployment"] not in grouped])
    for group in answer["groups"]:
        release_groups.show(group)
    for condition in answer["waiting"]:
        ends = " · ".join(str(condition[part]) for part in ("who", "when") if condition.get(part))
        output.sentence(f"  {condition['what']}{f' ({ends})' if ends else ''}")
    if answer["hint"]:
        output.sentence(f"  to get it out: {answer['hint']}")
    from sealane.cli.screens import evidence_lines

    evidence_lines.step_log(answer["log"])
    evidence_lines.evidence(answer["report"], answer["second_report"])
    if answer["page"]:
        output.say(f"{connection.server().url}{answer['page']}", "dim")


def deliveries(answered: list[dict[str, Any]]) -> None:
    """The results of a run's deliveries: the state, a sentence, and the address with the details."""
    url = connection.server().url if answered else ""
    for delivery in answered:
        output.sentence(f"  {delivery['formation']}  {pill(str(delivery['state']))}  {delivery['sentence']}")
        if delivery["hint"]:
            output.sentence(f"    to get it out: {delivery['hint']}")
        output.data(output.style(f"    {url}{delivery['page']}", "dim"))


def follow(deployment: str, *, within: float | None = None) -> dict[str, Any]:
    """Follows a deployment until it has ended, for at most so many seconds; returns its final state."""
    from sealane.cli.remote import deployment_follow

    return deployment_follow.follow(deployment, within=within)


def ended(deployment: dict[str, Any]) -> None:
    """Prints the verdict, the cause first, then the evidence; exits with 1 unless it was deployed."""
    verdict = deployment["verdict"]
    kind = str(verdict["kind"])
    output.sentence(f"{pill(kind)}  {verdict['reason']}")
    if kind == "deployed":
        for remark in (deployment["note"], deployment["way_back"]):
            if remark:
                output.say(remark, "yellow")
        return
    from sealane.cli.screens import evidence_lines

    server = connection.server()
    if (verdict["cause"] or {}).get("log"):
        output.sentence(f"  Its log says “{verdict['cause']['log']}”.")
    why = server.get(f"/api/why/{deployment['id']}")
    evidence_lines.evidence(why["report"], why["second_report"])
    if why["hint"]:
        output.say(f"to get it out: {why['hint']}")
    output.say(f"{server.url}/deployments/{deployment['id']}", "dim")
    raise typer.Exit(1)


def pill(state: str) -> str:
    """A state for people, in its colour."""
    return output.style(state.replace("_", " "), _TONES.get(state, "bold"))


def health(state: dict[str, Any] | None) -> str:
    """A formation's health for people; a dash if it isn't watched, or during a deployment."""
    return pill(str(state["state"])) if state else "-"


def short(revision: str) -> str:
    """The short form of a revision's id: its first hexadecimal digits."""
    return revision.removeprefix("sha256:")[:7]


def ago(at: str) -> str:
    """How long ago a moment was, for people."""
    seconds = int((datetime.now(UTC) - datetime.fromisoformat(at)).total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{max(seconds, 0)} s"


def _told(made: dict[str, Any], *, wait: bool, as_json: bool) -> None:
    if wait:
        output.say(f"deployment {made['id']}  {connection.server().url}/deployments/{made['id']}", "dim")
        made = follow(str(made["id"]))
    if as_json:
        output.json(made)
        if made["verdict"] and made["verdict"]["kind"] != "deployed":
            raise typer.Exit(1)
    elif wait:
        ended(made)
    else:
        output.data(str(made["id"]))
        output.say(f"asked for; `sealane watch {made['id']}` follows it")
