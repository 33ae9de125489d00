"""`sealane access …`: who may do what with an app, and why."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sealane.cli import headings, options, output
from sealane.cli.remote import connection

_VERBS = ("read", "deploy", "approve", "administer")
Where = Annotated[
    str,
    typer.Argument(
        help="The app, or the app and one of its environments.",
        metavar="APP[/ENVIRONMENT]",
        autocompletion=options.served_apps,
    ),
]


def explain(
    user: Annotated[str, typer.Argument(help="Whose rights.", metavar="USER")],
    where: Where,
    as_json: output.Json = False,
) -> None:
    """Say what somebody may do with an app, and what gives it."""
    access = _asked(where, user)
    if as_json:
        output.json(access)
        return
    output.table(("MAY", "WHERE", "BECAUSE"), [row for verb in _VERBS for row in _rows(access, verb)])


def who(where: Where, as_json: output.Json = False) -> None:
    """Say who may do what with an app, and what gives it."""
    access = _asked(where, None)
    if as_json:
        output.json(access)
        return
    rows = [
        (verb, right["user"], _where(right["environments"]), right["because"])
        for verb in _VERBS
        for right in access["rights"]
        if right["permission"] == verb
    ]
    output.table(("MAY", "USER", "WHERE", "BECAUSE"), rows)


def _asked(where: str, user: str | None) -> dict[str, Any]:
    app, _, environment = where.partition("/")
    asked = {"user": user, "environment": environment or None}
    return dict(connection.server().get(f"/api/apps/{app}/access", **asked))


def _rows(access: dict[str, Any], verb: str) -> list[tuple[str, str, str]]:
    given = [right for right in access["rights"] if right["permission"] == verb]
    if not given:
        return [(verb, "nowhere", f"no grant gives it: sealane access who {access['app']}")]
    return [(verb, _where(right["environments"]), right["because"]) for right in given]


def _where(environments: list[str] | None) -> str:
    return "everywhere" if environments is None else ", ".join(environments) or "nowhere"


def add_to(app: typer.Typer) -> None:
    """Adds `access` and its commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Say who may do what with an app, and why.")
    group.command("explain", epilog=output.examples("sealane access explain kim shop/production"))(explain)
    group.command("who", epilog=output.examples("sealane access who shop/production", "sealane access who shop"))(who)
    app.add_typer(group, name="access", rich_help_panel=headings.SERVER)
