"""`sealane token …`: which tokens work, and revoking one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import typer

from sealane.cli import headings, options, output
from sealane.cli.remote import connection
from sealane.errors import UsageError


def list_tokens(
    user: Annotated[str | None, typer.Option(help="The tokens of this user; for administrators.")] = None,
    app: Annotated[
        str | None, typer.Option(help="The push tokens of this app.", autocompletion=options.served_apps)
    ] = None,
    as_json: output.Json = False,
) -> None:
    """List tokens that work: your own, a user's, or an app's."""
    if user and app:
        raise UsageError("a token is a user's or an app's", hint="give --user or --app")
    path = f"/api/users/{user}/tokens" if user else f"/api/apps/{app}/tokens" if app else "/api/tokens"
    tokens = connection.server().get(path)
    if as_json:
        output.json(tokens)
        return
    now = datetime.now(UTC)
    titles = ("ID", "NAME", "CREATED", "LAST USED", "EXPIRES", "MADE WITH")
    output.table(titles, [_row(token, now) for token in tokens])


def revoke(
    token_id: Annotated[str, typer.Argument(help="Its id, as `sealane token list` shows it.", metavar="ID")],
    also: Annotated[
        Literal["own", "nothing", "everything"],
        typer.Option(help="Which tokens made with it end, too: those of its user, none, or, for administrators, all."),
    ] = "own",
) -> None:
    """Make a token void at once, with its user's tokens that were made with it, and their sessions."""
    wanted = token_id.split("_")[1] if token_id.startswith("sln_") else token_id
    ended = connection.server().delete(f"/api/tokens/{wanted}", also=also)["ended"]
    more = f", and so are those made with it: {', '.join(ended[1:])}" if len(ended) > 1 else ""
    output.say(f"the token {wanted} is void{more}")


def _row(token: dict[str, Any], now: datetime) -> tuple[str, ...]:
    expires = token["expires"]
    over = expires is not None and datetime.fromisoformat(expires) <= now
    name = f"{token['name']} (pushes only)" if token["kind"] == "push" and token["user"] else token["name"]
    ends = f"expired {expires[:10]}" if over else expires[:10] if expires else "never"
    return token["id"], name, token["created"][:10], _day(token["used"]), ends, token["made_with"] or ""


def _day(at: str | None) -> str:
    return at[:10] if at else "never"


def add_to(app: typer.Typer) -> None:
    """Adds `token` and its commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="See and revoke tokens.")
    group.command("list", epilog=output.examples("sealane token list", "sealane token list --app shop"))(list_tokens)
    group.command("revoke", epilog=output.examples("sealane token revoke k3m9xw2abc"))(revoke)
    app.add_typer(group, name="token", rich_help_panel=headings.SERVER)
