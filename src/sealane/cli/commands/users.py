"""`sealane user …`: who may do what on a server."""

from __future__ import annotations

from typing import Annotated

import typer

from sealane.cli import headings, output
from sealane.cli.remote import connection

Name = Annotated[str, typer.Argument(help="The user's name.")]
Groups = Annotated[
    list[str] | None,
    typer.Option(
        "--group", help="A group to be in: administrators, developers, approvers, or one the environments name."
    ),
]


def add(name: Name, group: Groups = None, as_json: output.Json = False) -> None:
    """Add a user; their token is shown once."""
    made = connection.server().post("/api/users", {"name": name, "groups": group or []})
    _token(made, as_json=as_json)


def token(
    name: Name,
    called: Annotated[
        str, typer.Option("--name", help="What it is for, such as the machine that uses it.")
    ] = "from the command line",
    expires: Annotated[
        str | None,
        typer.Option(help="How long it is valid: 90d, 12h, never. By default SEALANE_ACCESS__TOKEN_DAYS."),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Make another token: administrators for anybody, others for themselves."""
    body = {"name": called, **({"expires": expires} if expires else {})}
    _token(connection.server().post(f"/api/users/{name}/tokens", body), as_json=as_json)


def groups(name: Name, group: Groups = None) -> None:
    """Put a user into exactly these groups."""
    connection.server().put(f"/api/users/{name}/groups", {"groups": group or []})
    output.say(f"{name} is now in {', '.join(group) if group else 'no group'}")


def list_users(as_json: output.Json = False) -> None:
    """List the users and their groups."""
    users = connection.server().get("/api/users")
    if as_json:
        output.json(users)
        return
    output.table(("USER", "GROUPS"), [(user["name"], ", ".join(sorted(user["groups"]))) for user in users])


def remove(name: Name) -> None:
    """Remove a user; their tokens are void at once."""
    connection.server().delete(f"/api/users/{name}")
    output.say(f"{name} is removed")


def _token(made: dict[str, str], *, as_json: bool) -> None:
    if as_json:
        output.json(made)
        return
    output.data(made["token"])
    output.say(f"that is {made['user']}'s token; it is not shown again")


def add_to(app: typer.Typer) -> None:
    """Adds `user` and its commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Say who may do what on the server.")
    group.command("add", epilog=output.examples("sealane user add kim --group developers"))(add)
    group.command("token", epilog=output.examples("sealane user token kim --name laptop --expires 90d"))(token)
    group.command("groups")(groups)
    group.command("list")(list_users)
    group.command("remove")(remove)
    app.add_typer(group, name="user", rich_help_panel=headings.SERVER)
