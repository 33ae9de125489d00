"""`sealane status`: what is where, and since when; with a server, or from the ledgers of this folder's formations."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sealane.cli import headings, options, output
from sealane.errors import NotThere, UsageError

if TYPE_CHECKING:
    from sealane.cli.local import local_formation
    from sealane.deployments.ledger_history import History, LedgerRecord
    from sealane.environments.model import DestinationConfig


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples("sealane status", "sealane status production", "sealane status shop/production")
    app.command("status", rich_help_panel=headings.ANYWHERE, epilog=more)(status)


def status(
    ctx: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(
            help="A formation of this folder, or an app or app/formation of the server.",
            show_default="everything",
            autocompletion=options.anything,
        ),
    ] = None,
    *,
    folder: options.Folder = Path(),
    config: options.Config = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    app: options.App = None,
    watch: Annotated[
        bool, typer.Option("--watch", "-w", help="Go on, and tell whatever changes; with a server.")
    ] = False,
    as_json: output.Json = False,
) -> None:
    """Show what is deployed where, and how it fares.

    Without a server it asks each destination of this folder's formations for what was deployed from command lines.
    """
    from sealane.cli.local import formation_location
    from sealane.cli.remote import connection

    adapters = options.tables(ctx)
    what = what and formation_location.meant(what, folder, adapters)
    here = formation_location.names(folder)
    local = what in here if what else not connection.known()
    if not local:
        from sealane.cli.remote import status_report

        with formation_location.or_served(what, folder) if what else nullcontext():
            status_report.status(what, as_json=as_json)
            if watch:
                status_report.watch(what, as_json=as_json)
        return
    if watch:
        raise UsageError("only a server watches what is there", hint="sealane login URL")
    import asyncio

    rows: list[dict[str, Any]] = []
    for name in (what,) if what else here:
        project = formation_location.formation(name, folder, adapters, app=app)
        _, where = formation_location.destination(project, config=config, kubeconfig=kubeconfig, context=context)
        history = asyncio.run(read(project, where))
        rows += _plain(project, history) if what else _plain(project, history)[:1]
    if as_json:
        output.json(rows)
    elif not here:
        hint = "`sealane init` writes one where there is a Dockerfile; `sealane login URL` lets a server answer"
        raise NotThere(f"no formation is in {folder.resolve()}, and no server is known", hint=hint)
    elif not rows:
        output.say("nothing was deployed from a command line yet: `sealane deploy FORMATION`")
    else:
        headers = ("FORMATION", "#", "STATE", "REVISION", "SINCE", "BY", "NOTE")
        output.table(headers, [_row(each) for each in rows])


async def read(project: local_formation.Project, where: DestinationConfig) -> History:
    """What the formation's ledger tells."""
    from sealane.cli.local import local_formation
    from sealane.deployments import ledger_history, moves

    place = project.sources.formation
    async with local_formation.destination(where, project.adapters) as destination:
        moved = await moves.ledger(destination, project.app, place.name, namespace=place.namespace)
        return ledger_history.read(moved.ledger)


def _plain(project: local_formation.Project, history: History) -> list[dict[str, Any]]:
    """The deployments, newest first."""
    name = f"{project.app}/{project.sources.formation.name}"
    there = history.there
    return [_one(record, name, history, is_there=record is there) for record in reversed(history.records)]


def _one(record: LedgerRecord, name: str, history: History, *, is_there: bool) -> dict[str, Any]:
    return {
        "formation": name,
        "sequence": record.sequence,
        "state": record.verdict.kind.value if record.verdict else "rolling_out",
        "there": is_there,
        "revision": record.revision,
        "can_go_back": record.revision in history.revisions,
        "since": record.verdict.at if record.verdict else record.started,
        "by": record.by,
        "reason": record.verdict.reason if record.verdict else None,
        "rollback": record.is_rollback,
        "images": dict(record.images),
        "note": record.note,
        "way_back": record.way_back,
    }


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    from sealane import clock
    from sealane.cli.screens import rollout_messages
    from sealane.deployments import messages
    from sealane.verdicts.model import VerdictKind

    colour = rollout_messages.COLOURS.get(VerdictKind(each["state"])) if each["state"] != "rolling_out" else "blue"
    notes = ["there now"] if each["there"] else []
    notes += ["a rollback"] if each["rollback"] else []
    notes += [each["note"]] if each["note"] else []
    notes += [each["way_back"]] if each["way_back"] and each["there"] else []
    return (
        each["formation"],
        str(each["sequence"]),
        output.style(each["state"].replace("_", " "), colour or "bold"),
        messages.short(each["revision"]),
        rollout_messages.ago(clock.now() - each["since"]),
        each["by"],
        "; ".join(notes),
    )
