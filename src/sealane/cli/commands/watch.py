"""`sealane watch`: a run with its deployments and approvals, or one deployment, followed to the end."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sealane.cli import headings, options, output

if TYPE_CHECKING:
    from sealane.cli.remote.names import Named
    from sealane.clients.server import Server

_SPAN = re.compile(r"([0-9]+(ms|s|m|h|d))+")
_APPEARS = 30.0
"""Seconds within which a run begins after its push: git hosts need a moment for their webhook."""


def watch(
    what: Annotated[
        str | None,
        typer.Argument(
            help="A run's or deployment's id, app/formation, an app (its newest run), or a commit.",
            show_default="the commit that is checked out here",
            autocompletion=options.served,
        ),
    ] = None,
    *,
    folder: options.Folder = Path(),
    app: Annotated[
        str | None,
        typer.Option(
            help="The app, where a commit has runs of several apps.",
            show_default=False,
            autocompletion=options.served_apps,
        ),
    ] = None,
    timeout: Annotated[
        str | None,
        typer.Option(help="Stop watching after this time, such as 10m; what is watched goes on.", show_default=False),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Follow a run, its deployments and what they wait for, to the end.

    Ends with 0 when all of it is deployed, or the run passed and delivers nothing; with 1 when the run failed or a
    deployment is not there: failed, rolled back, unproven, superseded, cancelled. Ctrl-C leaves it alone and ends with 130, the end
    of --timeout with 124.
    """
    from sealane.cli.remote import connection, names
    from sealane.configfiles import fields
    from sealane.errors import UsageError

    within = None
    if timeout is not None:
        within = fields.duration(timeout).total_seconds()
        if not _SPAN.fullmatch(timeout):
            raise UsageError(f"--timeout {timeout} is no length of time", hint="such as 90s, 10m or 1h")
    subject = names.resolve(what) if what else _checked_out(connection.server(), folder, app)
    follow(subject, as_json=as_json, within=within)


def follow(subject: Named, *, as_json: bool, within: float | None = None) -> None:
    """Follows a run or a deployment, for `within` seconds at most; ends with 1 unless all is as asked."""
    from sealane.cli.remote import client, run_follow

    if subject.is_run:
        run_follow.follow(subject.id, as_json=as_json, within=within)
        return
    deployment = client.follow(subject.id, within=within)
    if as_json:
        output.json(deployment)
        if deployment["verdict"]["kind"] != "deployed":
            raise typer.Exit(1)
    else:
        client.ended(deployment)


def _checked_out(server: Server, folder: Path, app: str | None) -> Named:
    """The run of the checked out commit; waits a moment for it. Raises NotThere."""
    from sealane.cli.remote import names
    from sealane.errors import NotThere

    commit = names.head(folder)
    ends = time.monotonic() + _APPEARS
    has_warned = False
    while (run := names.of_commit(server, commit, app=app)) is None:
        if time.monotonic() > ends:
            hint = "was it pushed? its app must be registered, and its git host must send webhooks"
            raise NotThere(f"{server.url} has no run of {commit[:7]}, which is checked out here", hint=hint)
        if not has_warned:
            output.say(f"waits for a run of {commit[:7]} to begin", "dim")
            has_warned = True
        time.sleep(1)
    return names.Named(id=run, is_run=True)


def add_to(app: typer.Typer) -> None:
    """Adds `watch`."""
    examples = output.examples(
        "git push && sealane watch", "sealane watch shop/production", "sealane watch r-12 --timeout 30m --json"
    )
    app.command("watch", rich_help_panel=headings.SERVER, epilog=examples)(watch)
