"""`sealane notices …`: who was told of what, what can't be sent, and trying a target."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sealane.cli import headings, output
from sealane.cli.remote import connection
from sealane.errors import Refused


def list_notices(
    unsent: Annotated[bool, typer.Option("--unsent", help="Only notices that can't be sent.")] = False,
    as_json: output.Json = False,
) -> None:
    """List notices: what can't be sent first, then the newest."""
    notices = connection.server().get("/api/notices", unsent=unsent)
    if as_json:
        output.json(notices)
    elif notices:
        output.table(("STATE", "TARGET", "NOTICE", "AT", "NOTE"), [_row(notice) for notice in notices])
    else:
        output.say("everything was sent" if unsent else "nobody was told of anything yet")


def try_targets(
    targets: Annotated[
        list[str] | None, typer.Argument(help="Targets of notices.yaml; all of them when left out.", metavar="TARGET")
    ] = None,
) -> None:
    """Tell targets that they can be told, and say which can't be."""
    server = connection.server()
    failed = []
    for name in targets or server.get("/api/notices/targets"):
        tried = server.post("/api/notices/test", {"target": name})
        if tried["problem"] is None:
            output.say(f"{name} was told")
            continue
        failed.append(name)
        hint = f" ({tried['hint']})" if tried["hint"] else ""
        output.say(f"{name} was not told: {tried['problem']}{hint}", "red")
    if failed:
        raise Refused(f"not told: {', '.join(failed)}", hint="notices.yaml says where they are")


def _row(notice: dict[str, Any]) -> tuple[str, ...]:
    failing = notice["state"] == "unsent" and notice["since"]
    state = "can't be sent" if failing else notice["state"].replace("_", " ")
    note = f"tried {notice['tries']} x: {notice['reason']}" if notice["reason"] else notice["kind"]
    return state, notice["target"], notice["title"], notice["updated"][:19].replace("T", " "), note


def add_to(app: typer.Typer) -> None:
    """Adds `notices` and its commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="List notices, and test their targets.")
    group.command("list", epilog=output.examples("sealane notices list", "sealane notices list --unsent"))(list_notices)
    group.command("test", epilog=output.examples("sealane notices test", "sealane notices test team-mail"))(try_targets)
    app.add_typer(group, name="notices", rich_help_panel=headings.SERVER)
