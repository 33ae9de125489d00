"""Names that people use on a server: a run, a deployment, app/formation, an app, or the checked-out commit."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sealane.cli.remote import connection
from sealane.errors import NotThere, UsageError
from sealane.findings import did_you_mean

if TYPE_CHECKING:
    from sealane.clients.server import Server

_COMMIT = re.compile(r"[0-9a-f]{7,40}")
_NEWEST = 200
"""Runs of a commit that are searched for those of other apps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Named:
    """A run or a deployment."""

    id: str
    is_run: bool


def resolve(subject: str) -> Named:
    """Returns a run's or deployment's id unchanged; finds the relevant deployment of app/formation, or run of an app.

    Raises NotThere.
    """
    if subject.startswith(("r-", "d-")):
        return Named(id=subject, is_run=subject.startswith("r-"))
    server = connection.server()
    app, slash, formation = subject.partition("/")
    if slash:
        return Named(id=_deployment(server, app, formation), is_run=False)
    if _COMMIT.fullmatch(subject) and (run := of_commit(server, subject, app=None)):
        return Named(id=run, is_run=True)
    return Named(id=newest_run(server, app), is_run=True)


def newest_run(server: Server, app: str) -> str:
    """The id of an app's newest run. Raises NotThere, with a similar name if there is no such app."""
    if runs := server.get("/api/runs", app=app, limit=1):
        return str(runs[0]["id"])
    check_app(server, app)
    raise NotThere(f"nothing of {app} has run yet", hint="a push starts a run")


def check_app(server: Server, app: str) -> None:
    """Asks the server about a name that no list has. Raises NotThere, with the name that was probably meant."""
    server.get(f"/api/apps/{app}")


def of_commit(server: Server, commit: str, *, app: str | None) -> str | None:
    """The newest run of a commit. Raises UsageError when several apps have one and none is named."""
    runs: dict[str, str] = {}
    for run in server.get("/api/runs", app=app, commit=commit, limit=_NEWEST):
        runs.setdefault(run["app"], run["id"])
    if len(runs) > 1:
        raise UsageError(
            f"commit {commit[:7]} has runs of {len(runs)} apps: {', '.join(sorted(runs))}",
            hint="name one: --app NAME",
        )
    return next(iter(runs.values()), None)


def head(folder: Path) -> str:
    """The checked-out commit of a folder. Raises UsageError if there is none."""
    import asyncio

    from sealane.clients import git

    try:
        return asyncio.run(git.run("-C", str(folder), "rev-parse", "--verify", "HEAD")).decode().strip()
    except UsageError as error:
        hint = "name what to watch: a run, a deployment, app/formation or an app"
        raise UsageError(f"{folder.resolve()} has no commit checked out", hint=hint) from error


def place(server: Server, app: str, formation: str) -> dict[str, Any]:
    """The formation's row in the overview. Raises NotThere, with the name that was probably meant."""
    mine: list[dict[str, Any]] = [row for row in server.get("/api/formations") if row["app"] == app]
    row = next((row for row in mine if row["formation"] == formation), None)
    if row is None:
        check_app(server, app)
        known = [str(row["formation"]) for row in mine]
        hint = did_you_mean(formation, known) if known else "nothing of it is delivered yet"
        raise NotThere(f"{app} has no formation {formation}", hint=hint)
    return row


def _deployment(server: Server, app: str, formation: str) -> str:
    """The deployment that rolls out there, else one that waits, else the last one."""
    row = place(server, app, formation)
    deployment = row["running"] or next(reversed(row["waiting"]), None) or row["last"]
    if deployment is None:
        raise NotThere(f"nothing was ever started on {app}/{formation}")
    return str(deployment["id"])
