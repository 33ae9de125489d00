"""`sealane login`: which server to use, and as which user."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sealane import errors
from sealane.cli import headings, output
from sealane.cli.remote import connection


def login(
    url: Annotated[str, typer.Argument(help="The server's address, such as https://sealane.example.com.")],
    token: Annotated[
        str | None, typer.Option(envvar="SEALANE_TOKEN", help="Your token; asked for when it isn't given.")
    ] = None,
) -> None:
    """Sign in to a server and remember it."""
    from sealane.clients.server import Server

    if token is None and not sys.stdin.isatty():
        token = sys.stdin.readline().strip()
        if not token:
            raise errors.UsageError(
                "no token was given, and there is no terminal to ask for one",
                hint="sealane login URL < token.txt, or set SEALANE_TOKEN",
            )
    if not token:
        token = typer.prompt("Token", hide_input=True, err=True)
    me = Server(url, token).get("/api/me")
    path = connection.store(url, token)
    groups = f" ({', '.join(me['groups'])})" if me["groups"] else ""
    output.say(f"signed in to {url} as {me['name']}{groups}; kept in {path}")


def add_to(app: typer.Typer) -> None:
    """Adds `login`."""
    examples = output.examples("sealane login https://sealane.example.com", "sealane login URL < token.txt")
    app.command("login", rich_help_panel=headings.SERVER, epilog=examples)(login)
