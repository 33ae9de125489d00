"""`sealane rerun`: the same commit, or the same revision, once more."""

from __future__ import annotations

from typing import Annotated

import typer

from sealane.cli import headings, options, output


def rerun(
    what: Annotated[
        str,
        typer.Argument(
            help="A run's or deployment's id, or an app (its newest run).",
            show_default=False,
            autocompletion=options.served_apps,
        ),
    ],
    *,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its end.")] = True,
    as_json: output.Json = False,
) -> None:
    """Run a commit again, or deploy a revision again.

    A new run of the same commit, with its steps, images and deliveries; or a new deployment of the same revision, which
    passes limits, policies and approvals like any other. Ends as `sealane watch` does.
    """
    from sealane.cli.commands import watch
    from sealane.cli.remote import connection, names

    subject = names.resolve(what)
    server = connection.server()
    kind = "runs" if subject.is_run else "deployments"
    made = server.post(f"/api/{kind}/{subject.id}/rerun")
    again = str(made["run" if subject.is_run else "id"])
    if wait:
        watch.follow(names.Named(id=again, is_run=subject.is_run), as_json=as_json)
    elif as_json:
        output.json(made)
    else:
        output.data(again)
        output.say(f"asked for; `sealane watch {again}` follows it")


def add_to(app: typer.Typer) -> None:
    """Adds `rerun`."""
    examples = output.examples("sealane rerun shop", "sealane rerun r-12 --no-wait", "sealane rerun d-12")
    app.command("rerun", rich_help_panel=headings.SERVER, epilog=examples)(rerun)
